"""How true perimeters are: discs of known radius, as polygons and as masks, at random places.

The columns are per cent off the truth, mean ± standard deviation: the polygon's own length, ours of
the outline traced from the mask, and scikit-image's two of the mask.
"""

from collections.abc import Sequence

import numpy as np
import shapely
from report import heading, table
from skimage.measure import perimeter, perimeter_crofton

from kontur.geometry.raster import rasterize, trace
from kontur.measure.outlines.object_rings import rings_of, straightened

RADII = (2, 5, 20, 40)
PLACES = 40
POINTS = 2000  # of a disc


def main() -> None:
    heading(f"Perimeters of discs in % off the truth, {PLACES} places each")
    rng = np.random.default_rng(0)
    rows = []
    for radius in RADII:
        off = np.array([_off(rng, radius) for _ in range(PLACES)]) * 100
        cells = [
            f"{m:.1f} ± {s:.1f}" for m, s in zip(off.mean(axis=0), off.std(axis=0), strict=True)
        ]
        rows.append([str(radius), *cells])
    head = ["radius, px", "the polygon", "the mask, here", "`perimeter`", "`perimeter_crofton`"]
    print(table(head, rows))


def _off(rng: np.random.Generator, radius: float) -> Sequence[float]:
    size = (2 * int(radius) + 8,) * 2
    angle = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)
    centre = size[0] / 2 + rng.uniform(-0.5, 0.5, 2)
    disc = shapely.Polygon(centre + radius * np.column_stack([np.cos(angle), np.sin(angle)]))
    mask = rasterize(disc, size)
    lengths = [_ours(disc), _ours(trace(mask)), perimeter(mask), perimeter_crofton(mask)]
    return [length / (2 * np.pi * radius) - 1 for length in lengths]


def _ours(polygon: shapely.Polygon) -> float:
    return float(straightened(rings_of(np.array([polygon], dtype=object))).lengths.sum())


if __name__ == "__main__":
    main()
