"""The environments: Gymnasium's own checker, and a vector that is as many single ones."""

import gymnasium
import numpy as np
import pytest
import shapely
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from numpy.testing import assert_allclose, assert_array_equal

from kontur.edit.config import EpisodeConfig
from kontur.edit.env import ContourEnv, VectorContourEnv
from kontur.models.snake.moves import MOVE, SMOOTH, STOP
from tests.edit import drawn

STEPS = 16  # more than two episodes
QUIET = "ignore:.*alternative render modes.*"  # it has one; without a spec none can be made anew
every_mode = pytest.mark.parametrize("mode", list(AutoresetMode), ids=lambda mode: mode.value)


def action(env, mode, distances=0):
    row = np.zeros(env.action_space.shape, np.int64)
    row[0], row[1:] = mode, distances
    return row


@pytest.mark.filterwarnings(QUIET)
@pytest.mark.parametrize("reward", ["iou", "boundary-iou"])
def test_gymnasium_finds_nothing_wrong(reward):
    check_env(ContourEnv(drawn.cases(), EpisodeConfig(reward=reward), render_mode="rgb_array"))


@pytest.mark.filterwarnings(QUIET)
def test_it_is_made_by_its_name():
    made = gymnasium.make("kontur/Contour-v0", cases=drawn.cases(), render_mode="rgb_array")
    check_env(made.unwrapped)
    many = gymnasium.make_vec("kontur/Contour-v0", num_envs=3, cases=drawn.cases())
    assert isinstance(many.unwrapped, VectorContourEnv)


@every_mode
@pytest.mark.parametrize("count", [1, 7])
def test_a_vector_equals_as_many_single_environments_to_the_last_bit(mode, count):
    config = EpisodeConfig(crossing_cost=0.02)
    many = VectorContourEnv(drawn.cases(), count, config, autoreset_mode=mode)
    single = SyncVectorEnv([lambda: ContourEnv(drawn.cases(), config)] * count, autoreset_mode=mode)
    assert many.metadata["autoreset_mode"] == single.metadata["autoreset_mode"] == mode
    assert many.single_action_space == single.single_action_space
    assert many.action_space == single.action_space
    assert_same(many.reset(seed=5), single.reset(seed=5))
    rng = np.random.default_rng(6)
    ends = 0
    for _ in range(STEPS):
        actions = rng.integers(0, many.single_action_space.nvec, many.action_space.shape)
        actions[:, 0] = rng.choice([MOVE, SMOOTH, STOP], count, p=[0.7, 0.2, 0.1])
        outcome = many.step(actions)
        assert_same(outcome, single.step(actions))
        ended = outcome[2] | outcome[3]
        ends += ended.sum()
        if mode == AutoresetMode.DISABLED and ended.any():
            assert_same(
                *(env.reset(options={"reset_mask": ended.copy()}) for env in (many, single))
            )
    assert ends > count


def assert_same(one, other):
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_same(one[key], other[key])
    elif isinstance(one, tuple):
        for mine, its in zip(one, other, strict=True):
            assert_same(mine, its)
    elif isinstance(one, np.ndarray) and one.dtype == object:
        assert len(one) == len(other)
        for mine, its in zip(one, other, strict=True):
            assert (mine is None) == (its is None)
            if mine is not None:
                assert_array_equal(mine, its)
    else:
        assert_array_equal(one, other)


def test_what_has_ended_goes_nowhere_before_it_is_begun_anew():
    many = VectorContourEnv(drawn.cases(), 3, autoreset_mode="Disabled")
    many.reset(seed=0)
    stop = np.stack([action_of(many, MOVE), action_of(many, STOP), action_of(many, MOVE)])
    _, _, terminated, truncated, _ = many.step(stop)
    assert_array_equal(terminated, [False, True, False])
    assert not truncated.any()
    with pytest.raises(ValueError, match=r"episodes of \[1\] have ended"):
        many.step(stop)
    many.reset(options={"reset_mask": terminated})
    many.step(stop)


def action_of(many, mode):
    row = np.zeros(many.single_action_space.shape, np.int64)
    row[0] = mode
    return row


def test_the_reward_is_what_the_iou_of_the_polygons_gained_less_the_cost():
    config = EpisodeConfig(step_cost=0.003)
    env = ContourEnv(drawn.of_polygons(drawn.disc()), config)
    env.reset(seed=3)
    before = iou(env)
    grow = action(env, MOVE, 5)
    _, reward, terminated, truncated, info = env.step(grow)
    assert_allclose(reward, iou(env) - before - 0.003, atol=0.01)
    assert_allclose(info["iou"], iou(env), atol=0.01)
    assert_allclose(info["shares"].sum(), reward, atol=1e-5)
    assert not terminated
    assert not truncated
    _, reward, terminated, truncated, _ = env.step(action(env, STOP))
    assert (reward, terminated, truncated) == (0, True, False)


def iou(env):
    contour = shapely.Polygon(env.episodes.rings[0].astype(float))
    true = env.episodes.cases.polygons[env.episodes.objects[0]]
    return contour.intersection(true).area / contour.union(true).area


def test_the_last_step_truncates():
    env = ContourEnv(drawn.cases())
    env.reset(seed=0)
    steps = env.episodes.polish.steps
    ends = [env.step(action(env, MOVE))[2:4] for _ in range(steps)]
    assert ends == [(False, False)] * (steps - 1) + [(False, True)]


def test_crossing_costs_and_does_not_happen():
    costs = 0.5
    env = ContourEnv(drawn.of_polygons(drawn.disc(radius=2)), EpisodeConfig(crossing_cost=costs))
    env.reset(seed=0)
    env.episodes.unit[:] = 60  # so far that the points of one half pass those of the other
    wanted = action(env, MOVE)
    wanted[1:17] = 6
    _, reward, _, _, info = env.step(wanted)
    assert info["crossed"] is True
    assert reward < -costs + 0.5
    assert shapely.Polygon(env.episodes.rings[0]).is_valid


@pytest.mark.parametrize("place", [(32, 32), (2, 3), (63, 60)])
@pytest.mark.parametrize("radius", [0.6, 6, 40])
def test_objects_of_one_pixel_at_the_border_and_larger_than_the_image_have_episodes(place, radius):
    env = ContourEnv(drawn.of_polygons(drawn.disc(*place, radius)), render_mode="rgb_array")
    observation, info = env.reset(seed=0)
    assert np.isfinite(observation).all()
    assert 0.2 < info["iou"] <= 1
    for mode in (MOVE, SMOOTH, STOP):
        observation, reward, *_ = env.step(action(env, mode, 3 * (mode == MOVE)))
        assert np.isfinite(observation).all()
        assert np.isfinite(reward)
    assert env.render().ndim == 3


def test_an_object_with_a_hole_and_one_of_two_parts_are_compared_as_they_are():
    ring = drawn.disc().difference(drawn.disc(radius=5))
    parts = shapely.union_all([drawn.disc(16, 16, 8), drawn.disc(44, 44, 12)])
    env = ContourEnv(drawn.of_polygons(ring, parts))
    for place, whole in ((0, drawn.disc()), (1, drawn.disc(44, 44, 12))):
        outline = env.episodes.cases.contours[place]
        _, info = env.reset(seed=0, options={"object": place, "contour": outline})
        true = env.episodes.cases.polygons[place]
        exact = whole.intersection(true).area / whole.union(true).area
        assert_allclose(info["iou"], exact, atol=0.02)


def test_a_contour_of_ones_own_is_begun_with_and_one_that_crosses_itself_is_repaired():
    env = ContourEnv(drawn.of_polygons(drawn.disc()))
    angles = np.linspace(0, 2 * np.pi, drawn.POINTS, endpoint=False)
    own = np.stack([32 + 9 * np.sin(angles), 32 - 9 * np.cos(angles)], axis=-1)
    env.reset(options={"object": 0, "contour": own})
    assert_allclose(env.episodes.rings[0], own, rtol=1e-6)
    bow = own.copy()
    bow[: drawn.POINTS // 2, 0] = 64 - bow[: drawn.POINTS // 2, 0]
    env.reset(options={"object": 0, "contour": bow})
    assert shapely.Polygon(env.episodes.rings[0]).is_valid


def test_without_a_model_or_the_share_of_rough_ones_the_true_contour_is_made_rough():
    env = ContourEnv(drawn.cases(), EpisodeConfig(perturbed=0))
    ious = [env.reset(seed=seed)[1]["iou"] for seed in range(20)]
    assert 0.4 < np.mean(ious) < 0.9
    assert len(set(ious)) == 20


def test_wrong_actions_options_and_modes_are_answered():
    cases = drawn.cases()
    env = ContourEnv(cases)
    env.reset(seed=0)
    for wrong in (np.zeros(5, int), np.zeros(33), np.full(33, 9), np.full(33, -1)):
        with pytest.raises(ValueError, match="an action is 33 whole numbers"):
            env.step(wrong)
    with pytest.raises(ValueError, match="options of reset"):
        env.reset(options={"objekt": 1})
    with pytest.raises(ValueError, match="an object is a number, 0"):
        env.reset(options={"object": 10**6})
    with pytest.raises(ValueError, match="a contour is 32 finite points"):
        env.reset(options={"object": 0, "contour": np.zeros((4, 2))})
    with pytest.raises(ValueError, match="render_mode"):
        ContourEnv(cases, render_mode="human")
    with pytest.raises(ValueError, match="at least one contour"):
        VectorContourEnv(cases, 0)
    many = VectorContourEnv(cases, 2)
    with pytest.raises(ValueError, match="a seed for each of 2"):
        many.reset(seed=[1, 2, 3])
    with pytest.raises(ValueError, match="array of 2 booleans"):
        many.reset(options={"reset_mask": [True, False]})


def test_the_contour_is_drawn_on_the_image_around_the_object():
    env = ContourEnv(drawn.of_polygons(drawn.disc()), render_mode="rgb_array")
    env.reset(seed=0)
    first = env.render()
    assert first.dtype == np.uint8
    assert first.shape[2] == 3
    assert max(first.shape[:2]) > 200
    coloured = np.ptp(first.astype(int), axis=2) > 60
    assert 0.005 < coloured.mean() < 0.3
    env.step(action(env, MOVE, 6))
    assert (env.render() != first).any()
    assert len(VectorContourEnv(drawn.cases(), 2, render_mode="rgb_array").render() or ()) == 2
    assert ContourEnv(drawn.cases()).render() is None
