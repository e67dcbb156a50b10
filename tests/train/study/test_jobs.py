"""What the folds of a study give to the model that is fitted on all images."""

import functools
from dataclasses import replace

import pytest

from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.engines.torch_engine import TorchEngine, rebuild
from kontur.infer.predict import Predictor
from kontur.models import catalog
from kontur.models.card import Thresholds
from kontur.train.export import export_graph
from kontur.train.study.jobs import with_fold_results
from tests.models import contract

SCORES = {"AP": 0.5}


def fold(card, score, **config):
    """The card of a fold: other thresholds, and a network of other data."""
    thresholds = Thresholds(score=score, overlap=0.2).model_dump()
    return card.replace(
        thresholds=thresholds, config={**card.config, "reference_size": 50 * score, **config}
    )


@functools.cache
def refitted_snake(stages_used):
    """A snake that was fitted on all images, of which its own tuning left so many stages."""
    learned = contract.learned("snake")
    config = learned.segmenter.config.replace(stages_used=stages_used)
    segmenter = contract.network("snake", config).eval()
    segmenter.load_state_dict(learned.segmenter.state_dict())
    names = {t.data_ptr(): name for name, t in segmenter.state_dict(keep_vars=True).items()}
    example = catalog.family("snake").graphs(config)["evolve"]
    evolve = export_graph(segmenter.graphs()["evolve"], example, names)  # which alone knows stages
    return replace(
        learned.model,
        card=learned.card.replace(config=config.model_dump(mode="json")),
        graphs={**learned.model.graphs, "evolve": evolve},
    )


def test_thresholds_are_the_medians_of_the_folds_with_the_commonest_settings():
    model = refitted_snake(3)
    scored = ((0.2, 2), (0.9, 3), (0.4, 2), (0.6, 2))
    folds = [fold(model.card, score, stages_used=used) for score, used in scored]
    card = with_fold_results(model, folds, SCORES, trained=True).card
    assert (card.thresholds.score, card.thresholds.overlap) == (0.4, 0.2)
    assert card.config == {**model.card.config, "stages_used": 2}  # its side is its own
    assert card.scores == SCORES
    assert card.training["cross_validation"].startswith("scores are means over 4 folds")


@pytest.mark.parametrize(("own", "theirs"), [(1, 3), (3, 1), (2, None)])
def test_it_runs_as_many_stages_as_the_folds_say(own, theirs):
    model = refitted_snake(own)
    again = with_fold_results(
        model, [fold(model.card, 0.3, stages_used=theirs)], SCORES, trained=True
    )
    image = contract.learning_scene().image
    found = Predictor(OnnxEngine(again, threads=1), again.card).predict(image)
    expected = Predictor(TorchEngine(rebuild(again)), again.card).predict(image)
    assert len(found) >= 6
    contract.assert_same(found, expected)


def test_graphs_that_the_folds_do_not_change_stay_in_integers():
    model = refitted_snake(3)
    both = {name: model.graphs[name] for name in ("detect", "extremes", "evolve")}
    model = replace(model, int8=both)
    kept = with_fold_results(model, [fold(model.card, 0.3, stages_used=3)], SCORES, trained=True)
    assert kept.int8 == both
    fewer = with_fold_results(model, [fold(model.card, 0.3, stages_used=2)], SCORES, trained=True)
    assert fewer.int8 == {name: both[name] for name in ("detect", "extremes")}


def test_what_is_not_trained_keeps_what_all_images_gave():
    model = refitted_snake(2)
    folds = [fold(model.card, 0.9, stages_used=1)]
    card = with_fold_results(model, folds, SCORES, trained=False).card
    assert (card.config, card.thresholds) == (model.card.config, model.card.thresholds)
    assert card.scores == SCORES
