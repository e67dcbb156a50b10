"""Instances: the objects of one image, the one type that crosses rooms.

Polygons with holes and parts, and beside each its label, score, id and whether judges ignore it.
Coordinates are those of the image: (x, y) pixels, the image covering [0, W] × [0, H]. Nothing here
knows a file format or a model. Values never change in place: every method returns a new one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import shapely
from jaxtyping import Bool, Float, Int64, Integer, Shaped
from numpy.typing import ArrayLike, DTypeLike

from kontur.errors import InputError
from kontur.geometry import polygons as areal
from kontur.geometry import raster, ring

CLASSES = ("object",)  # of files and models that do not name theirs


@dataclass(frozen=True, eq=False)
class Instances:
    """K objects of one image. Build it with `of`, which checks; this constructor trusts.

    `polygons` are valid shapely Polygons or MultiPolygons with area; `labels` index `classes`;
    `scores` are in [0, 1], NaN where there is none; `ids` are unique and stay with their object;
    `ignore` marks crowds and unsure regions; `extras` keep what a foreign file said and we do not
    read; `size` is the image's (height, width), None where a file does not say.
    """

    polygons: Shaped[np.ndarray, " k"]
    labels: Int64[np.ndarray, " k"]
    scores: Float[np.ndarray, " k"]
    ids: Int64[np.ndarray, " k"]
    ignore: Bool[np.ndarray, " k"]
    extras: tuple[dict[str, Any], ...]
    size: tuple[int, int] | None
    classes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        polygons: Sequence[Any] | Shaped[np.ndarray, " k"],
        labels: ArrayLike | None = None,
        *,
        scores: ArrayLike | None = None,
        ids: ArrayLike | None = None,
        ignore: ArrayLike | None = None,
        extras: Sequence[Mapping[str, Any]] | None = None,
        size: tuple[int, int] | None = None,
        classes: Sequence[str] = CLASSES,
    ) -> Self:
        """Checked objects; labels default to 0, scores to none, ids to 1 … K.

        Raises InputError for a polygon that is not valid or has no area (`geometry.polygons.repair`
        helps), for labels without a class, scores outside [0, 1], ids that are not unique, and
        lengths that differ.
        """
        shapes = _object_array(polygons)
        _check_polygons(shapes)
        columns = {"labels": labels, "scores": scores, "ids": ids, "ignore": ignore}
        return cls.of_valid(shapes, **columns, extras=extras, size=size, classes=classes)

    @classmethod
    def of_valid(
        cls,
        polygons: Shaped[np.ndarray, " k"],
        labels: ArrayLike | None = None,
        *,
        scores: ArrayLike | None = None,
        ids: ArrayLike | None = None,
        ignore: ArrayLike | None = None,
        extras: Sequence[Mapping[str, Any]] | None = None,
        size: tuple[int, int] | None = None,
        classes: Sequence[str] = CLASSES,
    ) -> Self:
        """`of` for polygons known to be valid and with area, as decoding and tracing make them."""
        k = len(polygons)
        found = cls(
            polygons=polygons,
            labels=_column("labels", labels, k, np.int64, 0),
            scores=_column("scores", scores, k, np.float64, np.nan),
            ids=np.arange(1, k + 1) if ids is None else _column("ids", ids, k, np.int64, 0),
            ignore=_column("ignore", ignore, k, np.bool_, False),
            extras=tuple({} for _ in range(k)) if extras is None else tuple(map(dict, extras)),
            size=None if size is None else (int(size[0]), int(size[1])),
            classes=tuple(classes),
        )
        _check(found)
        return found

    @classmethod
    def empty(cls, size: tuple[int, int] | None = None, classes: Sequence[str] = CLASSES) -> Self:
        """An image without objects."""
        return cls.of_valid(np.empty(0, dtype=object), size=size, classes=classes)

    @classmethod
    def from_label_image(
        cls,
        image: Integer[np.ndarray, "h w"],
        classes: Sequence[str] = CLASSES,
        *,
        labels: Mapping[int, int] | None = None,
    ) -> Self:
        """The objects of a label image: 0 is background, every other value one object and its id.

        Outlines are exact, with holes and parts. Negative values are regions to ignore. `labels`
        gives the class index of every positive id; without it all are 0. Raises InputError for an
        id without a class and for ids beyond 63 bits.
        """
        values, outlines = raster.trace_labels(image)
        if len(values) and int(values[-1]) > np.iinfo(np.int64).max:
            raise InputError(
                f"the label image holds the id {values[-1]}, which 63 bits cannot hold; renumber it"
            )
        ids = values.astype(np.int64)
        index = np.zeros(len(ids), dtype=np.int64)
        if labels is not None:
            missing = [int(i) for i in ids if i > 0 and int(i) not in labels]
            if missing:
                raise InputError(
                    f"no class is given for the object {missing[0]} of the label image"
                    f" ({len(missing)} in all); name a class for every id"
                )
            index = np.array([labels.get(int(i), 0) for i in ids], dtype=np.int64)
        size = _shape(image)
        return cls.of_valid(outlines, index, ids=ids, ignore=ids < 0, size=size, classes=classes)

    @classmethod
    def from_masks(
        cls,
        masks: Sequence[np.ndarray] | Shaped[np.ndarray, "k h w"],
        classes: Sequence[str] = CLASSES,
        *,
        labels: ArrayLike | None = None,
        size: tuple[int, int] | None = None,
    ) -> Self:
        """One object a mask (non-zero is inside); masks may overlap.

        The id is the mask's place, from 1; an empty mask makes no object and its id stays unused.
        `labels` has one class index a mask. `size` is needed only to say how large the image of an
        empty list is. Raises InputError for masks of different sizes.
        """
        if isinstance(masks, np.ndarray) and masks.ndim == 3:
            size = (masks.shape[1], masks.shape[2])
        for i, mask in enumerate(masks):
            size = size or _shape(mask)
            if mask.shape != size:
                raise InputError(
                    f"all masks of an image must have its size; mask {i + 1} has"
                    f" {'×'.join(map(str, mask.shape))}, expected {size[0]}×{size[1]}"
                )
        outlines = _object_array([raster.trace(mask != 0) for mask in masks])
        index = _column("labels", labels, len(outlines), np.int64, 0)
        some = ~shapely.is_empty(outlines)
        ids = np.flatnonzero(some) + 1
        return cls.of_valid(outlines[some], index[some], ids=ids, size=size, classes=classes)

    @classmethod
    def concat(cls, several: Sequence["Instances"]) -> Self:
        """The objects of several results for the same image, in order.

        Ids stay; where one is taken already the later object gets the next free number above all.
        Raises InputError for an empty sequence, different classes or different sizes.
        """
        if len(several) == 0:
            raise InputError("concat wants at least one Instances, to know size and classes")
        sizes = {part.size for part in several if part.size is not None}
        if len(sizes) > 1 or len({part.classes for part in several}) > 1:
            raise InputError(
                f"only objects of one image and the same classes can be joined, got sizes"
                f" {sorted(sizes)} and classes {sorted({part.classes for part in several})}"
            )
        ids = np.concatenate([part.ids for part in several])
        taken = np.ones(len(ids), dtype=bool)
        taken[np.unique(ids, return_index=True)[1]] = False
        ids[taken] = max(ids.max(initial=0), 0) + 1 + np.arange(taken.sum())
        return cls.of_valid(
            np.concatenate([part.polygons for part in several]),
            labels=np.concatenate([part.labels for part in several]),
            scores=np.concatenate([part.scores for part in several]),
            ids=ids,
            ignore=np.concatenate([part.ignore for part in several]),
            extras=[extra for part in several for extra in part.extras],
            size=next(iter(sizes), None),
            classes=several[0].classes,
        )

    def __len__(self) -> int:
        """How many objects there are."""
        return len(self.polygons)

    def __getitem__(self, which: Any) -> Self:
        """The objects of a slice, a boolean mask, an array of places, or one place: Instances."""
        if isinstance(which, int | np.integer):
            which = [which]
        elif not isinstance(which, slice):
            which = np.asarray(which)
            which = which.astype(np.int64) if which.size == 0 and which.dtype != bool else which
        places = np.arange(len(self))[which]
        return type(self)(
            polygons=self.polygons[places],
            labels=self.labels[places],
            scores=self.scores[places],
            ids=self.ids[places],
            ignore=self.ignore[places],
            extras=tuple(self.extras[i] for i in places),
            size=self.size,
            classes=self.classes,
        )

    def __repr__(self) -> str:
        """One line: how many, of what, in which image."""
        image = "" if self.size is None else f" in {self.size[0]}×{self.size[1]}"
        return f"Instances({len(self)} of {', '.join(self.classes)}{image})"

    @property
    def boxes(self) -> Float[np.ndarray, "k 4"]:
        """Bounding boxes x0, y0, x1, y1 in pixels."""
        return shapely.bounds(self.polygons).reshape(-1, 4)

    @property
    def areas(self) -> Float[np.ndarray, " k"]:
        """Areas in square pixels, holes taken out."""
        return shapely.area(self.polygons)

    def rings(self) -> list[Float[np.ndarray, "_ 2"]]:
        """The outer ring of each object's largest part: open, clockwise, from the top."""
        single = self.polygons.copy()
        several = shapely.get_type_id(single) == shapely.GeometryType.MULTIPOLYGON
        single[several] = [areal.largest_part(polygon) for polygon in single[several]]
        outer = shapely.get_exterior_ring(single)
        points, owner = shapely.get_coordinates(outer, return_index=True)
        ends = np.flatnonzero(np.diff(owner)) + 1
        closed = np.split(points, ends) if len(points) else []
        return [ring.canonical(each[:-1]) for each in closed]

    def replace(self, **changes: Any) -> Self:
        """A checked copy with some fields changed; new polygons are checked too."""
        values = {field.name: getattr(self, field.name) for field in fields(self)} | changes
        return self.of(**values) if "polygons" in changes else self.of_valid(**values)

    def transform(
        self, move: Callable[[Float[np.ndarray, "n 2"]], Float[np.ndarray, "n 2"]]
    ) -> Self:
        """Every point (of holes and parts too) moved by `move`, which maps (n, 2) to (n, 2).

        It is called once with all points. Polygons that become invalid are repaired, objects
        without area afterwards are dropped. `size` stays: `replace` or `clip` it where it changes.
        """
        if len(self) == 0:
            return self
        moved, _ = areal.repair_all(shapely.transform(self.polygons, move))
        return self._with(moved)

    def shift(self, dx: float, dy: float) -> Self:
        """Moved by (dx, dy) pixels; `size` stays, `clip` sets it."""
        return self.transform(lambda points: points + np.array([dx, dy]))

    def scale(self, sx: float, sy: float) -> Self:
        """Coordinates times (sx, sy), as an image resized by these factors; `size` follows.

        Raises InputError for factors that are not above 0.
        """
        if not (sx > 0 and sy > 0):
            raise InputError(f"scale wants factors above 0, got {sx} and {sy}")
        scaled = self.transform(lambda points: points * np.array([sx, sy]))
        if self.size is None:
            return scaled
        return scaled.replace(size=(round(self.size[0] * sy), round(self.size[1] * sx)))

    def clip(self, size: tuple[int, int]) -> Self:
        """Cut to an image of `size` (h, w) at the origin; objects outside are dropped."""
        cut = areal.clip(self.polygons, size)
        return self._with(cut, size=(int(size[0]), int(size[1])))

    def label_image(self, dtype: DTypeLike | None = None) -> Integer[np.ndarray, "h w"]:
        """The ids as pixels, 0 for background; a pixel belongs to whom its centre does.

        Where objects overlap the one with the higher score is on top, of equals the later one; any
        object wins over regions to ignore. Without `dtype` it is uint16, or the smallest wider (or
        signed) type that holds all ids. Raises InputError without `size`, for the id 0 and for ids
        that do not fit.
        """
        if self.size is None:
            raise InputError(
                "a label image needs the image's size; use replace(size=(height, width))"
            )
        if (self.ids == 0).any():
            raise InputError(
                "the id 0 means background in a label image; renumber the objects from 1"
            )
        kind = _smallest(self.ids) if dtype is None else np.dtype(dtype)
        if len(self) and not (
            np.iinfo(kind).min <= self.ids.min() and self.ids.max() <= np.iinfo(kind).max
        ):
            raise InputError(
                f"ids from {self.ids.min()} to {self.ids.max()} do not fit into {kind};"
                f" leave dtype out or renumber the objects"
            )
        order = np.lexsort((np.nan_to_num(self.scores, nan=-1.0), ~self.ignore))  # stable
        found = raster.spans(self.polygons[order], self.size)
        image = np.zeros(self.size, dtype=kind)
        owners = np.repeat(found.owner, found.stop - found.start)
        image.ravel()[raster.pixels(found, self.size[1])] = self.ids[order][owners].astype(kind)
        return image

    def _with(self, polygons: Shaped[np.ndarray, " k"], **values: Any) -> Self:
        """The objects with new valid polygons, less those that became empty."""
        current = {field.name: getattr(self, field.name) for field in fields(self)}
        made = type(self)(**(current | {"polygons": polygons} | values))
        empty = shapely.is_empty(polygons)
        return made[~empty] if empty.any() else made


def _check(found: Instances) -> None:
    """The checks that cost next to nothing; they run on every construction but the bare one."""
    k = len(found)
    if len(found.extras) != k:
        raise InputError(f"extras wants one entry for each of {k} objects, got {len(found.extras)}")
    if len(found.classes) == 0:
        raise InputError("classes wants at least one name, got none")
    if found.size is not None and min(found.size) < 0:
        raise InputError(f"an image's size (height, width) cannot be negative, got {found.size}")
    if k == 0:
        return
    if found.labels.min() < 0 or found.labels.max() >= len(found.classes):
        raise InputError(
            f"labels index the {len(found.classes)} classes {', '.join(found.classes)} from 0,"
            f" got labels from {found.labels.min()} to {found.labels.max()}"
        )
    if (found.scores < 0).any() or (found.scores > 1).any():
        raise InputError("scores must lie in [0, 1] or be NaN where there is none")
    ordered = np.sort(found.ids)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if len(twice):
        raise InputError(f"ids must be unique in an image, got {twice[0]} more than once")


def _check_polygons(polygons: Shaped[np.ndarray, " k"]) -> None:
    kind = shapely.get_type_id(polygons)  # -1 for None; TypeError for what is no geometry
    wrong = ~np.isin(kind, areal.AREAL)
    if wrong.any():
        i = int(np.flatnonzero(wrong)[0])
        name = "nothing" if polygons[i] is None else polygons[i].geom_type
        raise InputError(f"objects are Polygons or MultiPolygons; number {i + 1} is {name}")
    wrong = shapely.is_empty(polygons) | ~shapely.is_valid(polygons)
    if wrong.any():
        i = int(np.flatnonzero(wrong)[0])
        reason = "it is empty" if polygons[i].is_empty else shapely.is_valid_reason(polygons[i])
        raise InputError(
            f"objects must be valid polygons with area; number {i + 1} is not ({reason});"
            f" repair it with kontur.geometry.polygons.repair"
        )


def _object_array(polygons: Sequence[Any] | np.ndarray) -> np.ndarray:
    """A (K,) object array, also of none; a copy."""
    shapes = np.empty(len(polygons), dtype=object)
    shapes[:] = polygons
    return shapes


def _column(
    name: str, values: ArrayLike | None, k: int, dtype: DTypeLike, default: Any
) -> np.ndarray:
    """One value an object, as `dtype`; the default where none are given."""
    if values is None:
        return np.full(k, default, dtype=dtype)
    column = np.array(values)
    if column.shape != (k,):
        raise InputError(
            f"{name} wants one value for each of {k} objects, got shape {column.shape}"
        )
    if k and np.dtype(dtype) == np.int64 and not np.issubdtype(column.dtype, np.integer):
        raise InputError(f"{name} must be integers, got {column.dtype}")
    return column.astype(dtype)


def _shape(image: np.ndarray) -> tuple[int, int]:
    if image.ndim != 2:
        raise InputError(f"a mask or label image is (height, width), got {image.ndim} dimensions")
    return int(image.shape[0]), int(image.shape[1])


def _smallest(ids: Int64[np.ndarray, " k"]) -> np.dtype:
    """uint16 where it holds all ids, else the next wider or signed type."""
    low, high = int(ids.min(initial=0)), int(ids.max(initial=0))
    kinds = (np.uint16, np.uint32) if low >= 0 else (np.int16, np.int32)
    fits = [
        np.dtype(kind) for kind in kinds if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max
    ]
    return fits[0] if fits else np.dtype(np.int64)
