"""The feature pyramid: sizes of its levels, and what each of them sees."""

import pytest
import torch
from torch.testing import assert_close

from kontur.nn.pyramid import FeaturePyramid
from kontur.nn.resnet import ResidualBackbone
from tests.naive import nn as naive
from tests.nn.by_loops import bare, random, seen_through


@pytest.mark.parametrize("skip", [0, 1])
def test_every_level_of_the_pyramid_has_its_size_and_the_finest_sees_the_coarsest(skip):
    backbone = ResidualBackbone(3, 4, (6, 8, 10), (1, 1, 1)).eval()
    levels = backbone(torch.randn(1, 3, 64, 96))
    assert [tuple(level.shape[1:]) for level in levels] == [
        (4, 32, 48), (6, 16, 24), (8, 8, 12), (10, 4, 6),
    ]  # fmt: skip
    used = levels[skip:]
    pyramid = FeaturePyramid(backbone.widths[skip:], [5, *[7] * (len(used) - 1)]).eval()
    maps = pyramid(used)
    widths = [5, *[7] * (len(used) - 1)]
    expected = [(1, width, *level.shape[2:]) for width, level in zip(widths, used, strict=True)]
    assert [tuple(each.shape) for each in maps] == expected
    louder = [*used[:-1], used[-1] + 1]
    assert not torch.allclose(pyramid(louder)[0], maps[0])


def test_every_level_is_its_lateral_plus_the_coarser_one_repeated():
    widths = (2, 3, 3)
    pyramid = bare(FeaturePyramid((4, 2, 3), widths, smoothed=2))
    levels = [random(1, c, 8 >> i, 12 >> i, seed=i) for i, c in enumerate((4, 2, 3))]
    coarser = seen_through(levels[2][0].numpy(), pyramid.laterals[2])
    expected = [coarser]
    for level in (1, 0):
        down = coarser
        if level == 0:  # the only step that changes the width
            down = seen_through(coarser, pyramid.downs[0])
        lateral = seen_through(levels[level][0].numpy(), pyramid.laterals[level])
        joined = lateral + naive.twice_the_size(down, "nearest")
        coarser = seen_through(joined, *pyramid.smooths[level])
        expected.insert(0, coarser)
    for found, wanted in zip(pyramid(levels), expected, strict=True):
        assert_close(found[0], torch.from_numpy(wanted))


@pytest.mark.parametrize(
    "shapes", [[(4, 8, 8)], [(4, 8, 8), (5, 4, 4)], [(4, 8, 8), (6, 3, 4)], [(6, 4, 4), (4, 8, 8)]]
)
def test_levels_that_are_none_of_the_pyramid_s_are_refused(shapes):
    levels = [torch.zeros(1, *shape) for shape in shapes]
    with pytest.raises(ValueError, match=r"levels of \[4, 6\] channels, each twice as high .* got"):
        FeaturePyramid((4, 6), (5, 5))(levels)


def test_the_pyramid_smooths_the_levels_that_are_read():
    inputs, widths = (4, 6, 8), (5, 5, 5)
    for smoothed in (1, 3):
        convolved = [
            len(list(s.parameters())) > 0
            for s in FeaturePyramid(inputs, widths, smoothed=smoothed).smooths
        ]
        assert convolved == [level < smoothed for level in range(3)]
