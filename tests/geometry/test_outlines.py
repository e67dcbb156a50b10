"""Outlines drawn in windows, against masks and scipy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from kontur.geometry import outlines
from kontur.geometry.raster import spans, trace

SIZE = (14, 23)
sparse = arrays(bool, SIZE, elements=st.integers(0, 9).map(lambda n: n == 0), fill=st.nothing())
dense = arrays(bool, SIZE, fill=st.booleans())
masks = st.one_of(sparse, dense).filter(np.any)


@given(st.lists(st.tuples(masks, masks), min_size=1, max_size=4), st.integers(1, 2000))
@settings(max_examples=80, deadline=None)
def test_outlines_are_scipys_and_their_distances_as_far_as_the_reach(pairs, cells):
    sides = list(zip(*pairs, strict=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outlines, "CELLS", cells)  # in one piece or in many
        windows, *found = outlines.outlines(
            *(spans(np.array([trace(mask) for mask in side], dtype=object), SIZE) for side in sides)
        )
    edges = [[mask & ~ndimage.binary_erosion(mask) for mask in side] for side in sides]
    for mine, other, got in zip(edges, edges[::-1], found, strict=True):
        away = np.stack([ndimage.distance_transform_edt(~edge) ** 2 for edge in other])
        assert windows.pixels(got.cells).T.tolist() == np.argwhere(mine).tolist()
        expected = np.minimum(np.round(away[np.array(mine)]), outlines.FAR)
        assert got.squared.tolist() == expected.tolist()


def test_windows_hold_both_objects_of_a_pair_and_no_more_than_a_reach_about_them():
    first, second = np.zeros((2, 2, 100, 200), bool)
    first[:, 40:50, 60:80] = second[:, 45:60, 70:85] = True
    sides = (
        spans(np.array([trace(mask) for mask in side], dtype=object), (100, 200))
        for side in (first, second)
    )
    windows = outlines.Windows.around(*sides)
    assert (windows.top.tolist(), windows.left.tolist()) == ([40, 40], [60, 60])
    assert np.diff(windows.begin).tolist() == [(20 + outlines.REACH) * (25 + outlines.REACH)] * 2
