"""The snake's settings: the presets, what they must agree on, and the facts of the paper."""

import pytest

from kontur.errors import InputError
from kontur.models import catalog
from kontur.models.snake.config import PRESETS, SnakeConfig


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_valid_and_survives_a_card(preset):
    config = catalog.config("snake", {}, preset=preset)
    assert SnakeConfig.read(config.model_dump(mode="json")) == config


def test_the_paper_preset_is_the_published_snake():
    paper = SnakeConfig.read(PRESETS["paper"])
    refiner = paper.refiner
    assert (paper.points, refiner.width, refiner.fusion, paper.features) == (128, 128, 256, 64)
    assert (refiner.form, refiner.order, refiner.kernel, paper.stages) == ("dense", "paper", 9, 3)
    assert (paper.stride, paper.reach, paper.beta) == (4, 1 / 8, 1.0)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_point_sees_129_points_the_whole_contour(preset):
    """One and, for each layer, four neighbours each way at its dilation."""
    config = SnakeConfig.read(PRESETS[preset])
    refiner = config.refiner
    field = 1 + sum((refiner.kernel - 1) * dilation for dilation in refiner.dilations)
    assert field == 129
    assert field >= config.points


def test_images_are_padded_to_the_stride_of_the_coarsest_level():
    assert SnakeConfig().multiple == 32
    assert SnakeConfig.read(PRESETS["tiny"]).multiple == 16
    assert SnakeConfig(widths=(8,), depths=(1,), stride=4).multiple == 4


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"pointz": 3}, "unknown key 'pointz'; did you mean 'points'"),
        ({"weights": {"hetmap": 1}}, "unknown key 'weights.hetmap'; did you mean 'heatmap'"),
        ({"widths": (8, 8)}, "widths and depths describe the same stages, got 2 and 4"),
        ({"stages": 2, "stages_used": 3}, "of 2 stages 3 cannot be used; give stages_used 1 to 2"),
        ({"refiner": {"kernel": 4}}, "kernel must be odd.* got 4"),
        ({"refiner": {"dilations": (1, 0)}}, "dilations.1.*greater than 0"),
        ({"refiner": {"dilations": ()}}, "dilations.*at least 1"),
        ({"depths": (1, 1, 1, 0)}, "depths.3.*greater than 0"),
        ({"stride": 3}, "stride"),
        ({"classes": ()}, "classes.*at least 1"),
        ({"jitter": float("nan")}, "jitter"),
        ({"prompts": {"extremes": 0.7, "polygons": 0.4}}, "at most 1 together, got 0.7 and 0.4"),
        ({"prompts": {"corners": (12, 8)}}, "the fewest and the most of a polygon.*12, 8"),
        ({"prompts": {"extremes": 0.3}, "start": "predicted"}, "prompts take the place of jitt"),
        ({"prompts": {"polygons": 0.3}, "initial": "learned"}, "prompts take the place of jitt"),
    ],
)
def test_what_makes_no_network_is_refused_with_its_name(values, sentence):
    with pytest.raises(InputError, match=sentence):
        SnakeConfig.read(values)


@pytest.mark.parametrize(
    ("side", "stride", "level"),
    [(None, 2, 0), (0, 2, 0), (3, 2, 0), (19.9, 2, 0), (20, 4, 1), (55.9, 8, 2), (1e4, 32, 4)],
)
def test_centres_are_looked_for_on_a_map_as_coarse_as_the_objects_allow(side, stride, level):
    config = SnakeConfig(reference_size=side)
    assert (config.detector_stride, config.detector_level) == (stride, level)
    coarse = SnakeConfig(reference_size=side, stride=4)
    assert coarse.detector_stride == max(stride, 4)
    assert coarse.stride * 2**coarse.detector_level == coarse.detector_stride
