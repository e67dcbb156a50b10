"""The teacher takes what brings most at once, and an agent learns it."""

import numpy as np
import torch
from numpy.testing import assert_array_equal

from kontur.edit.agent import Agent
from kontur.edit.config import EpisodeConfig
from kontur.edit.episodes import Episodes
from kontur.edit.teacher import gains_at_once, imitate, teach
from kontur.models.snake.moves import MOVE, STOP
from tests.edit import drawn


def episodes(radius, *, polygon=None):
    cases = drawn.of_polygons(polygon or drawn.disc())
    begun = Episodes(cases, 1, EpisodeConfig())
    angles = np.linspace(0, 2 * np.pi, drawn.POINTS, endpoint=False)
    ring = np.stack([32 + radius * np.sin(angles), 32 - radius * np.cos(angles)], axis=-1)
    begun.put(np.array([0]), np.array([0]), ring[None].astype(np.float32))
    return begun


def test_a_contour_that_is_too_small_is_taught_to_grow_and_one_too_large_to_shrink():
    for radius, sign in ((8.0, 1), (16.0, -1)):
        begun = episodes(radius)
        (taught,) = teach(begun, np.array([0]))
        total = gains_at_once(begun, np.array([0])).max(axis=-1).sum()
        assert taught[0] == MOVE
        assert (np.sign(begun.distances[taught[1:]]) == sign).all()
        before = begun.iou[0]
        reward = begun.act(taught[None], np.array([0])).reward[0]
        assert reward > 0.02
        assert abs(total - (begun.iou[0] - before)) < 0.02


def test_a_contour_that_fits_is_taught_to_stop():
    begun = episodes(12.0)
    begun.put(np.array([0]), np.array([0]), begun.cases.contours)
    taught = teach(begun, np.array([0]))
    assert_array_equal(taught[0], [STOP] + [0] * drawn.POINTS)


def test_the_teacher_reaches_the_object():
    begun = episodes(8.0)
    for _ in range(begun.polish.steps):
        taught = teach(begun, np.array([0]))
        begun.act(taught, np.array([0]))
    assert begun.iou[0] > 0.95


def test_an_agent_that_imitates_makes_fewer_mistakes():
    torch.manual_seed(0)
    agent = Agent(drawn.config())
    lessons = imitate(
        drawn.cases, agent, EpisodeConfig(), seconds=60, seed=0, contours=32, rate=5e-3
    )
    missed = [next(lessons)["missed"] for _ in range(12)]
    assert missed[-1] < 0.9 * missed[0]
    assert agent.is_standardised
