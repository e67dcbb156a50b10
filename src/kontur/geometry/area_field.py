"""Areas that many rings share with regions, by Green's theorem: no ring is ever rasterised.

The area of a region inside a clockwise ring is ∮ F dy around the ring, where F(x, y) is how much of
the region lies left of x in the row of y. F is kept for every region on a fine grid over its own
box, so that an intersection costs a few reads an edge, whatever the size of the object; holes and
parts of a region cost nothing more. What a ring gains where single points of it move is told apart
edge by edge, and the parts sum to the whole.

Exact for the grid's picture of the region: its border is as wide as a cell, a hundredth of the
object's side, so an IoU near 1 comes out up to a hundredth too low where objects are thin, and the
error is some thousandths at 0.8 (`tests/geometry/test_area_field.py`). A ring must not cross
itself: what it encloses twice would count twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np
import shapely
from jaxtyping import Float, Int, Shaped, UInt16
from shapely import MultiPolygon, Polygon

from kontur.geometry import raster

CELLS = 128  # along the side of a square of a region's area
MOST = 1 << 18  # cells of a region, thin and bent ones have many: then they are larger
FINE = 2  # rows and columns of a cell whose centres say how much of it is covered
PARTS = FINE**2  # of a cell: the unit of F
SMALLEST = 1e-12  # square pixels: two empty areas share nothing
READS = 4  # places along an edge at which F is read; at the tip of a worm F is a step


@dataclass(frozen=True, eq=False)
class AreaFields:
    """F of k regions, and which of them each of m rings is compared with.

    Attributes:
        values: in parts of cells, of all regions one behind the other.
        begin: where the region of each ring begins among them.
        grid: its rows and columns.
        corner: the top left of its grid, in pixels.
        cell: the side of its cells, pixels.
        areas: of the region, square pixels.
    """

    values: UInt16[np.ndarray, " v"]
    begin: Int[np.ndarray, " m"]
    grid: Int[np.ndarray, "m 2"]
    corner: Float[np.ndarray, "m 2"]
    cell: Float[np.ndarray, " m"]
    areas: Float[np.ndarray, " m"]

    @classmethod
    def of(cls, regions: Shaped[np.ndarray, " k"]) -> Self:
        """The fields of k polygons or multipolygons, one for each; k may be 0, regions empty."""
        bounds = np.nan_to_num(shapely.bounds(regions)).reshape(-1, 4)
        sides, areas = bounds[:, 2:] - bounds[:, :2], shapely.area(regions)
        cell = np.maximum(np.sqrt(areas) / CELLS, np.sqrt(sides.prod(axis=1) / MOST))
        cell = np.where(cell > 0, cell, 1.0)
        grid = np.maximum(np.ceil(sides / cell[:, None]), 1).astype(np.int64)[:, ::-1]
        drawn = [
            _field(*each) for each in zip(regions, bounds[:, :2], cell, grid.tolist(), strict=True)
        ]
        lengths = np.array([len(field) for field in drawn], np.int64)
        return cls(
            np.concatenate([np.zeros(0, np.uint16), *drawn]),
            np.cumsum(lengths) - lengths,
            grid,
            bounds[:, :2].astype(np.float32),
            cell.astype(np.float32),
            areas.astype(np.float32),
        )

    def __len__(self) -> int:
        """The number of rings that this is ready for."""
        return len(self.begin)

    def take(self, places: Shaped[np.ndarray, " m"]) -> Self:
        """The fields for m rings, by the places (or a mask) of their regions in this."""
        per_ring = ("begin", "grid", "corner", "cell", "areas")
        return replace(self, **{name: getattr(self, name)[places] for name in per_ring})

    def along(
        self, starts: Float[np.ndarray, "m n 2"], ends: Float[np.ndarray, "m n 2"]
    ) -> Float[np.ndarray, "m n"]:
        """∫ F dy along each of n lines of every ring, in square pixels."""
        if starts.shape[1] == 0 or len(starts) == 0:
            return np.zeros(starts.shape[:2], np.float32)
        scale = 1 / self.cell[:, None]
        x0 = (starts[..., 0] - self.corner[:, :1]) * scale
        y0 = (starts[..., 1] - self.corner[:, 1:]) * scale
        dx = (ends[..., 0] - starts[..., 0]) * scale
        dy = (ends[..., 1] - starts[..., 1]) * scale
        read = self._read(x0 + dx * (0.5 / READS), y0 + dy * (0.5 / READS))
        for place in range(1, READS):
            share = (place + 0.5) / READS
            read += self._read(x0 + dx * share, y0 + dy * share)
        return read * dy * (self.cell**2 / (READS * PARTS))[:, None]

    def _read(
        self, x: Float[np.ndarray, "m n"], y: Float[np.ndarray, "m n"]
    ) -> Float[np.ndarray, "m n"]:
        """F at places in cells, linear across a cell; 0 above and below the grid."""
        rows, columns = self.grid[:, :1], self.grid[:, 1:]
        row = y.astype(np.int32)
        inside = (y >= 0) & (row < rows)
        x = np.minimum(np.maximum(x, 0), columns.astype(np.float32))
        column = np.minimum(x.astype(np.int32), columns - 1)
        x -= column
        place = (row * (columns + 1) + column + self.begin[:, None]) * inside
        # No place is outside of `values`, and to clip it is the fast mode.
        left = self.values.take(place, mode="clip").astype(np.float32)
        right = self.values.take(place + 1, mode="clip").astype(np.float32)
        return (left + (right - left) * x) * inside


class Overlap(NamedTuple):
    """What m rings of n points share with their regions, in square pixels.

    Attributes:
        edges: ∫ F dy along each edge, from a point to the next; their sum is the shared area.
        turns: ∫ x dy along each edge, from the ring's first point; their sum is the ring's area.
        region: the area of each ring's region.
    """

    edges: Float[np.ndarray, "m n"]
    turns: Float[np.ndarray, "m n"]
    region: Float[np.ndarray, " m"]

    @property
    def shared(self) -> Float[np.ndarray, " m"]:
        """The area of the intersection."""
        return self.edges.sum(axis=1)

    @property
    def joined(self) -> Float[np.ndarray, " m"]:
        """The area of the union."""
        return self.turns.sum(axis=1) + self.region - self.shared

    @property
    def iou(self) -> Float[np.ndarray, " m"]:
        """Intersection over union, 0 to 1; 0 where both are empty."""
        return np.clip(self.shared / np.maximum(self.joined, SMALLEST), 0, 1)

    def less(self, inner: "Overlap") -> "Overlap":
        """The same of the area between these rings and others inside of them."""
        return Overlap(self.edges - inner.edges, self.turns - inner.turns, self.region)


class Swept(NamedTuple):
    """What the edges of m rings passed over when their points moved, in square pixels.

    Attributes:
        shared: of the region; gained is positive.
        area: of everything.
    """

    shared: Float[np.ndarray, "m n"]
    area: Float[np.ndarray, "m n"]

    def less(self, inner: "Swept") -> "Swept":
        """The same of the area between these rings and others inside of them."""
        return Swept(self.shared - inner.shared, self.area - inner.area)


def overlap(fields: AreaFields, rings: Float[np.ndarray, "m n 2"]) -> Overlap:
    """What clockwise rings that do not cross themselves share with their regions; m may be 0."""
    ends = following(rings)
    edges = fields.along(rings, ends)
    return Overlap(edges, area_under(rings, ends, rings[:, :1]), fields.areas)


def swept(
    fields: AreaFields,
    rings: Float[np.ndarray, "m n 2"],
    before: Overlap,
    moved: Float[np.ndarray, "m n 2"],
    after: Overlap,
) -> Swept:
    """What each edge passed over: ∮ F dy around the quadrilateral from where it was to where it is.

    Two edges that meet share a side of their quadrilaterals, so the sum is what the ring gained.
    """
    across = fields.along(rings, moved)
    shared = after.edges - before.edges + across - following(across)
    origin = rings[:, :1]
    across = area_under(rings, moved, origin)
    turns = area_under(moved, following(moved), origin)
    return Swept(shared, turns - before.turns + across - following(across))


def gains(before: Overlap, after: Overlap, swept: Swept) -> Float[np.ndarray, "m n"]:
    """The part of the gain in IoU that each point brought; a ring's parts sum to its whole gain.

    I'/U' - I/U = (ΔI U - I ΔU) / (U U') is linear in what each edge passed over. A point has half
    of what each of its two edges brought.
    """
    shared, joined = before.shared[:, None], np.maximum(before.joined, SMALLEST)[:, None]
    edges = (swept.shared * joined - shared * (swept.area - swept.shared)) / joined
    edges /= np.maximum(after.joined, SMALLEST)[:, None]
    return (edges + np.roll(edges, 1, axis=1)) / 2


def following(values: Shaped[np.ndarray, "m n *d"]) -> Shaped[np.ndarray, "m n *d"]:
    """Of each point of a ring the next one's."""
    return np.concatenate([values[:, 1:], values[:, :1]], axis=1)


def area_under(
    starts: Float[np.ndarray, "m n 2"],
    ends: Float[np.ndarray, "m n 2"],
    origin: Float[np.ndarray, "m 1 2"],
) -> Float[np.ndarray, "m n"]:
    """∫ x dy along each line, x from an origin: around a clockwise ring its area."""
    x = (starts[..., 0] + ends[..., 0]) / 2 - origin[..., 0]
    return x * (ends[..., 1] - starts[..., 1])


def _field(
    region: Polygon | MultiPolygon,
    corner: Float[np.ndarray, " 2"],
    cell: float,
    grid: Sequence[int],
) -> UInt16[np.ndarray, " v"]:
    """F of a region at the places between its cells, row by row, in parts of cells."""
    rows, columns = grid
    size = rows * FINE, columns * FINE
    local = shapely.transform(region, lambda points: (points - corner) * (FINE / cell))
    runs = raster.spans(np.array([local]), size)
    rise = np.zeros((size[0], size[1] + 1), np.int32)
    rise[runs.row, runs.start] = 1  # from here on F rises, and from the end of the run no more;
    np.subtract.at(rise, (runs.row, runs.stop), 1)  # a run may begin where another one ends
    covered = np.cumsum(rise, axis=1)[:, :-1].reshape(rows, FINE, columns, FINE)
    field = np.zeros((rows, columns + 1), np.uint16)
    np.cumsum(covered.sum(axis=(1, 3)), axis=1, out=field[:, 1:])
    return field.ravel()
