"""Outlines on disk: the objects of a large image, of which only those asked for are in memory.

What is small of every object (box, class, score, id) is held; outlines lie in a temporary file,
which vanishes with the value or the process, in the order in which they came.
"""

import tempfile
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

import numpy as np
import shapely
from jaxtyping import Bool, Float, Int, Int64, Shaped

from kontur.formats.image_annotation import ImageAnnotation, ids_on_planes
from kontur.formats.planes import by_plane
from kontur.formats.tracks import parents_of, tracks_of, with_tracks
from kontur.instances import Instances
from kontur.instances.plane import Plane

PART = 10_000  # objects that are given at a time
COLUMNS: Mapping[str, Any] = {  # of every object, and their types
    **{"labels": np.int64, "scores": np.float64, "ids": np.int64, "ignore": np.bool_},
    **{"starts": np.int64, "lengths": np.int64, "tracks": np.float64, "parents": np.float64},
}


class Spilled:
    """A temporary file of outlines as well-known binary."""

    def __init__(self) -> None:
        self._file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115, lives with the outlines
        self._end, self._lock = 0, Lock()
        weakref.finalize(self, self._file.close)

    def add(self, outlines: Sequence[bytes]) -> Int64[np.ndarray, " n"]:
        """Write outlines at the end: the byte at which each begins."""
        lengths = np.array([0, *map(len, outlines)], np.int64)
        starts = self._end + np.cumsum(lengths)
        self._file.write(b"".join(outlines))
        self._end = int(starts[-1])
        return starts[:-1]

    def read(
        self, starts: Int64[np.ndarray, " n"], lengths: Int64[np.ndarray, " n"]
    ) -> list[bytes]:
        """The outlines that begin there; those that follow one another are read in one go."""
        ends = starts + lengths
        first = np.flatnonzero(np.concatenate([[True], starts[1:] != ends[:-1]]))
        outlines: list[bytes] = []
        for run in np.split(np.arange(len(starts)), first[1:]):
            if len(run) == 0:
                continue
            begin, end = int(starts[run[0]]), int(ends[run[-1]])
            with self._lock:
                self._file.seek(begin)
                content = self._file.read(end - begin)
            places = zip((starts[run] - begin).tolist(), (ends[run] - begin).tolist(), strict=True)
            outlines += [content[start:stop] for start, stop in places]
        return outlines


@dataclass(frozen=True, eq=False)
class OutlinesOnDisk:
    """The objects of one image; fields as those of `Instances`.

    `boxes` are x0, y0, x1, y1 in pixels, `tracks` and `parents` as in `formats.tracks`; the
    outlines lie in `file` from the bytes `starts` on.
    """

    boxes: Float[np.ndarray, "k 4"]
    labels: Int64[np.ndarray, " k"]
    scores: Float[np.ndarray, " k"]
    ids: Int64[np.ndarray, " k"]
    ignore: Bool[np.ndarray, " k"]
    tracks: Float[np.ndarray, " k"]
    parents: Float[np.ndarray, " k"]
    size: tuple[int, int] | None
    classes: tuple[str, ...]
    plane: Plane | None
    starts: Int64[np.ndarray, " k"]
    lengths: Int64[np.ndarray, " k"]
    file: Spilled

    def __len__(self) -> int:
        """How many objects there are."""
        return len(self.ids)

    def polygons_at(self, indices: Int[np.ndarray, " n"]) -> Shaped[np.ndarray, " n"]:
        """The outlines of some objects, in the order of the indices."""
        order = np.argsort(indices, kind="stable")
        wanted = indices[order]
        outlines = self.file.read(self.starts[wanted], self.lengths[wanted])
        polygons = np.empty(len(indices), dtype=object)
        polygons[order] = shapely.from_wkb(np.array([*outlines, None], dtype=object)[:-1])
        return polygons

    def without_objects(self) -> "OutlinesOnDisk":
        """The same image with none of its objects, on no plane."""
        none: dict[str, Any] = {
            name: None if (column := getattr(self, name)) is None else column[:0]
            for name in (*COLUMNS, "boxes")
        }
        return replace(self, plane=None, **none)

    def parts(self) -> Iterator[Instances]:
        """All objects, some at a time; one part of none where there is none."""
        for first in range(0, max(len(self), 1), PART):
            some = np.arange(first, min(first + PART, len(self)))
            objects = Instances.of_valid(
                self.polygons_at(some),
                self.labels[some],
                scores=self.scores[some],
                ids=self.ids[some],
                ignore=self.ignore[some],
                size=self.size,
                classes=self.classes,
            )
            yield with_tracks(
                objects.replace(plane=self.plane), self.tracks[some], self.parents[some]
            )


def spill(
    batches: Iterable[Sequence[ImageAnnotation]],
) -> dict[tuple[str, Plane | None], OutlinesOnDisk]:
    """The objects of each image and plane of a file that comes in batches.

    The plane is None where the objects of the image name none.
    """
    file = Spilled()
    images: dict[tuple[str, Plane], _Image] = {}
    with_planes = set[str]()
    for batch in batches:
        for entry in batch:
            key = entry.file_name, entry.instances.plane or Plane()
            images.setdefault(key, _Image(file)).add(entry)
            if entry.instances.plane is not None:
                with_planes.add(entry.file_name)
    for key in [(name, Plane()) for name in with_planes]:
        if key in images and not images[key].ids:
            del images[key]  # of a part without objects, which names no plane
    planes: dict[str, list[Plane]] = {}
    for name, plane in images:
        planes.setdefault(name, []).append(plane)
    finished = {}
    for name, own in planes.items():
        ids = [(number, plane) for plane in own for number in images[name, plane].ids]
        numbers = iter(ids_on_planes(*map(list, zip(*ids, strict=True))) if ids else ())
        for plane in own:
            image, known = images[name, plane], plane if name in with_planes else None
            finished[name, known] = image.finished(known, [*islice(numbers, len(image.ids))])
    return finished


def on_page(
    images: Mapping[tuple[str, Plane | None], OutlinesOnDisk],
    page: int,
    where: str | Path,
    *,
    at: tuple[int, int] | None = None,
) -> dict[tuple[str, Plane | None], OutlinesOnDisk]:
    """Of each image the objects on one page, as `planes.by_plane` decides, or none.

    Only a whole file tells whether its outlines name planes; so it is read whole before.
    """
    chosen = {}
    for name in dict.fromkeys(name for name, _ in images):
        own = [plane for other, plane in images if other == name]
        ((plane, places),) = by_plane(own, page, where, at=at)
        found = images[name, own[places[0] if places else 0]]
        chosen[name, plane] = found if places else found.without_objects()
    return chosen


class _Image:
    """One image whose objects come part by part."""

    def __init__(self, file: Spilled) -> None:
        self.file = file
        self.size: tuple[int, int] | None = None
        self.classes: dict[str, int] = {}
        self.unnumbered: list[int] = []
        self.boxes = [np.zeros((0, 4))]
        self.columns = {name: [np.zeros(0, kind)] for name, kind in COLUMNS.items()}

    @property
    def ids(self) -> list[int | None]:
        """Those that the file gives."""
        ids: list[int | None] = np.concatenate(self.columns["ids"]).tolist()
        for index in self.unnumbered:
            ids[index] = None
        return ids

    def add(self, entry: ImageAnnotation) -> None:
        objects = entry.instances
        before = sum(map(len, self.boxes))
        self.unnumbered += [before + index for index in entry.unnumbered]
        self.size = self.size or entry.size or objects.size
        label = [self.classes.setdefault(name, len(self.classes)) for name in objects.classes]
        outlines: list[bytes] = shapely.to_wkb(objects.polygons).tolist()
        self.boxes.append(objects.boxes)
        columns: dict[str, np.ndarray] = {
            "labels": np.array(label)[objects.labels],
            "starts": self.file.add(outlines),
            "lengths": np.array([len(outline) for outline in outlines], np.int64),
            "tracks": tracks_of(objects),
            "parents": parents_of(objects),
            **{name: getattr(objects, name) for name in ("scores", "ids", "ignore")},
        }
        for name, column in columns.items():
            self.columns[name].append(column)

    def finished(self, plane: Plane | None, ids: Sequence[int]) -> OutlinesOnDisk:
        joined = {name: np.concatenate(parts) for name, parts in self.columns.items()}
        return OutlinesOnDisk(
            boxes=np.concatenate(self.boxes),
            labels=joined["labels"],
            scores=joined["scores"],
            ids=np.array(ids, np.int64),
            ignore=joined["ignore"],
            tracks=joined["tracks"],
            parents=joined["parents"],
            size=self.size,
            classes=tuple(self.classes),
            plane=plane,
            starts=joined["starts"],
            lengths=joined["lengths"],
            file=self.file,
        )
