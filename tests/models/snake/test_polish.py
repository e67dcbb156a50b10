"""Outlines corrected by an agent: the same on every engine, and in the environment."""

import functools

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from kontur.data.synthetic import scene
from kontur.edit.agent import Agent
from kontur.edit.cases import Cases
from kontur.edit.config import EpisodeConfig
from kontur.edit.episodes import Episodes
from kontur.errors import InputError
from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.engines.torch_engine import TorchEngine
from kontur.infer.predict import Predictor
from kontur.models import catalog
from kontur.models.archive import read_model, write_model
from kontur.models.snake.moves import STOP, simple
from kontur.models.snake.observe import channels
from kontur.models.snake.policy import PolishPolicy
from kontur.models.snake.polish import greedy_actions, polish, startable_rings
from kontur.models.snake.polish_config import PolishConfig
from kontur.train.export import to_model
from tests.models import contract

AGENT = PolishConfig(kind="agent", width=16)


@functools.cache
def model():
    """What has learned the scene by heart, with an agent that has learned nothing but moves."""
    learned = contract.learned("snake")
    config = learned.segmenter.config.replace(polish=AGENT)
    network = catalog.segmenter("snake", config)
    network.load_state_dict(learned.segmenter.state_dict(), strict=False)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        for module in network.polish.modules():
            if isinstance(module, torch.nn.Conv2d):
                torch.nn.init.normal_(module.weight, std=0.3)
        network.polish.modes.bias.data.copy_(torch.tensor([9.0, 0, -9]))  # it moves, anyhow
    card = learned.card.replace(config=config.model_dump(mode="json"))
    return network.eval(), to_model(network, card)


def engines():
    network, made = model()
    return {
        "torch": TorchEngine(network),
        "onnx": OnnxEngine(made),
        "onnx, two threads": OnnxEngine(made, threads=2),
    }


@pytest.mark.parametrize("m", [0, 1, 1000])
def test_every_engine_gives_the_same_logits_for_any_number_of_contours(m):
    config = model()[0].config
    rng = np.random.default_rng(m)
    shape = (m, config.points, channels(AGENT, 2, config.features))
    seen = rng.normal(size=shape).astype(np.float32)
    outputs = [engine.graphs["polish"](seen) for engine in engines().values()]
    assert [each.shape for each in outputs[0]] == [(m, config.points, 7), (m, 3)]
    for other in outputs[1:]:
        for mine, its in zip(outputs[0], other, strict=True):
            assert_allclose(mine, its, atol=1e-4)


def test_polished_predictions_are_the_same_on_every_engine_and_other_than_unpolished():
    image, card = contract.learning_scene().image, model()[1].card
    predictors = [Predictor(engine, card) for engine in engines().values()]
    polished = [each.predict(image, polish=True) for each in predictors]
    assert len(polished[0])
    for other in polished[1:]:
        contract.assert_same(polished[0], other)
    plain = predictors[0].predict(image)
    assert len(plain) == len(polished[0])
    assert_array_equal(plain.scores, polished[0].scores)
    assert (plain.areas != polished[0].areas).any()
    contract.assert_sound(polished[0], image.shape[:2])


def test_an_image_without_objects_has_nothing_to_polish():
    predictor = Predictor(engines()["onnx"], model()[1].card)
    image = np.zeros((64, 64, 1), np.uint8)
    assert len(predictor.predict(image, polish=True, score=1.0)) == 0


def test_an_agent_does_to_outlines_what_it_does_in_the_environment():
    learned, (network, made) = contract.learned("snake"), model()
    predictor = Predictor(OnnxEngine(made), made.card)
    cases = Cases.of_model(predictor, [learned.sample])
    assert cases.outlined.all()
    everywhere = np.arange(len(cases))
    episodes = Episodes(cases, len(cases), EpisodeConfig())
    episodes.put(everywhere, everywhere, cases.own)
    agent = Agent(network.config)
    agent.policy = network.polish
    going = everywhere
    for _ in range(AGENT.steps):
        actions = agent.greedy(episodes.observations(going))
        episodes.act(actions, going)
        going = going[actions[:, 0] != STOP]
        if not len(going):
            break
    graph = predictor.engine.graphs["polish"]
    rings = polish(graph, cases.maps, cases.own, cases.image_index, AGENT)
    assert_allclose(rings, episodes.rings, atol=1e-3)


def test_the_model_file_holds_the_agent(tmp_path):
    network, made = model()
    write_model(tmp_path / "with.kontur", made)
    again = read_model(tmp_path / "with.kontur")
    assert "polish" in again.graphs
    assert again.card.config["polish"]["kind"] == "agent"
    for name, value in network.polish.state_dict().items():
        assert_array_equal(again.weights[f"polish.{name}"], value.numpy())


def test_a_model_without_an_agent_says_how_to_get_one():
    for kind in ("snake", "unet"):
        learned = contract.learned(kind)
        with pytest.raises(
            InputError, match=r"no agent that corrects outlines; train one .*reinforce"
        ):
            learned.predictor.predict(learned.sample.image, polish=True)


def test_rings_that_nothing_can_be_begun_with_stay_as_they_are():
    angles = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    circle = np.stack([np.sin(angles), -np.cos(angles)], axis=-1) * 8 + 20
    crossed = circle.copy()
    crossed[[5, 20]] = crossed[[20, 5]]
    rings = np.stack([circle, crossed, np.full((32, 2), np.nan), np.ones((32, 2))])
    fine, starts = startable_rings(rings.astype(np.float32))
    assert_array_equal(fine, [True, True, False, False])
    assert simple(starts[:2]).all()
    assert_allclose(starts[0], circle, rtol=1e-6)


def test_what_a_policy_does_depends_on_no_other_contour_and_not_on_where_a_ring_starts():
    config = model()[0].config
    policy = PolishPolicy(config).eval()
    seen = torch.randn(4, config.points, channels(AGENT, 2, config.features))
    distances, modes = policy(seen)
    alone, alone_modes = policy(seen[2:3])
    assert_allclose(alone[0].detach(), distances[2].detach(), atol=1e-5)
    assert_allclose(alone_modes[0].detach(), modes[2].detach(), atol=1e-5)
    turned, turned_modes = policy(seen.roll(5, dims=1))
    assert_allclose(turned.detach(), distances.roll(5, dims=1).detach(), atol=1e-5)
    assert_allclose(turned_modes.detach(), modes.detach(), atol=1e-5)


def test_the_surest_actions_name_distances_only_where_they_move():
    def graph(seen):
        m, n, _ = seen.shape
        distances = np.zeros((m, n, 7), np.float32)
        distances[..., 3] = 1
        return distances, np.eye(3, dtype=np.float32)[:m]

    actions = greedy_actions(graph, np.zeros((3, 4, 2), np.float32))
    assert_array_equal(actions, [[0, 3, 3, 3, 3], [1, 0, 0, 0, 0], [2, 0, 0, 0, 0]])


def test_tiles_give_the_polished_outlines_of_the_whole_image():
    predictor = Predictor(engines()["onnx"], model()[1].card)
    image = scene(np.random.default_rng(5), size=(160, 200), count=24, radius=(5, 9)).image
    whole = predictor.predict(image, polish=True)
    assert len(whole) > 2
    contract.assert_same(whole, predictor.predict(image, polish=True, tile=64), pixels=0.05)


def test_a_session_has_polished_outlines_where_they_are_wanted():
    predictor = Predictor(engines()["onnx"], model()[1].card)
    image = contract.learning_scene().image
    polished = predictor.session(image, polish=True).instances
    contract.assert_same(polished, predictor.predict(image, polish=True))
