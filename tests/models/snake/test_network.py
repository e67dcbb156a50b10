"""The snake joined: its size by hand, its stages, and what each setting changes."""

from typing import get_args

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.engines.torch_engine import TorchEngine
from kontur.infer.predict import Predictor
from kontur.models.snake.config import PRESETS, SnakeConfig
from kontur.models.snake.network import MOST_JUDGED, DeepSnake, sampled_boxes
from kontur.models.snake.stages import build_refiner
from kontur.models.snake.start_shapes import start_octagons
from kontur.nn.losses import LOSSES, smooth_l1
from kontur.train.export import to_model
from tests.models import contract

SCENE = contract.scenes()["many"]
MEGABYTES = 12  # of a model file: issue 2


def snake(**changes):
    return contract.network("snake", contract.settings("snake", **changes))


def targets(model, rng=None):
    return contract.as_targets("snake", model.config, SCENE.instances, rng=rng)


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.fixture(scope="module")
def paper():
    with torch.device("meta"):
        return DeepSnake(SnakeConfig.read(PRESETS["paper"]))


def test_the_paper_s_contour_stage_has_the_published_parameters_and_a_few_more(paper):
    """Counted by hand: 8 convolutions of 9 points with norms, fusion of 8 · 128 states to 256."""
    first = 66 * 128 * 9 + 128 + 2 * 128
    residual = 7 * (128 * 128 * 9 + 128 + 2 * 128)
    fusion = 1024 * 256 + 256
    prediction = (1024 + 256) * 256 + 256 + 256 * 64 + 64 + 64 * 2 + 2
    published = first + residual + fusion + prediction
    sizes_seen = 2 * 128 * 9  # the box's log-width and log-height beside the published x and y
    split_bias = 256  # the published 1×1 of [states, maximum] is a sum of two here
    for refiner in paper.evolve.refiners:
        assert count(refiner) == published + sizes_seen + split_bias


def test_the_paper_s_extreme_stage_sees_the_centre_too(paper):
    contour = count(paper.evolve.refiners[0])
    assert count(paper.extremes.refiner) == contour + 64 * 128 * 9


def test_the_stages_share_no_weights(paper):
    assert len(paper.evolve.refiners) == 3
    parameters = list(paper.parameters())
    assert len({id(parameter) for parameter in parameters}) == len(parameters)
    stages = sum(count(refiner) for refiner in paper.evolve.refiners)
    assert count(paper) == count(paper.detector) + count(paper.extremes) + stages


def test_the_shipped_preset_fits_its_file():
    with torch.device("meta"):
        fast = DeepSnake(SnakeConfig())
    assert count(fast) * 4 < MEGABYTES * 1e6


def test_each_stage_starts_where_the_one_before_ended():
    model = snake().eval()
    features = torch.randn(1, 32, 32, 24, generator=torch.Generator().manual_seed(0))
    target = targets(model)
    stages = model.evolve(features, target.octagons, target.traced_index)
    assert stages.shape == (3, len(target.octagons), 32, 2)
    again = target.octagons
    for stage, refiner in zip(stages, model.evolve.refiners, strict=True):
        again = refiner(features, again, target.traced_index)
        assert_close(stage, again)


def test_of_all_trained_stages_those_that_are_used_run_at_prediction():
    whole, short = snake(), snake(stages_used=2)
    short.load_state_dict(whole.state_dict())
    target = targets(whole)
    rings = (torch.randn(1, 32, 32, 24), target.octagons, target.traced_index)
    assert_close(short.evolve(*rings), whole.evolve(*rings))
    assert_close(short.eval().evolve(*rings), whole.eval().evolve(*rings)[:2])


def test_a_model_of_fewer_stages_is_exported_and_decoded_with_them():
    learned = contract.learned("snake")
    config = learned.segmenter.config.replace(stages_used=1)
    segmenter = contract.network("snake", config)
    segmenter.load_state_dict(learned.segmenter.state_dict())
    card = learned.card.replace(config=config.model_dump(mode="json"))
    engine = OnnxEngine(to_model(segmenter, card), threads=1)
    found = Predictor(engine, card).predict(learned.sample.image)
    expected = Predictor(TorchEngine(segmenter), card).predict(learned.sample.image)
    contract.assert_same(found, expected)
    assert contract.best_iou(learned.sample.instances, found).mean() > 0.7


def test_centres_on_a_coarser_map_are_learned_and_exported_alike():
    config = contract.settings("snake", reference_size=30.0, **contract.QUICK)
    assert config.detector_stride == 2 * config.stride
    segmenter = contract.train("snake", contract.steps_of("snake"), config=config).eval()
    sample, card = contract.learning_scene(), contract.card("snake", config)
    found = Predictor(TorchEngine(segmenter), card).predict(sample.image)
    assert contract.best_iou(sample.instances, found).mean() > 0.8
    onnx = Predictor(OnnxEngine(to_model(segmenter, card), threads=1), card)
    contract.assert_same(found, onnx.predict(sample.image))


def test_the_extremes_are_the_moved_corners_of_the_diamond():
    model = snake().eval()
    features = torch.randn(1, 32, 32, 24, generator=torch.Generator().manual_seed(0))
    target = targets(model)
    extremes = model.extremes(features, target.diamonds, target.traced_index)
    every = build_refiner(model.config, centre=True).eval()
    every.load_state_dict(model.extremes.refiner.state_dict())
    moved = every(features, target.diamonds, target.traced_index)
    assert_close(extremes, moved[:, [0, 10, 20, 30]])


@pytest.mark.parametrize("supervise", ["all", "last"])
def test_the_contour_loss_is_that_of_the_supervised_stages(supervise):
    model = snake(supervise=supervise).eval()
    target, image = targets(model), contract.as_image(SCENE)
    features = model.detector(image).features
    stages = model.evolve(features, target.octagons, target.traced_index)
    each = [
        smooth_l1(stage, target.contours, target.weights, beta=model.config.beta)
        for stage in stages
    ]
    expected = each[-1] if supervise == "last" else sum(each) / 3
    assert_close(model.loss(image, target)["contour"], expected)


@pytest.mark.parametrize("distance", get_args(SnakeConfig.model_fields["distance"].annotation))
def test_extremes_and_contours_are_as_far_from_the_truth_as_the_settings_measure_it(distance):
    model = snake(distance=distance, beta=1.0).eval()
    target, image = targets(model), contract.as_image(SCENE)
    losses = model.loss(image, target)
    features = model.detector(image).features
    extremes = model.extremes(features, target.diamonds, target.traced_index)
    expected = LOSSES[distance](extremes, target.extremes, target.weights)
    assert_close(losses["extreme"], expected)


def test_started_from_predictions_the_contours_begin_at_the_network_s_own_extremes():
    predicted, given = snake(start="predicted").eval(), snake(start="jittered").eval()
    image, target = contract.as_image(SCENE), targets(predicted)
    elsewhere = target._replace(octagons=target.octagons + 3)
    assert_close(predicted.loss(image, elsewhere), predicted.loss(image, target))
    assert given.loss(image, elsewhere)["contour"] != given.loss(image, target)["contour"]
    features = given.detector(image).features
    extremes = given.extremes(features, target.diamonds, target.traced_index)
    octagons = start_octagons(extremes.detach().double().numpy(), given.config)
    own = target._replace(octagons=torch.from_numpy(octagons).float())
    assert_close(given.loss(image, own), predicted.loss(image, target))


def test_without_edge_and_quality_it_is_the_published_snake():
    plain = snake(edge={"kind": "none"}, quality=False)
    names = {name.partition(".")[0] for name, _ in plain.named_parameters()}
    assert names == {"detector", "extremes", "evolve"}
    assert list(plain.graphs()) == ["detect", "extremes", "evolve"]
    losses = plain.loss(contract.as_image(SCENE), targets(plain))
    assert list(losses) == ["heatmap", "size", "offset", "extreme", "contour"]


def test_what_is_judged_in_training_is_of_all_scores_and_of_every_image():
    model = snake().eval()
    images = torch.cat([contract.as_image(SCENE), torch.zeros_like(contract.as_image(SCENE))])
    detected = model.detector(images)
    heat = torch.full_like(detected.heatmap, -9.0)
    heat[0, 0, 4::4, 4::4] = torch.linspace(-2, 2, 49).view(7, 7)
    boxes = sampled_boxes(detected._replace(heatmap=heat), model.config)
    assert boxes.image_index.tolist() == [0] * MOST_JUDGED
    assert boxes.scores.max() > 0.85
    assert boxes.scores.min() < 0.4
    assert len(sampled_boxes(detected._replace(heatmap=heat - 9), model.config).scores) == 0


def test_an_ignored_region_does_not_enter_the_heatmap_loss():
    model = snake().eval()
    ignored = SCENE.instances.replace(ignore=np.ones(len(SCENE.instances), bool))
    target = contract.as_targets("snake", model.config, ignored)
    assert (target.heatmap_weight == 0).any()
    everywhere = target._replace(heatmap_weight=torch.ones_like(target.heatmap_weight))
    image = contract.as_image(SCENE)
    assert model.loss(image, target)["heatmap"] < model.loss(image, everywhere)["heatmap"]


def test_the_graphs_are_the_network_s_own_parts_in_its_own_mode():
    for model in (snake().eval(), snake().train()):
        graphs = model.graphs()
        assert list(graphs) == ["detect", "extremes", "evolve", "edge", "quality"]
        assert all(graph.training is model.training for graph in graphs.values())
        own = {id(parameter) for parameter in model.parameters()}
        shared = [id(p) for graph in graphs.values() for p in graph.parameters()]
        assert len(shared) == len(set(shared))
        assert set(shared) == own


def test_detect_scores_the_peaks_and_nothing_beside_them():
    model = snake(classes=("a", "b")).eval()
    image = contract.as_image(SCENE)
    features, detail, scores, boxes = model.graphs()["detect"](image)
    assert (features.shape, scores.shape, boxes.shape) == (
        (1, 32, 32, 24), (1, 2, 32, 32), (1, 4, 32, 32),
    )  # fmt: skip
    assert detail.shape == (1, 64, 64, model.config.edge.channels)
    heat = torch.sigmoid(model.detector(image).heatmap)
    assert (scores[scores > 0] == heat[scores > 0]).all()
    assert 0 < (scores > 0).float().mean() < 0.3


@pytest.mark.parametrize("detector", ["centernet", "rpn"])
def test_images_that_do_not_fit_are_refused_with_what_to_do(detector):
    model = snake(detector=detector)
    target = targets(model)
    for seen in (lambda x: model.loss(x, target), model.graphs()["detect"]):
        with pytest.raises(ValueError, match="images of 1 channels, got 3"):
            seen(torch.zeros(1, 3, 64, 64))
        with pytest.raises(ValueError, match=r"multiples of 16, got 64×70; pad to 64×80 or use"):
            seen(torch.zeros(1, 1, 64, 70))


def test_a_failure_while_contours_are_proposed_leaves_the_network_in_training(monkeypatch):
    model = snake().train()

    def fail(*_):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(model, "started", fail)
    with pytest.raises(RuntimeError, match="out of memory"):
        model.loss(contract.as_image(SCENE), targets(model))
    assert all(module.training for module in model.modules())
