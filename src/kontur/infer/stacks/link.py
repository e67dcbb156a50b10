"""Linking: the objects of a film or a z-stack become tracks.

From depth to depth what overlaps is one object (`frames`). From time to time the stage may have
moved: what most objects moved by alike is taken away first (`displacement`), and each object is
looked for where it would be if it went on as before, as far as objects do. What overlaps there is
one, and of the rest what is nearest. What is then left over is looked for one time later, so that a
frame on which an object was missed, or which is missing, ends no track. An object that vanishes or
divides does; the daughters are tracks of which it is the parent (`divisions`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from kontur.infer.stacks.displacement import displacement
from kontur.infer.stacks.divisions import Division, divisions
from kontur.infer.stacks.frames import Frame, same
from kontur.instances import Instances
from kontur.instances.plane import Plane

GAPS = 2  # times after which an object is still looked for: one may be missed
STEADY = 1 / 2  # the share of an object's own motion that its last step decides
RECENT = 4  # links of two times that tell whether objects go on in their own direction
LASTS = 2  # frames on which daughters are seen, or all that are left: else an outline fell apart


class Tracks(NamedTuple):
    """The number of the track of every object of every plane, and the parent of each daughter."""

    numbers: list[Int[np.ndarray, " _"]]
    parents: dict[int, int]


def link(planes: Sequence[Instances]) -> Tracks:
    """The tracks of the objects of all planes, numbered from 1 in the order of the planes.

    Each plane's `Instances.plane` says where it lies; those that say nothing follow one another in
    time. Two planes are looked at at a time, so that they need not all be held.
    """
    facts = [(len(plane), plane.plane) for plane in planes]
    times = _times([place for _, place in facts])
    course = _Course(planes)
    for time in sorted(times):
        course.add(time, times[time])
    track_of, parent_of = course.tracks()
    first = np.cumsum([0, *(count for count, _ in facts)])
    numbers = len(track_of) + np.arange(first[-1])  # what is on a plane that another hides is alone
    for page, objects in course.owners.items():
        numbers[first[page] : first[page + 1]] = track_of[objects]
    known, appeared, place = np.unique(numbers, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(appeared)) + 1
    number = dict(zip(known.tolist(), rank.tolist(), strict=True))
    parents = {number[child]: number[parent] for child, parent in sorted(parent_of.items())}
    tracks = rank[place] if len(place) else np.zeros(0, np.int64)
    return Tracks(np.split(tracks, first[1:-1]), parents)


def _times(places: Sequence[Plane | None]) -> dict[int, dict[int, int]]:
    """The number of the plane at each time and depth."""
    if None in places:
        return {t: {0: t} for t in range(len(places))}
    times: dict[int, dict[int, int]] = {}
    for number, place in enumerate(places):
        if place is not None:
            times.setdefault(place.t, {})[place.z] = number
    return times


@dataclass(frozen=True)
class _Moment:
    """The objects of a time, numbered over all times from `first`; its arrays are filled in."""

    frame: Frame
    first: int
    motion: Float[np.ndarray, "k 2"]  # pixels a time, beside that of the stage
    previous: Int[np.ndarray, " k"]  # the same object before, by its number over all times, or -1
    begins: Bool[np.ndarray, " k"]
    ends: Bool[np.ndarray, " k"]

    @classmethod
    def of(cls, frame: Frame, first: int) -> "_Moment":
        """Linked to nothing yet."""
        k = len(frame)
        open_ = np.ones((2, k), bool)
        return cls(frame, first, np.zeros((k, 2)), np.full(k, -1), *open_)


class _Course:
    """The objects of the times so far: what each was before, and what may have divided."""

    def __init__(self, planes: Sequence[Instances]):
        self.owners: dict[int, Int[np.ndarray, " _"]] = {}  # of each plane its objects, numbered
        self._planes = planes
        self._moments: dict[int, _Moment] = {}  # those that are looked back at
        self._previous: list[Int[np.ndarray, " _"]] = []
        self._divisions: list[Division] = []
        self._count = 0
        self._motions: list[tuple[float, float]] = []  # along their own motion, and that squared

    def _steady(self) -> float:
        """The share of their own motion by which objects went on so far, by least squares."""
        along, motion = (float(sum(sums)) for sums in zip((0, 0), *self._motions, strict=True))
        return min(max(along / motion, 0.0), 1.0) if motion else 1.0

    def add(self, time: int, depths: Mapping[int, int]) -> None:
        """Link the objects of the next time, of which the plane at each depth is given."""
        now = _Moment.of(Frame.of(self._planes, depths), self._count)
        self._moments = {t: one for t, one in self._moments.items() if t >= time - GAPS}
        for late in range(1, GAPS + 1):
            before = self._moments.get(time - late)
            if before is not None and before.ends.any() and now.begins.any():
                self._follow(before, now, late)
        self._moments[time] = now
        self._previous.append(now.previous)
        self._count += len(now.frame)
        for page, objects in now.frame.pages.values():
            self.owners[page] = now.first + objects

    def _follow(self, before: _Moment, now: _Moment, late: int) -> None:
        """Find the objects of a time so much earlier among those that begin now."""
        one, other = before.frame, now.frame
        stage = displacement(one.centres, other.centres, one.areas, other.areas)
        steps = stage + late * self._steady() * before.motion
        i, j = same(self._planes, one, other, steps, before.ends, now.begins)
        made = (other.centres[j] - one.centres[i] - stage) / late
        motion_sums = (made * before.motion[i]).sum(), (before.motion[i] ** 2).sum()
        self._motions = [*self._motions, motion_sums][-RECENT:]
        now.motion[j] = before.motion[i] + STEADY * (made - before.motion[i])
        now.previous[j] = before.first + i
        before.ends[i] = now.begins[j] = False
        if late > 1:
            return
        successor = np.full(len(one), -1)
        successor[i] = j
        for mother, daughters in divisions(one, other, steps, successor, now.begins):
            both = np.array(daughters)
            now.motion[both] = before.motion[mother]
            before.ends[mother] = now.begins[both] = False
            pair = (now.first + both).tolist()
            self._divisions.append(Division(before.first + mother, (pair[0], pair[1])))

    def tracks(self) -> tuple[Int[np.ndarray, " n"], dict[int, int]]:
        """The track of every object, called by its first, and the parents of tracks."""
        previous = np.concatenate([np.zeros(0, np.int64), *self._previous])
        last = self._count - (len(self._previous[-1]) if self._previous else 0)
        follows = np.ones(self._count, np.int64)  # on so many frames each is seen from then on
        for i in range(self._count - 1, -1, -1):
            if previous[i] >= 0:
                follows[previous[i]] += follows[i]
        real = [
            division
            for division in self._divisions
            if all(i >= last or follows[i] >= LASTS for i in division.daughters)
        ]
        for division in real:
            previous[[*division.daughters]] = -1
        track = np.arange(self._count)
        for i in range(self._count):
            if previous[i] >= 0:
                track[i] = track[previous[i]]
        parents = {child: int(track[one.mother]) for one in real for child in one.daughters}
        return track, parents
