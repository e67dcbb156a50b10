"""Gymnasium environments in which an agent corrects contours: one contour, or many at a time.

State s: what the points of the contour see (`kontur.models.snake.observe`), (n, c) numbers.
Action a: what is done (move, smooth, stop) and how far each of the n points goes along its normal,
n + 1 whole numbers (`kontur.models.snake.moves`). Reward r: the gain in IoU with the true object,
less a cost a step and one for crossing itself (`kontur.edit.episodes`). An episode ends by stopping
(terminated) or after its last step (truncated; how many are left is part of the state, so nothing
is lost by taking the value after it as 0).

    cases = Cases.of_model(kontur.load("nuclei"), samples)
    env = ContourEnv(cases, render_mode="rgb_array")
    many = VectorContourEnv(cases, num_envs=256)

What the vector environment does with a contour whose episode has ended is stated in
`metadata["autoreset_mode"]`, any of `gymnasium.vector.AutoresetMode`; NEXT_STEP by default, as in
Gymnasium's own: the step after the end ignores that contour's action, begins its next episode and
gives the reward 0. A vector of m contours equals `SyncVectorEnv` of m single ones with the same
seed and mode, to the last bit.
"""

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
import shapely
from gymnasium.spaces import Box, MultiDiscrete
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from jaxtyping import Bool, Float, Int, Integer, UInt8

from kontur.edit.cases import Cases
from kontur.edit.config import EpisodeConfig
from kontur.edit.episodes import Episodes
from kontur.geometry.polygons import polygons_from_rings
from kontur.instances import Instances
from kontur.instances.overlay import draw
from kontur.models.snake.moves import MODES
from kontur.models.snake.observe import LARGEST
from kontur.wording import from_zero

MARGIN = 0.5  # of an object's side that is drawn around it
PICTURE = 384  # pixels, about, of the longer side of a picture
CLASSES = ("object", "contour")  # what is drawn: the true one, and the agent's


def spaces(cases: Cases) -> tuple[Box, MultiDiscrete]:
    """Of observations and of actions."""
    config = cases.config
    shape = config.points, Episodes(cases, 1, EpisodeConfig()).observations().shape[-1]
    distances = [len(config.polish.distances)] * config.points
    return Box(-LARGEST, LARGEST, shape, np.float32), MultiDiscrete([MODES, *distances])


class ContourEnv(gymnasium.Env[np.ndarray, np.ndarray]):
    """One contour. `info` has its IoU, whether it crossed itself, and every point's share of r.

    `reset(options={"object": k})` begins with object k, `{"object": k, "contour": (n, 2)}` with a
    contour of your own, in pixels of the network's input.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 4}  # noqa: RUF012

    def __init__(
        self,
        cases: Cases,
        config: EpisodeConfig | None = None,
        *,
        render_mode: str | None = None,
    ):
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise ValueError(f'render_mode is "rgb_array" or None, got {render_mode!r}')
        self.render_mode = render_mode
        self.episodes = Episodes(cases, 1, config or EpisodeConfig())
        self.observation_space, self.action_space = spaces(cases)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Float[np.ndarray, "n c"], dict[str, Any]]:
        super().reset(seed=seed)
        begin(self.episodes, np.array([0]), [self.np_random], options)
        return self.episodes.observations()[0], start_info(self.episodes, 0)

    def step(
        self, action: np.ndarray
    ) -> tuple[Float[np.ndarray, "n c"], float, bool, bool, dict[str, Any]]:
        actions = checked(np.asarray(action)[None], self.action_space, 1)
        out = self.episodes.act(actions, np.array([0]))
        info = {"iou": out.iou[0], "crossed": bool(out.crossed[0]), "shares": out.shares[0]}
        ends = bool(out.terminated[0]), bool(out.truncated[0])
        return self.episodes.observations()[0], float(out.reward[0]), *ends, info

    def render(self) -> UInt8[np.ndarray, "_ _ 3"] | None:
        return None if self.render_mode is None else picture(self.episodes, 0)


class VectorContourEnv(VectorEnv[np.ndarray, np.ndarray, np.ndarray]):
    """m contours, each with an episode of its own; `infos` are those of `ContourEnv`, batched.

    `reset` takes the options of `ContourEnv`, for all alike, and `reset_mask` (m,), for some.
    """

    def __init__(
        self,
        cases: Cases,
        num_envs: int,
        config: EpisodeConfig | None = None,
        *,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
    ):
        if num_envs < 1:
            raise ValueError(f"a vector environment has at least one contour, got {num_envs}")
        self.num_envs, self.render_mode = num_envs, render_mode
        self.mode = AutoresetMode(autoreset_mode)
        self.metadata = {**ContourEnv.metadata, "autoreset_mode": self.mode}
        self.episodes = Episodes(cases, num_envs, config or EpisodeConfig())
        self.single_observation_space, self.single_action_space = spaces(cases)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.generators = [np.random.default_rng() for _ in range(num_envs)]
        self.ended = np.zeros(num_envs, bool)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Float[np.ndarray, "m n c"], dict[str, Any]]:
        places = np.arange(self.num_envs)
        options = dict(options or {})
        if "reset_mask" in options:
            places = np.flatnonzero(checked_mask(options.pop("reset_mask"), self.num_envs))
        if seed is not None:
            seeds = (
                [seed + place for place in range(self.num_envs)]
                if isinstance(seed, int)
                else list(seed)
            )
            if len(seeds) != self.num_envs:
                raise ValueError(f"wanted a seed for each of {self.num_envs}, got {len(seeds)}")
            for place in places.tolist():
                if seeds[place] is not None:
                    self.generators[place] = gymnasium.utils.seeding.np_random(seeds[place])[0]
        begin(self.episodes, places, [self.generators[place] for place in places], options)
        self.ended[places] = False
        return self.episodes.observations(), self._batched(self._start(places), places)

    def step(
        self, actions: np.ndarray
    ) -> tuple[
        Float[np.ndarray, "m n c"],
        Float[np.ndarray, " m"],
        Bool[np.ndarray, " m"],
        Bool[np.ndarray, " m"],
        dict[str, Any],
    ]:
        actions = checked(np.asarray(actions), self.single_action_space, self.num_envs)
        if self.mode == AutoresetMode.DISABLED and self.ended.any():
            raise ValueError(
                f"the episodes of {np.flatnonzero(self.ended).tolist()} have ended; begin them "
                'anew with reset(options={"reset_mask": …}) before the next step'
            )
        begun = np.flatnonzero(self.ended) if self.mode == AutoresetMode.NEXT_STEP else NONE
        going = np.flatnonzero(~self.ended) if len(begun) else np.arange(self.num_envs)
        rewards = np.zeros(self.num_envs)
        terminated, truncated = np.zeros((2, self.num_envs), bool)
        out = self.episodes.act(actions[going], going)
        rewards[going] = out.reward
        terminated[going], truncated[going] = out.terminated, out.truncated
        self.ended = terminated | truncated
        own = {"iou": out.iou, "crossed": out.crossed, "shares": out.shares}
        if self.mode == AutoresetMode.SAME_STEP and self.ended.any():
            infos = self._begun_at_once(own)
        else:
            infos = self._batched(own, going)
            if len(begun):
                begin(self.episodes, begun, [self.generators[place] for place in begun])
                self._add(infos, begun, self._start(begun))
        return self.episodes.observations(), rewards, terminated, truncated, infos

    def render(self) -> tuple[UInt8[np.ndarray, "_ _ 3"], ...] | None:
        if self.render_mode is None:
            return None
        return tuple(picture(self.episodes, place) for place in range(self.num_envs))

    def _begun_at_once(self, own: dict[str, np.ndarray]) -> dict[str, Any]:
        """The infos of a step after which what has ended is begun anew; its last ones are kept."""
        places, on = np.flatnonzero(self.ended), np.flatnonzero(~self.ended)
        last = np.full(self.num_envs, None, object)
        for place, observation in zip(places, self.episodes.observations(places), strict=True):
            last[place] = observation
        final = self._batched({key: value[places] for key, value in own.items()}, places)
        infos = self._batched({key: value[on] for key, value in own.items()}, on)
        begin(self.episodes, places, [self.generators[place] for place in places])
        self._add(infos, places, self._start(places))
        ended = self.ended.copy()
        return {
            **infos,
            **{"final_obs": last, "_final_obs": ended, "final_info": final, "_final_info": ended},
        }

    def _start(self, places: Int[np.ndarray, " j"]) -> dict[str, np.ndarray]:
        return {"iou": self.episodes.iou[places], "object": self.episodes.objects[places]}

    def _batched(self, values: dict[str, np.ndarray], places: np.ndarray) -> dict[str, Any]:
        """Infos of some contours as Gymnasium batches them: arrays, and masks of who has them."""
        infos: dict[str, Any] = {}
        self._add(infos, places, values)
        return infos

    def _add(
        self, infos: dict[str, Any], places: np.ndarray, values: dict[str, np.ndarray]
    ) -> None:
        for key, value in values.items() if len(places) else ():
            if key not in infos:
                infos[key] = np.zeros((self.num_envs, *value.shape[1:]), value.dtype)
                infos[f"_{key}"] = np.zeros(self.num_envs, bool)
            infos[key][places] = value
            infos[f"_{key}"][places] = True


NONE = np.zeros(0, np.int64)


def begin(
    episodes: Episodes,
    places: Int[np.ndarray, " j"],
    generators: list[np.random.Generator],
    options: dict[str, Any] | None = None,
) -> None:
    """New episodes, drawn by generators or as the options say."""
    options = options or {}
    unknown = set(options) - {"object", "contour"}
    if unknown or ("contour" in options and "object" not in options):
        raise ValueError(
            f'options of reset are "object", and beside it "contour", got {sorted(options)}'
        )
    if "object" not in options:
        episodes.begin(places, generators)
        return
    chosen, count = int(options["object"]), len(episodes.cases)
    if not 0 <= chosen < count:
        raise ValueError(f"an object is a number, {from_zero(count)}, got {chosen}")
    if "contour" not in options:
        episodes.begin(places, generators, chosen)
        return
    contour = np.asarray(options["contour"], np.float32)
    if contour.shape != episodes.rings.shape[1:] or not np.isfinite(contour).all():
        n = episodes.rings.shape[1]
        raise ValueError(f"a contour is {n} finite points (x, y), got shape {contour.shape}")
    objects = np.full(len(places), chosen)
    episodes.put(places, objects, np.repeat(contour[None], len(places), axis=0))


def start_info(episodes: Episodes, place: int) -> dict[str, Any]:
    """Of an episode that has begun: the IoU of its contour, and which object it is about."""
    return {"iou": episodes.iou[place], "object": episodes.objects[place]}


def checked(actions: np.ndarray, space: Any, count: int) -> Integer[np.ndarray, "m a"]:
    """The actions of `count` contours, of the space's range; ValueError for others."""
    most = space.nvec
    if (
        actions.shape != (count, len(most))
        or not np.issubdtype(actions.dtype, np.integer)
        or (actions < 0).any()
        or (actions >= most).any()
    ):
        raise ValueError(
            f"an action is {len(most)} whole numbers: what is done, 0 to {most[0] - 1}, and "
            f"a distance a point, 0 to {most[-1] - 1}; got {actions.dtype} of shape "
            f"{actions.shape}, from {actions.min(initial=0)} to {actions.max(initial=0)}"
        )
    return actions


def checked_mask(mask: Any, count: int) -> Bool[np.ndarray, " m"]:
    """A mask of contours, at least one; ValueError for another."""
    if not isinstance(mask, np.ndarray) or mask.dtype != bool or mask.shape != (count,):
        raise ValueError(f"reset_mask is an array of {count} booleans, got {mask!r:.60}")
    if not mask.any():
        raise ValueError("reset_mask begins at least one episode anew, got none")
    return mask


def picture(episodes: Episodes, place: int) -> UInt8[np.ndarray, "_ _ 3"]:
    """The image around an object, with its outline and the contour; of one size all along."""
    cases, chosen = episodes.cases, episodes.objects[place]
    polygon, ring = cases.polygons[chosen], episodes.rings[place]
    image = cases.images[cases.image_index[chosen]].transpose(1, 2, 0)
    if image.shape[2] not in (1, 3):
        image = image.mean(axis=2, keepdims=True)
    contours, _ = polygons_from_rings(ring[None].astype(np.float64))
    both = np.array([polygon, contours[0]], dtype=object)
    drawn = ~shapely.is_empty(both)
    x0, y0, x1, y1 = shapely.bounds(polygon)
    margin = max(x1 - x0, y1 - y0) * MARGIN
    left, top = (max(int(low - margin), 0) for low in (x0, y0))
    part = image[top : int(y1 + margin) + 1, left : int(x1 + margin) + 1]
    shown = Instances.of(
        shapely.transform(both[drawn], lambda points: points - [left, top]),
        labels=np.arange(2)[drawn],
        size=part.shape[:2],
        classes=CLASSES,
    ).clip(part.shape[:2])
    zoom = max(1, PICTURE // max(part.shape[:2]))
    return draw(part, shown, zoom=float(zoom))


gymnasium.register(
    id="kontur/Contour-v0",
    entry_point="kontur.edit.env:ContourEnv",
    vector_entry_point="kontur.edit.env:VectorContourEnv",
)
