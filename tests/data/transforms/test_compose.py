import numpy as np
import pytest
from numpy.testing import assert_array_equal

from kontur.data.sample import Sample
from kontur.data.transforms.compose import Compose, RandomApply, sample_rng
from kontur.data.transforms.geometric import RandomFlip
from kontur.errors import InputError
from kontur.instances import Instances


def sample_of(image):
    return Sample(image, Instances.empty(image.shape[:2]), "values")


def doubled(sample, rng):
    return sample.replace(image=2 * sample.image)


def test_transforms_are_applied_in_order():
    image = np.arange(12, dtype=np.uint16).reshape(3, 4, 1)
    both = Compose((lambda s, _: s.replace(image=s.image + 1), RandomFlip(1, 0), doubled))
    result = both(sample_of(image), np.random.default_rng(0)).image
    assert_array_equal(result, 2 * (image[:, ::-1] + 1))
    assert Compose(())(sample_of(image), np.random.default_rng(0)).image is image


@pytest.mark.parametrize("probability", [0, 0.3, 1])
def test_sometimes_means_with_this_probability(probability):
    change = RandomApply(probability, RandomFlip(1, 0))
    image = np.uint8([[1, 2]])[..., None]
    made = [change(sample_of(image), sample_rng(0, 0, i)).image[0, 0, 0] == 2 for i in range(150)]
    assert np.mean(made) == pytest.approx(probability, abs=0.12)


def test_a_sample_draws_the_same_whichever_worker_gets_it_and_in_whatever_order():
    def drawn(workers):
        draws = {}
        for worker in reversed(range(workers)):
            for index in range(worker, 24, workers):
                draws[index] = sample_rng(7, 3, index).random()
        return [draws[index] for index in range(24)]

    assert drawn(1) == drawn(2) == drawn(5)


def test_seeds_epochs_and_samples_are_independent_of_one_another():
    draws = {
        sample_rng(s, e, i).integers(2**60) for s in range(6) for e in range(6) for i in range(6)
    }
    assert len(draws) == 216


def test_no_transform_touches_the_global_generator():
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - that it is not used is the point
    sample = sample_of(np.zeros((8, 8, 1), np.float32))
    Compose((RandomFlip(), RandomApply(0.5, doubled)))(sample, sample_rng(0, 0, 0))
    assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_negative_seeds_are_refused():
    with pytest.raises(InputError, match="count from 0"):
        sample_rng(-1, 0, 0)
