"""Instances: the objects of one image, the one type that crosses rooms.

Polygons with holes and parts, each with a label, a score, an id and whether evaluation ignores it.
Coordinates are those of the image: (x, y) pixels, the image covering [0, W] × [0, H]. Nothing here
knows a file format or a model. Values never change in place, and cannot: every method returns a
new one, and the arrays refuse to be written to.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import shapely
from jaxtyping import Bool, Float, Int64, Integer, Shaped
from numpy.typing import ArrayLike, DTypeLike
from shapely import MultiPolygon, Polygon

from kontur.errors import InputError
from kontur.geometry import polygons as areal
from kontur.geometry.ragged_rings import RaggedRings, canonical
from kontur.instances import checks, label_image
from kontur.instances.chunked_array import ChunkedArray
from kontur.instances.geo_frame import geo_frame
from kontur.instances.immutable import FrozenDict, frozen, made_read_only, read_only
from kontur.instances.instance import Instance
from kontur.instances.notebook import instances_html
from kontur.instances.plane import Plane
from kontur.instances.plot import WIDTH, plot

CLASSES = ("object",)  # of files and models that do not name theirs
NO_EXTRAS = FrozenDict()  # the extras of an object that has none
COLUMNS = ("labels", "scores", "ids", "ignore")
OTHER_FIELDS = ("extras", "size", "classes", "plane")  # fields that are no arrays


@dataclass(frozen=True, eq=False)
class Instances:
    """K objects of one image. Build it with `of`, which checks; this constructor trusts.

    `polygons` are valid shapely Polygons or MultiPolygons with area; `labels` index `classes`;
    `scores` are in [0, 1], NaN where there is none; `ids` are unique and stay with their object;
    `ignore` marks crowds and unsure regions; `extras` keep what another program's file holds and we
    do not read; `size` is the image's (height, width), None where a file does not give it; `plane`
    its plane in a stack, None where that is unknown. None of them can be written to; `outlines`
    hold the polygons so that an edit shares the others.
    """

    outlines: ChunkedArray
    labels: Int64[np.ndarray, " k"]
    scores: Float[np.ndarray, " k"]
    ids: Int64[np.ndarray, " k"]
    ignore: Bool[np.ndarray, " k"]
    extras: tuple[FrozenDict, ...]
    size: tuple[int, int] | None
    classes: tuple[str, ...]
    plane: Plane | None = None

    def __post_init__(self) -> None:
        for name in COLUMNS:
            object.__setattr__(self, name, read_only(getattr(self, name)))

    def __reduce__(self) -> Any:
        """Pickled through the constructor: arrays come back from a pickle as writable ones."""
        names = (*COLUMNS, *OTHER_FIELDS)
        values = tuple(getattr(self, name) for name in names)
        return _unpickled, (type(self), self.polygons, *values)

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
        shapes = checks.object_array(polygons)
        checks.check_polygons(shapes)
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
        return cls._checked(
            ChunkedArray.of(polygons), labels, scores, ids, ignore, extras, size, classes
        )

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
        outlines, ids, index = label_image.objects_of(image, labels)
        size = label_image.shape(image)
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

        The id is the mask's number, from 1; an empty mask makes no object and its id stays unused.
        `labels` has a class index per mask; `size` is needed only for an empty list. Raises
        InputError for masks of different sizes.
        """
        outlines, size = label_image.objects_of_masks(masks, size)
        index = checks.column("labels", labels, len(outlines), np.int64, 0)
        filled = ~shapely.is_empty(outlines)
        ids = np.flatnonzero(filled) + 1
        return cls.of_valid(outlines[filled], index[filled], ids=ids, size=size, classes=classes)

    @classmethod
    def concat(cls, several: Sequence["Instances"]) -> Self:
        """The objects of several Instances of the same image, in order.

        Ids stay; where one occurs again the later object gets the next free number above all. The
        plane is kept where all parts that have one agree. Raises InputError for an empty sequence,
        different classes or different sizes.
        """
        if len(several) == 0:
            raise InputError("concat needs at least one Instances, to know size and classes")
        sizes = {part.size for part in several if part.size is not None}
        if len(sizes) > 1 or len({part.classes for part in several}) > 1:
            raise InputError(
                f"only objects of one image and the same classes can be joined, got sizes"
                f" {sorted(sizes)} and classes {sorted({part.classes for part in several})}"
            )
        planes = {part.plane for part in several if part.plane is not None}
        joined = cls.of_valid(
            np.concatenate([part.polygons for part in several]),
            labels=np.concatenate([part.labels for part in several]),
            scores=np.concatenate([part.scores for part in several]),
            ids=checks.with_unique_ids(np.concatenate([part.ids for part in several])),
            ignore=np.concatenate([part.ignore for part in several]),
            extras=[extra for part in several for extra in part.extras],
            size=next(iter(sizes), None),
            classes=several[0].classes,
        )
        return replace(joined, plane=planes.pop() if len(planes) == 1 else None)

    def __len__(self) -> int:
        """How many objects there are."""
        return len(self.outlines)

    def __getitem__(self, selected: Any) -> Self:
        """The objects of a slice, a boolean mask, an array of indices, or one index: Instances.

        Raises InputError for an index that is given twice: its id would not be unique.
        """
        if isinstance(selected, int | np.integer):
            selected = [selected]
        elif not isinstance(selected, slice):
            selected = np.asarray(selected)
            if selected.size == 0 and selected.dtype != bool:
                selected = selected.astype(np.int64)
        indices = np.arange(len(self))[selected]
        checks.check_indices(indices, len(self))
        return replace(
            self,
            outlines=ChunkedArray.of(self.polygons[indices]),
            **{name: getattr(self, name)[indices] for name in COLUMNS},
            extras=tuple(self.extras[i] for i in indices),
        )

    def __iter__(self) -> Iterator[Instance]:
        """Each object by itself, its fields by name."""
        columns = (getattr(self, name).tolist() for name in COLUMNS)
        for polygon, label, score, number, ignore, extra in zip(
            self.polygons, *columns, self.extras, strict=True
        ):
            yield Instance(polygon, label, self.classes[label], score, number, ignore, extra)

    def __repr__(self) -> str:
        """One line: how many, of what, in which image."""
        image = "" if self.size is None else f" in {self.size[0]}×{self.size[1]}"
        return f"Instances({len(self)} of {', '.join(self.classes)}{image})"

    def _repr_html_(self) -> str:
        """A thumbnail and the first few objects, for a notebook."""
        return instances_html(self)

    @property
    def polygons(self) -> Shaped[np.ndarray, " k"]:
        """Valid shapely Polygons or MultiPolygons with area; the array cannot be written to."""
        return self.outlines.array

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
        return self.ragged_rings().split()

    def ragged_rings(self) -> RaggedRings:
        """The same rings in one array."""
        single = self.polygons.copy()
        several = shapely.get_type_id(single) == shapely.GeometryType.MULTIPOLYGON
        single[several] = [areal.largest_part(polygon) for polygon in single[several]]
        outer = shapely.get_exterior_ring(single)
        closed = shapely.get_num_coordinates(outer)  # the first point again at the end
        points = np.delete(shapely.get_coordinates(outer), np.cumsum(closed) - 1, axis=0)
        return canonical(RaggedRings(points, closed - 1))

    def replace(self, **changes: Any) -> Self:
        """A checked copy with some fields changed; polygons that are new are checked too."""
        names = ("polygons", *COLUMNS, *OTHER_FIELDS)
        if unknown := sorted(set(changes) - set(names)):
            raise TypeError(f"Instances have no field {unknown[0]!r}; they have {', '.join(names)}")
        outlines = self.outlines
        if "polygons" in changes:
            shapes = checks.object_array(changes.pop("polygons"))
            checks.check_polygons(shapes, known=self.polygons)
            outlines = ChunkedArray.of(made_read_only(shapes))
        values = {name: getattr(self, name) for name in names[1:]} | changes
        return self._checked(outlines, **values)

    def with_polygon(self, index: int, polygon: Any) -> Self:
        """The same objects with another outline, which is checked, of the one at `index`.

        The cost does not grow with the number of objects, for all others are shared with this
        value, which stays as it was: keeping it is an undo. Raises InputError for a polygon that is
        not valid or has no area, and for an index out of range.
        """
        index = checks.check_index(index, len(self))
        checks.check_polygons(checks.object_array([polygon]), first=index)
        return replace(self, outlines=self.outlines.with_value(index, polygon))

    def polygon(self, index: int) -> Polygon | MultiPolygon:
        """The outline of one object, without making an array of all of them."""
        outline: Polygon | MultiPolygon = self.outlines[checks.check_index(index, len(self))]
        return outline

    def index_of(self, object_id: int) -> int:
        """The index of the object with this id. Raises InputError where there is none."""
        indices = np.flatnonzero(self.ids == object_id)
        if len(indices) == 0:
            raise InputError(f"none of the {len(self)} objects has the id {object_id}")
        return int(indices[0])

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
            raise InputError(f"scale needs factors above 0, got {sx} and {sy}")
        scaled = self.transform(lambda points: points * np.array([sx, sy]))
        if self.size is None:
            return scaled
        return scaled.replace(size=(round(self.size[0] * sy), round(self.size[1] * sx)))

    def clip(self, size: tuple[int, int]) -> Self:
        """Cut to an image of `size` (h, w) at the origin; objects outside are dropped."""
        cut = areal.clip(self.polygons, size)
        return self._with(cut, size=(int(size[0]), int(size[1])))

    def label_image(self, dtype: DTypeLike | None = None) -> Integer[np.ndarray, "h w"]:
        """The ids as pixels, 0 for background; a pixel is of the object that covers its centre.

        Where objects overlap the one with the higher score is on top, of equals the later one; any
        object wins over regions to ignore. Without `dtype` it is uint16, or the smallest wider (or
        signed) type that holds all ids. Raises InputError without `size`, for the id 0 and for ids
        that do not fit.
        """
        if self.size is None:
            raise InputError(
                "a label image needs the image's size; use replace(size=(height, width))"
            )
        return label_image.label_image(
            self.polygons,
            self.ids,
            scores=self.scores,
            ignore=self.ignore,
            size=self.size,
            dtype=dtype,
        )

    def plot(
        self, image: Any = None, *, axes: Any = None, width: float = WIDTH, fill: float = 0.0
    ) -> Any:
        """Draw the outlines on matplotlib's axes, over their image if it is given.

        `image` is an array (h, w), (h, w, c) or (c, h, w), or one that was read; `axes` are the
        current ones by default; lines are `width` points wide, `fill` is the opacity inside.
        Returns the axes. Raises InputError for an image of another size.
        """
        return plot(self, image, axes=axes, width=width, fill=fill)

    def to_geopandas(self) -> Any:
        """A GeoDataFrame, a row an object: id, class, score, area, ignore, geometry in pixels."""
        return geo_frame(self)

    def _with(self, polygons: Shaped[np.ndarray, " k"], **values: Any) -> Self:
        """The objects with new valid polygons, less those that became empty."""
        made = replace(self, outlines=ChunkedArray.of(polygons), **values)
        empty = shapely.is_empty(polygons)
        return made[~empty] if empty.any() else made

    @classmethod
    def _checked(
        cls,
        outlines: ChunkedArray,
        labels: ArrayLike | None,
        scores: ArrayLike | None,
        ids: ArrayLike | None,
        ignore: ArrayLike | None,
        extras: Sequence[Mapping[str, Any]] | None,
        size: tuple[int, int] | None,
        classes: Sequence[str],
        plane: Plane | None = None,
    ) -> Self:
        """Instances of valid outlines, all other values checked."""
        k = len(outlines)
        if extras is not None and len(extras) != k:
            raise InputError(f"extras needs one entry for each of {k} objects, got {len(extras)}")
        made = cls(
            outlines=outlines,
            labels=checks.column("labels", labels, k, np.int64, 0),
            scores=checks.column("scores", scores, k, np.float64, np.nan),
            ids=np.arange(1, k + 1) if ids is None else checks.column("ids", ids, k, np.int64, 0),
            ignore=checks.column("ignore", ignore, k, np.bool_, False),
            extras=(NO_EXTRAS,) * k if extras is None else tuple(map(frozen, extras)),
            size=checks.check_size(size),
            classes=checks.class_names(classes),
            plane=plane,
        )
        checks.check_columns(made.labels, made.scores, made.ids, made.classes)
        return made


def _unpickled(cls: type[Instances], polygons: np.ndarray, *fields: Any) -> Instances:
    return cls(ChunkedArray.of(made_read_only(polygons)), *fields)
