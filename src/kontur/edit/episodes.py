"""m episodes side by side: the states, what an action makes of them, and its reward.

Pure numpy, for one contour as for hundreds: the environments of `kontur.edit.env` are this behind
Gymnasium's interface, so a vector of m contours and m single ones agree to the last bit.

In the words of the notes: an agent gets a state s (状态), decides on an action a (动作) by its
policy π(a | s), and the environment answers with the next state s' and a reward r (奖励). The value
V(s) (价值) is the expectation of the return G = Σ r, the rewards of the rest of the episode. Two
things are drawn at random: a ~ π(· | s) by the agent, and s' ~ P(· | s, a) by the environment. Here
P is certain within an episode, for geometry is; its randomness is in where an episode begins: which
object, and how rough its contour.
"""

from typing import NamedTuple

import numpy as np
import shapely
from jaxtyping import Bool, Float, Int, Integer

from kontur.edit.cases import Cases, Rough, draw_rough, perturbed
from kontur.edit.config import EpisodeConfig
from kontur.geometry.area_field import AreaFields, Overlap, gains, overlap, swept
from kontur.models.snake.moves import STOP, act, outward, units
from kontur.models.snake.observe import observe
from kontur.models.snake.polish import startable_rings


class Outcome(NamedTuple):
    """What m actions brought.

    Attributes:
        reward: r of each, the gain less the costs.
        shares: the share of r of every point of a contour; they sum to r.
        iou: of each contour with its object, now.
        crossed: which would have crossed themselves.
        terminated, truncated: which episodes ended, because they stopped, or after the last step.
    """

    reward: Float[np.ndarray, " m"]
    shares: Float[np.ndarray, "m n"]
    iou: Float[np.ndarray, " m"]
    crossed: Bool[np.ndarray, " m"]
    terminated: Bool[np.ndarray, " m"]
    truncated: Bool[np.ndarray, " m"]


class Episodes:
    """The state of m episodes.

    Attributes:
        cases: where they are drawn from.
        sides: the contours, and what they share with their objects, which is not computed twice.
        objects: which object each is about.
        unit: the unit of each contour's moves, pixels.
        step: how many actions each has had.
        iou: of each contour with its object.
    """

    def __init__(self, cases: Cases, count: int, config: EpisodeConfig):
        self.cases, self.config = cases, config
        self.polish = cases.config.polish
        self.distances = np.array(self.polish.distances, np.float32)
        n = cases.config.points
        self.objects = np.zeros(count, np.int64)
        self.unit = np.ones(count, np.float32)
        self.step = np.zeros(count, np.int64)
        self.measure = Measure(cases, config)
        self.sides = self.measure.sides(self.objects, np.zeros((count, n, 2), np.float32))
        self.score = np.zeros(count, np.float32)
        self.iou = np.zeros(count, np.float32)
        self.outlined = cases.outlined
        self.true_units = units(cases.contours)

    @property
    def rings(self) -> Float[np.ndarray, "m n 2"]:
        """The contours, in pixels of the image."""
        return self.sides.rings[0]

    def begin(
        self,
        places: Int[np.ndarray, " j"],
        generators: list[np.random.Generator],
        chosen: int | None = None,
    ) -> None:
        """New episodes at some places, each drawn by its own generator, or of an object chosen.

        This is the randomness of the environment: an object, and where the episode about it begins.
        """
        objects = np.zeros(len(places), np.int64)
        rough: dict[int, Rough] = {}
        for i, rng in enumerate(generators):
            objects[i] = int(rng.integers(len(self.cases))) if chosen is None else chosen
            if rng.uniform() < self.config.perturbed or not self.outlined[objects[i]]:
                points, jitter = self.cases.config.points, self.config.jitter
                rough[i] = draw_rough(rng, points, jitter=jitter, corners=self.config.corners)
        starts, made = self.cases.own[objects], list(rough)
        true, unit = self.cases.contours[objects[made]], self.true_units[objects[made]]
        starts[made] = perturbed(true, unit, list(rough.values()))
        self.put(places, objects, starts)

    def put(
        self,
        places: Int[np.ndarray, " j"],
        objects: Int[np.ndarray, " j"],
        rings: Float[np.ndarray, "j n 2"],
    ) -> None:
        """Episodes at some places that begin with contours given, of objects given.

        A contour that crosses itself is repaired; one without area is the true contour.
        """
        fine, starts = startable_rings(rings)
        starts[~fine] = self.cases.contours[objects[~fine]]
        self.objects[places] = objects
        self.unit[places] = units(starts)
        self.step[places] = 0
        self._take(places, self.measure.sides(objects, starts))

    def observations(self, places: Int[np.ndarray, " j"] | slice = slice(None)) -> np.ndarray:
        """What the points of some contours see, (j, n, c)."""
        left = (1 - self.step[places] / self.polish.steps).astype(np.float32)
        index = self.cases.image_index[self.objects[places]]
        return observe(
            *(self.cases.maps, self.rings[places], index, self.unit[places], left), self.polish
        )

    def act(self, actions: Integer[np.ndarray, "j a"], places: Int[np.ndarray, " j"]) -> Outcome:
        """The actions of some episodes; they go on, also those that have ended."""
        config, objects, rings = self.config, self.objects[places], self.rings[places]
        moved, crossed = act(rings, actions, self.unit[places], self.distances)
        stopped = actions[:, 0] == STOP
        before, score = self.sides.take(places), self.score[places]
        shares, after = self.measure.gains(objects, before, moved)
        self._take(places, after)
        self.step[places] += 1
        cost = config.step_cost * ~stopped + config.crossing_cost * crossed
        reward = (self.score[places] - score) - cost
        shares -= (cost / shares.shape[1])[:, None].astype(np.float32)
        late = ~stopped & (self.step[places] >= self.polish.steps)
        return Outcome(reward.astype(np.float32), shares, self.iou[places], crossed, stopped, late)

    def _take(self, places: Int[np.ndarray, " j"], sides: "Sides") -> None:
        """Where the contours at some places are now, and how good they are."""
        self.sides.put(places, sides)
        self.score[places] = sides.total.iou
        self.iou[places] = (
            self.score[places]
            if self.config.reward == "iou"
            else overlap(self.cases.fields.take(self.objects[places]), sides.rings[0]).iou
        )


class Measure:
    """What is rewarded: how like their objects contours are, and which points made them more so.

    The boundary of a contour is what lies between it and its points moved inwards.
    """

    def __init__(self, cases: Cases, config: EpisodeConfig):
        self.fields, self.width = cases.fields, None
        if config.reward == "boundary-iou":
            width = np.sqrt(shapely.area(cases.polygons)) * config.boundary_width
            inner = shapely.buffer(cases.polygons, -width)
            self.fields = AreaFields.of(shapely.difference(cases.polygons, inner))
            self.width = width.astype(np.float32)

    def gains(
        self, objects: Int[np.ndarray, " j"], before: "Sides", moved: Float[np.ndarray, "j n 2"]
    ) -> "tuple[Float[np.ndarray, 'j n'], Sides]":
        """What each point brought by moving, and what is shared after it."""
        fields, after = self.fields.take(objects), self.sides(objects, moved)
        passed, *inner = (
            swept(fields, *each)
            for each in zip(
                *(before.rings, before.overlaps, after.rings, after.overlaps), strict=True
            )
        )
        for each in inner:
            passed = passed.less(each)
        return gains(before.total, after.total, passed), after

    def sides(self, objects: Int[np.ndarray, " j"], rings: Float[np.ndarray, "j n 2"]) -> "Sides":
        """What contours, or their boundaries, share with their objects."""
        fields = self.fields.take(objects)
        outer = overlap(fields, rings)
        if self.width is None:
            return Sides((rings,), (outer,))
        inwards = rings - outward(rings) * self.width[objects][:, None, None]
        return Sides((rings, inwards), (outer, overlap(fields, inwards)))


class Sides(NamedTuple):
    """What is compared: m contours, or their boundaries, which have an inner side too.

    Attributes:
        rings: the contours, and the inner sides of boundaries.
        overlaps: what each shares with its object.
    """

    rings: tuple[Float[np.ndarray, "m n 2"], ...]
    overlaps: tuple[Overlap, ...]

    @property
    def total(self) -> Overlap:
        """Of the contours, or of what lies between the two sides."""
        outer, *inner = self.overlaps
        return outer.less(inner[0]) if inner else outer

    def take(self, places: Int[np.ndarray, " j"]) -> "Sides":
        """Those at some places."""
        overlaps = (Overlap(*(values[places] for values in each)) for each in self.overlaps)
        return Sides(tuple(each[places] for each in self.rings), tuple(overlaps))

    def put(self, places: Int[np.ndarray, " j"], sides: "Sides") -> None:
        """Replace those at some places."""
        for ring, other in zip(self.rings, sides.rings, strict=True):
            ring[places] = other
        for mine, its in zip(self.overlaps, sides.overlaps, strict=True):
            for values, new in zip(mine, its, strict=True):
                values[places] = new
