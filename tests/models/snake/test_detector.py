"""Peaks and boxes of the detector, against scikit-image's filters and a box drawn by hand."""

import pytest
import torch
from scipy.ndimage import maximum_filter
from torch.testing import assert_close

from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.detector import (
    PRIOR,
    Detected,
    Detector,
    boxes_of_cells,
    local_maxima,
)

SMALL = {"channels": 2, "stem": 4, "widths": (6, 8), "depths": (1, 1), "pyramid": 6, "head": 5}


def test_a_peak_is_a_cell_that_no_neighbour_exceeds():
    scores = torch.rand(2, 3, 9, 7, generator=torch.Generator().manual_seed(0))
    highest = maximum_filter(scores.numpy(), size=(1, 1, 3, 3), mode="constant", cval=-1)
    expected = torch.where(scores == torch.from_numpy(highest), scores, 0)
    assert_close(local_maxima(scores), expected)
    assert 0 < (expected > 0).float().mean() < 0.3


def test_a_peak_at_the_border_counts_and_a_plateau_stays_whole():
    scores = torch.zeros(1, 1, 4, 4)
    scores[..., 0, 0] = 0.3
    scores[..., 2, 2:4] = 0.8
    assert_close(local_maxima(scores), scores)


def test_the_box_of_a_cell_is_its_size_about_its_centre_plus_offset():
    maps = torch.zeros(1, 2, 3, 5)
    sizes, offsets = maps.clone(), maps.clone()
    sizes[0, :, 1, 4] = torch.tensor([6.0, 2.0])
    offsets[0, :, 1, 4] = torch.tensor([0.25, 0.5])
    detected = Detected(maps, maps[:, :1], sizes, offsets)
    box = boxes_of_cells(detected, 4)[0, :, 1, 4]
    assert_close(box, torch.tensor([(4.25 - 3) * 4, (1.5 - 1) * 4, (4.25 + 3) * 4, (1.5 + 1) * 4]))


def test_a_negative_size_is_none():
    maps = torch.zeros(1, 2, 2, 2)
    low = boxes_of_cells(Detected(maps, maps[:, :1], maps - 5, maps), 2)
    assert (low[:, 2:] >= low[:, :2]).all()


@pytest.mark.parametrize("stride", [2, 4])
def test_maps_have_the_size_of_the_image_over_the_stride(stride):
    config = SnakeConfig(**SMALL, features=7, stride=stride, classes=("a", "b", "c"))
    detected = Detector(config).eval()(torch.zeros(2, 2, 32, 48))
    h, w = 32 // stride, 48 // stride
    assert detected.features.shape == (2, h, w, 7)
    assert detected.heatmap.shape == (2, 3, h, w)
    assert detected.sizes.shape == detected.offsets.shape == (2, 2, h, w)


def test_a_new_heatmap_says_that_centres_are_rare():
    bias = Detector(SnakeConfig(**SMALL, classes=("a", "b"))).heads.bias
    assert_close(torch.sigmoid(bias[:2]), torch.full((2,), PRIOR))
    assert not bias[2:].any()


def test_large_objects_are_found_on_a_coarser_map_beside_features_as_fine_as_ever():
    config = SnakeConfig(**SMALL, features=7, reference_size=64.0)
    detected = Detector(config).eval()(torch.zeros(1, 2, 32, 48))
    assert detected.features.shape == (1, 16, 24, 7)
    assert detected.heatmap.shape == (1, 1, 4, 6)
    assert detected.sizes.shape == detected.offsets.shape == (1, 2, 4, 6)


def test_sizes_are_learned_in_shares_of_the_typical_side():
    published = SnakeConfig(**SMALL)
    plain = Detector(published).eval()
    scaled = Detector(published.replace(reference_size=12.0)).eval()
    scaled.load_state_dict(plain.state_dict())
    image = torch.rand(1, 2, 32, 32, generator=torch.Generator().manual_seed(0))
    assert_close(scaled(image).sizes, plain(image).sizes * 6)  # 12 pixels are 6 cells
    assert_close(scaled(image).offsets, plain(image).offsets)
