"""Well-known text: an outline as a cell of a table holds it, `POLYGON ((x y, …), (hole))`.

After OGC 06-103r4. Rings are closed; decimals as in `rounding`. Well-known binary as hexadecimal
digits, which databases write into such cells, is read too.
"""

import re
from collections.abc import Sequence

import numpy as np
import shapely
from jaxtyping import Shaped
from shapely import GeometryCollection, MultiPolygon, Polygon

from kontur.formats.rounding import DECIMALS, rounded
from kontur.geometry.polygons import rings_of

AREAS = ("POLYGON", "MULTIPOLYGON", "GEOMETRYCOLLECTION")
LONGEST = 20  # letters of the name of a kind of geometry
BINARY = re.compile(r"\s*0[01][0-9A-Fa-f]{8}")  # the byte order and the kind of a binary outline


def to_texts(polygons: Shaped[np.ndarray, " k"]) -> list[str]:
    """The text of every outline, rounded.

    >>> to_texts(np.array([shapely.box(0, 0, 1 / 3, 1)]))
    ['POLYGON ((0.333 0, 0.333 1, 0 1, 0 0, 0.333 0))']
    """
    coarse = rounded(polygons)
    points, owner = shapely.get_coordinates(coarse, return_index=True)
    fine = np.zeros(len(coarse), dtype=bool)  # those that rounding would have destroyed
    fine[owner[(np.round(points, DECIMALS) != points).any(axis=1)]] = True
    texts = shapely.to_wkt(coarse, rounding_precision=DECIMALS).tolist() if len(coarse) else []
    for i in np.flatnonzero(fine):
        texts[i] = _all_digits(coarse[i])
    return texts


def from_texts(
    texts: Sequence[str],
) -> list[Polygon | MultiPolygon | GeometryCollection | None]:
    """The unchecked outline of every text, heights left out; of binary ones too.

    A collection stays one: `collected_areas` makes an outline of it.

    None for the text of another kind of geometry. Raises ValueError with the place of a text that
    is none or is cut short.
    """
    texts = [_from_digits(text, place) for place, text in enumerate(texts)]
    areal = np.array([text.lstrip()[:LONGEST].upper().startswith(AREAS) for text in texts], bool)
    wanted = np.array([*texts, ""], dtype=object)[:-1]  # objects: equally wide ones take room
    shapes = np.full(len(texts), None, dtype=object)
    if areal.any():
        with np.errstate(all="ignore"):  # numbers that overflow are infinite, and left out later
            shapes[areal] = shapely.force_2d(shapely.from_wkt(wanted[areal], on_invalid="ignore"))
    known = ("POINT", "LINESTRING", "MULTIPOINT", "MULTILINESTRING")
    for place, (text, shape) in enumerate(zip(texts, shapes, strict=True)):
        if shape is None and (
            areal[place] or not text.lstrip()[:LONGEST].upper().startswith(known)
        ):
            raise ValueError(place)
    return list(shapes)


def _from_digits(text: str, place: int) -> str:
    """The text of a binary outline; any other as it is. ValueError with the place as above."""
    if not BINARY.match(text):
        return text
    shape = shapely.from_wkb(text.strip(), on_invalid="ignore")
    if shape is None:
        raise ValueError(place)
    return str(shapely.to_wkt(shape, rounding_precision=-1))


def _all_digits(polygon: Polygon | MultiPolygon) -> str:
    """The text with all digits; shapely's has 16 decimals, too few for small numbers."""
    parts = [
        ", ".join(f"({', '.join(f'{x!r} {y!r}' for x, y in ring.tolist())})" for ring in part)
        for part in rings_of(polygon)
    ]
    if polygon.geom_type == "Polygon":
        return f"POLYGON ({parts[0]})"
    return f"MULTIPOLYGON ({', '.join(f'({part})' for part in parts)})"
