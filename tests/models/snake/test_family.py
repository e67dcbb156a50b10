"""How far around an object the image decides about its outline."""

import pytest

from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.family import reach


@pytest.mark.parametrize(
    "agent",
    [{}, {"steps": 1}, {"distances": (0.0, -0.2, 0.1)}, {"profile": (-0.9, 0.0, 0.1)}],
    ids=["as shipped", "one step", "far steps", "wide sight"],
)
@pytest.mark.parametrize("side", [8.0, 50.0, 401.0])
def test_an_agent_that_always_goes_as_far_as_it_may_reads_nothing_beyond_the_reach(agent, side):
    plain = SnakeConfig()
    config = SnakeConfig(polish={"kind": "agent", **agent})
    at, farthest = 0.0, 0.0
    for _ in range(config.polish.steps + 1):  # it looks once more, to stop or to be judged
        farthest = max(farthest, *(at + abs(look) * side for look in config.polish.profile))
        at += max(abs(distance) for distance in config.polish.distances) * side
    features = reach(plain, 0.0)
    assert features + farthest - 1e-6 <= reach(config, side) < features + farthest + 1 + 1e-6


def test_without_an_agent_the_side_plays_no_part_where_points_see_only_where_they_are():
    config = SnakeConfig(refiner={"kind": "circular", "profile": 1})
    assert reach(config, 10.0) == reach(config, 400.0)
