"""Whole episodes by any way of acting: an agent's, a teacher's, at random.

A way of acting is a function of episodes and of those places among them that still go on, which
gives their actions.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int, Integer

from kontur.edit.cases import Cases, draw_rough, perturbed
from kontur.edit.config import EpisodeConfig
from kontur.edit.episodes import Episodes
from kontur.models.snake.moves import MODES

Acting = Callable[[Episodes, Int[np.ndarray, " j"]], Integer[np.ndarray, "j a"]]


def roll_out(episodes: Episodes, acting: Acting) -> Float[np.ndarray, " m"]:
    """The return G of each episode, from where they are to their ends."""
    going = np.arange(len(episodes.objects))
    returns = np.zeros(len(going), np.float32)
    while len(going):
        out = episodes.act(acting(episodes, going), going)
        returns[going] += out.reward
        going = going[~(out.terminated | out.truncated)]
    return returns


def at_random(rng: np.random.Generator) -> Acting:
    """Any action, all as likely."""

    def act(episodes: Episodes, places: Int[np.ndarray, " j"]) -> Integer[np.ndarray, "j a"]:
        n = episodes.rings.shape[1]
        distances = rng.integers(0, len(episodes.distances), (len(places), n))
        return np.concatenate([rng.integers(0, MODES, (len(places), 1)), distances], axis=1)

    return act


def begun_with_own(cases: Cases, objects: Int[np.ndarray, " m"]) -> Episodes:
    """Episodes that begin with the model's own contours, which these objects must have."""
    episodes = Episodes(cases, len(objects), EpisodeConfig())
    episodes.put(np.arange(len(objects)), objects, cases.own[objects])
    return episodes


def begun_rough(cases: Cases, objects: Int[np.ndarray, " m"], rng: np.random.Generator) -> Episodes:
    """Episodes that begin with true contours made rough, drawn by the generator."""
    config = EpisodeConfig()
    drawn = [
        draw_rough(rng, cases.config.points, jitter=config.jitter, corners=config.corners)
        for _ in objects
    ]
    episodes = Episodes(cases, len(objects), config)
    rough = perturbed(cases.contours[objects], episodes.true_units[objects], drawn)
    episodes.put(np.arange(len(objects)), objects, rough)
    return episodes
