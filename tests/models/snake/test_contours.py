"""Contours with their scores."""

import numpy as np
from torch.testing import assert_close

from kontur.infer.engines.torch_engine import TorchEngine
from kontur.infer.predict import Predictor
from kontur.models.candidates import Boxes
from kontur.models.graphs import Graphs
from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.contours import FINE, quality_of_rings, trace_contours
from kontur.models.snake.propose import least_centre
from kontur.nn.grid import PARTS
from tests.models import contract


def test_a_score_is_the_geometric_mean_of_the_centre_s_and_the_quality():
    learned = contract.learned("snake")
    predictor = Predictor(TorchEngine(learned.segmenter), learned.card)
    view = predictor.prepare(learned.sample.image).view()
    candidates = predictor.propose(view, lowest=0.3)
    scores = predictor.engine.graphs["detect"](view.images)[-2]
    centres = np.sort(scores[scores >= least_centre(0.3)])
    assert_close(np.sort(candidates.scores**2 / candidates.quality), centres, atol=1e-5, rtol=1e-4)
    again = quality_of_rings(
        predictor.engine.graphs, candidates.features, list(candidates.rings), predictor.config
    )
    assert np.abs(again - candidates.quality).max() < 0.15  # their points are spaced anew


def test_shapes_start_from_the_very_same_places_wherever_a_view_begins():
    """Else graphs in integers of 8 bits outline an object otherwise in a tile than in the whole."""
    config = SnakeConfig(edge={"kind": "none"}, stages=1)
    corners = np.random.default_rng(0).integers(0, 16 * 100, (50, 2)) / 16
    boxes = np.concatenate([corners, corners + 9.25], axis=1).astype(np.float32)

    def started(shift):
        """What the graphs get, the origin at the view's corner."""
        read = []

        def extremes(features, diamonds, image_index):
            read.append(diamonds.astype(float) - shift)
            return (diamonds[:, ::10] * np.float32(1) + np.float32(0.01),)

        def evolve(features, contours, image_index):
            read.append(contours.astype(float) - shift)
            return (contours[None],)

        given = boxes + np.float32(shift) + np.float32(0.01)
        detected = Boxes(given, np.ones(50), np.zeros(50, int), np.zeros(50, int))
        graphs = Graphs({"extremes": extremes, "evolve": evolve})
        trace_contours(graphs, (None,), detected, config, judged=False)
        return np.concatenate([each.reshape(-1) for each in read])

    assert (started(0) == started(4096)).all()


def test_given_rings_start_on_the_grid_on_which_networks_move_points():
    assert FINE == PARTS
