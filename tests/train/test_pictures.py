"""What TensorBoard is shown: the network's view, its stages, its graph."""

import dataclasses

import numpy as np
import pytest
import shapely
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from kontur.data.sample import Sample
from kontur.instances import Instances
from kontur.train import pictures
from kontur.train.export import to_model
from kontur.train.logger import RunLogger, structure
from kontur.train.pictures import LARGEST, TITLE, as_picture, show_stages
from tests.models import contract


def test_the_network_s_view_is_a_picture_with_channels_last():
    image = torch.zeros(3, 4, 6)
    image[0], image[1, 0], image[2] = 0.5, 2.0, -1.0
    shown = as_picture(image)
    assert shown.shape == (4, 6, 3)
    assert shown[0, 0].tolist() == [128, 255, 0]
    assert shown[1, 0].tolist() == [128, 0, 0]
    assert as_picture(torch.full((1, 2, 2), 1.0)).tolist() == [[[255] * 3] * 2] * 2
    assert as_picture(torch.stack([torch.zeros(2, 2), torch.ones(2, 2)]))[0, 0].tolist() == [
        0,
        255,
        255,
    ]
    assert as_picture(torch.full((5, 900, 8), torch.nan)).shape == (300, 3, 3)
    assert LARGEST >= 300


@pytest.fixture
def predictor():
    """Of an untrained snake that outlines wherever it is asked."""
    return contract.predictor(contract.network("snake"), "snake", score=0.05)


def test_the_stages_of_a_validation_image_are_one_picture(predictor, tmp_path):
    sample = contract.learning_scene()
    logger = RunLogger(tmp_path, first_step=0)
    show_stages(logger, 1, predictor, sample)
    logger.close()
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert events.Tags()["images"] == [f"stages/{sample.name}"]
    shown = events.Images(f"stages/{sample.name}")[0]
    assert (shown.width, shown.height) == (5 * 6 * 64 + 4 * 4, 6 * 64 + TITLE)


def test_kinds_without_stages_show_none(predictor):
    predictor.family = dataclasses.replace(predictor.family, outlines_by_stage=None)
    assert predictor.outlines_by_stage(contract.learning_scene().image) == {}


def test_the_structure_of_all_graphs_stands_in_one_without_weights():
    segmenter = contract.network("snake")
    model = to_model(segmenter, contract.card("snake", segmenter.config))
    whole = structure({name: graph.onnx for name, graph in model.graphs.items()}).graph
    assert {node.output[0].partition("/")[0] for node in whole.node} == set(model.graphs)
    assert len(whole.initializer) == 0
    made = {each.name for each in whole.input} | {o for node in whole.node for o in node.output}
    assert all(name in made for node in whole.node for name in node.input)


def test_of_the_many_outlines_of_a_new_network_the_surest_are_drawn(monkeypatch):
    image = np.zeros((40, 60, 1), np.uint8)
    squares = [shapely.box(x, 5, x + 8, 15) for x in (2, 22, 42)]  # of five points each
    found = Instances.of(squares, scores=[0.2, 0.9, 0.5], size=(40, 60))
    sample = Sample(image, found, "a")
    monkeypatch.setattr(pictures, "MOST_POINTS", 10)
    drawn = pictures.side_by_side(sample, {"model": found})
    np.testing.assert_array_equal(drawn, pictures.side_by_side(sample, {"model": found[[1, 2]]}))
    true = found.replace(scores=[np.nan] * 3)
    monkeypatch.undo()
    everything = pictures.side_by_side(sample, {"model": true})
    monkeypatch.setattr(pictures, "MOST_POINTS", 10)
    np.testing.assert_array_equal(pictures.side_by_side(sample, {"model": true}), everything)


def test_above_each_half_stands_whose_outlines_it_shows(tmp_path):
    sample = contract.learning_scene()
    nobody = Instances.empty(sample.size)
    pictures.write_side_by_side(tmp_path, [sample], [nobody])
    (file,) = tmp_path.glob("*.png")
    whole = np.asarray(Image.open(file))
    middle = (whole.shape[1] - pictures.GAP) // 2
    left, right = whole[:, :middle], whole[:, middle + pictures.GAP :]
    for half, name in ((left, "annotated"), (right, "model")):
        alone = pictures.side_by_side(sample, {name: nobody})
        np.testing.assert_array_equal(half[:TITLE], alone[:TITLE])
        assert half[:TITLE].min() < 60 < half[:TITLE].mean()
    assert (left[:TITLE] != right[:TITLE]).any()
    np.testing.assert_array_equal(right, pictures.side_by_side(sample, {"model": nobody}))
