"""Samples of as many objects as background."""

import numpy as np
import pytest

from kontur.models.rpn.balanced_sampling import balanced_sample


@pytest.mark.parametrize(("positive", "negative"), [(0, 0), (0, 9), (9, 0), (3, 99), (99, 3)])
def test_balanced_samples_fill_up_with_background_and_never_with_objects(positive, negative):
    places = np.arange(positive + negative)
    chosen = balanced_sample(
        *(places[:positive], places[positive:]),
        count=16,
        share=0.25,
        rng=np.random.default_rng(0),
    )
    of_objects = min(positive, 4)
    assert (chosen < positive).sum() == of_objects
    assert len(chosen) == of_objects + min(negative, 16 - of_objects)
