"""Contours with their scores."""

import numpy as np
from torch.testing import assert_close

from kontur.infer.engines.torch_engine import TorchEngine
from kontur.infer.predict import Predictor
from kontur.models.snake.contours import quality_of_rings
from kontur.models.snake.propose import least_centre
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
    assert np.abs(again - candidates.quality).max() < 0.1  # their points are spaced anew
