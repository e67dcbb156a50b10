"""Smooth random bending of an image together with its contours.

The displacement is a cubic B-spline over a coarse grid of random arrows, so it has a value at every
point, not only at pixels. It is the backward map: the result at p shows the source at p + u(p).
Contours go forward: a source point p moves to the q with q + u(q) = p, found by iterating
q ← p - u(q), which converges because the bending is limited (`MAX_BEND`). At the border the
displacement has no component across it, so that the canvas is mapped onto itself: nothing enters
from outside, and what the border cut stays cut there. After Simard et al., 2003, whose field is
white noise smoothed by a Gaussian.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from jaxtyping import Float, Int64, Num

from kontur.data.sample import Sample
from kontur.instances import Instances

EDGE = 2.0  # pixels: contours are given points at most so far apart, so that they can bend
MAX_BEND = 0.2  # of the grid spacing: larger arrows could fold the plane (from 0.25 on)
ITERATIONS = 30  # of the inversion, at most
PRECISION = 1e-3  # pixels at which the inversion stops


@dataclass(frozen=True)
class Elastic:
    """Bends by arrows of up to `amplitude` pixels on a grid with cells of `spacing` pixels.

    The amplitude is cut to a fifth of the spacing, so that nothing folds. Small arrows on a coarse
    grid look like living tissue; arrows on a fine grid look like a broken window.
    """

    amplitude: float = 6.0
    spacing: float = 48.0

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        height, width = sample.size
        field = DisplacementField.random(rng, sample.size, self.amplitude, self.spacing)
        grid_x, grid_y = np.arange(width) + 0.5, np.arange(height) + 0.5
        across, down = field.on_grid(grid_x, grid_y)
        image = bilinear(sample.image, grid_x + across, grid_y[:, None] + down)
        return sample.replace(image=image, instances=_bend(sample.instances, field))


@dataclass(frozen=True)
class DisplacementField:
    """A displacement in pixels: the (x, y) arrows of a B-spline on a grid of cells.

    Arrow `[i, j]` belongs to the grid point ((j - 1) · cell width, (i - 1) · cell height).
    """

    arrows: Float[np.ndarray, "rows columns 2"]
    cell: tuple[float, float]  # (height, width) in pixels

    @classmethod
    def random(
        cls, rng: np.random.Generator, size: tuple[int, int], amplitude: float, spacing: float
    ) -> "DisplacementField":
        """Even random arrows on about `spacing` pixels, with none across the border."""
        cells = [max(1, round(side / spacing)) for side in size]
        cell = (size[0] / cells[0], size[1] / cells[1])
        reach = min(amplitude, MAX_BEND * min(cell))
        arrows = rng.uniform(-reach, reach, (cells[0] + 3, cells[1] + 3, 2))
        # at the border the spline is (c[0] + 4 c[1] + c[2]) / 6: this makes it 0
        for part, last in ((arrows[..., 0].T, cells[1]), (arrows[..., 1], cells[0])):
            part[1] = part[last + 1] = 0
            part[0], part[last + 2] = -part[2], -part[last]
        return cls(arrows, cell)

    def on_grid(
        self, x: Float[np.ndarray, " w"], y: Float[np.ndarray, " h"]
    ) -> Float[np.ndarray, "2 h w"]:
        """The displacement at every crossing of columns `x` and rows `y`."""
        row, down = _basis(y / self.cell[0], self.arrows.shape[0])
        column, across = _basis(x / self.cell[1], self.arrows.shape[1])
        arrows = self.arrows.transpose(2, 0, 1)
        bands = np.sum([across[j] * arrows[:, :, column + j] for j in range(4)], axis=0)
        result = np.zeros((2, len(y), len(x)))
        for i in range(4):
            result += down[i][:, None] * bands[:, row + i]
        return result

    def at(self, points: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
        """The displacement at any points of the canvas (those outside take the border's)."""
        row, down = _basis(points[:, 1] / self.cell[0], self.arrows.shape[0])
        column, across = _basis(points[:, 0] / self.cell[1], self.arrows.shape[1])
        columns = self.arrows.shape[1]
        flat, place = self.arrows.reshape(-1, 2), row * columns + column
        result = np.zeros_like(points)
        for i in range(4):
            for j in range(4):
                weight = down[i] * across[j]
                result += weight[:, None] * flat.take(place + (i * columns + j), axis=0)
        return result

    def forward(self, points: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
        """Where source points come to lie: the q with q + u(q) = p."""
        moved = points
        for _ in range(ITERATIONS):
            previous, moved = moved, points - self.at(moved)
            if np.abs(moved - previous).max(initial=0) < PRECISION:
                break
        return moved


def bilinear(
    image: Num[np.ndarray, "h w c"], x: Float[np.ndarray, "h2 w2"], y: Float[np.ndarray, "h2 w2"]
) -> Num[np.ndarray, "h2 w2 c"]:
    """The image between its pixel centres at points (x, y); the border's pixels go on outside."""
    height, width, channels = image.shape
    x = np.clip(x - 0.5, 0, width - 1).astype(np.float32)
    y = np.clip(y - 0.5, 0, height - 1).astype(np.float32)
    left, top = x.astype(np.int32), y.astype(np.int32)
    across, down = (x - left)[..., None], (y - top)[..., None]
    right = np.minimum(left + 1, width - 1)
    upper, lower = top * width, np.minimum(top + 1, height - 1) * width
    pixels = image.reshape(-1, channels)
    a, b = pixels.take(upper + left, axis=0), pixels.take(upper + right, axis=0)
    c, d = pixels.take(lower + left, axis=0), pixels.take(lower + right, axis=0)
    first = a + (b - a.astype(np.float32)) * across
    second = c + (d - c.astype(np.float32)) * across
    result = first + (second - first) * down
    return (np.rint(result) if image.dtype.kind in "ui" else result).astype(image.dtype)


def _bend(instances: Instances, field: DisplacementField) -> Instances:
    if len(instances) == 0:
        return instances
    dense = instances.replace(polygons=shapely.segmentize(instances.polygons, EDGE))
    assert instances.size is not None
    limit = np.array(instances.size[::-1], dtype=float)
    return dense.transform(lambda points: np.clip(field.forward(points), 0, limit))


def _basis(
    position: Float[np.ndarray, " n"], count: int
) -> tuple[Int64[np.ndarray, " n"], tuple[Float[np.ndarray, " n"], ...]]:
    """The first of four coefficients that act at a position in cells, and their weights."""
    first = np.clip(np.floor(position).astype(np.int64), 0, count - 4)
    t = np.clip(position - first, 0, 1)
    return first, (
        (1 - t) ** 3 / 6,
        (3 * t**3 - 6 * t**2 + 4) / 6,
        (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6,
        t**3 / 6,
    )
