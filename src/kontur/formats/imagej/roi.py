"""One ROI of ImageJ and Fiji: its area, name, place and colours, through the package roifile.

ImageJ counts from the corner of the first pixel, as inside: nothing is shifted. An outline is a
polygon, of integers where it has no others, else of sub-pixel numbers of single precision; an
object with holes or parts is a composite, a path of rings that is filled by the even-odd rule.
What Kontur knows beside stands in the ROI's properties, which ImageJ keeps. After ImageJ's
`RoiDecoder` and `RoiEncoder`.
"""

import functools
import itertools
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import shapely
from jaxtyping import Float, Shaped
from shapely import MultiPolygon, Polygon

from kontur import extra
from kontur.errors import reason_of
from kontur.formats.coordinates import rings_of
from kontur.formats.ellipse import UNIT_CIRCLE
from kontur.formats.rounding import DECIMALS
from kontur.geometry import polygons as areal
from kontur.instances.plane import Plane

OWN = "kontur."  # before the names of our properties
SMALLEST, LARGEST = -5000, 60535  # integer coordinates that ImageJ's 16 bits hold
MOVE, LINE, QUADRATIC, CUBIC, CLOSE = range(5)  # the words of a path
NUMBERS = {MOVE: 2, LINE: 2, QUADRATIC: 4, CUBIC: 6, CLOSE: 0}  # that follow each
STEPS = np.linspace(0, 1, 17)[1:, None]  # of a curve that becomes straight lines
AREAS = ("POLYGON", "FREEHAND", "TRACED", "RECT", "OVAL")
NO_AREAS = {  # of `ROI_TYPE`, as words
    **{"LINE": "line", "FREELINE": "line", "POLYLINE": "line", "ANGLE": "angle"},
    **{"POINT": "point", "NOROI": "nothing"},
}
KEPT = ("stroke_color", "fill_color", "stroke_width", "float_stroke_width", "group", "c_position")
ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}  # of properties, as Java writes them
ESCAPED = re.compile(r"\\u[0-9a-f]{4}(?:\\u[0-9a-f]{4})?|\\[\\nr]")


class Roi(NamedTuple):
    """A ROI as read: the rings of its area, or what it is instead, and all that is kept of it."""

    name: str
    rings: Sequence[np.ndarray]
    without: str | None
    plane: Plane | None
    own: Mapping[str, str]  # Kontur's properties
    rest: dict[str, Any]


def roifile() -> ModuleType:
    """The package; `InputError` with what to do where it is not installed."""
    module: ModuleType = extra.package("roifile", extra="imagej", what="a file of ImageJ ROIs")
    return module


def from_bytes(data: bytes, name: str) -> Roi:
    """The ROI in these bytes, called `name` where it has no name of its own.

    Raises ValueError where the bytes are none or are cut short.
    """
    try:
        roi = roifile().ImagejRoi.frombytes(data)
        without = _without_area(roi)
        rings = [] if without else _area(roi)
    except (*(struct.error, TypeError, ValueError, LookupError, OverflowError), RuntimeError) as e:
        raise ValueError(reason_of(e)) from None
    properties = dict(_properties(roi.props))
    own = {key.removeprefix(OWN): value for key, value in properties.items() if key.startswith(OWN)}
    rest = {key: _plain(getattr(roi, key)) for key in KEPT if getattr(roi, key) not in (0, NONE)}
    others = {key: value for key, value in properties.items() if not key.startswith(OWN)}
    if others:
        rest["properties"] = others
    rest["name"] = name = roi.name or name
    return Roi(name, rings, without, _plane(roi), own, rest)


def outlines(polygons: Shaped[np.ndarray, " k"]) -> Iterator[list[np.ndarray]]:
    """The open rings of each outline, whose coordinates are rounded; holes run the other way.

    So any rule of filling fits a path of them.
    """
    rings = rings_of(shapely.orient_polygons(polygons))
    owner = rings.outline[rings.part]
    for first, last in itertools.pairwise(np.searchsorted(owner, np.arange(len(polygons) + 1))):
        starts = rings.starts[first : last + 1].tolist()
        yield [rings.points[a : b - 1] for a, b in itertools.pairwise(starts)]


def to_bytes(
    rings: Sequence[np.ndarray],
    name: str,
    plane: Plane | None,
    own: Mapping[str, str],
    rest: Mapping[str, Any],
) -> bytes:
    """The ROI of the rings of an outline, see `outlines`; what was read of it in `rest`.

    The `name` is one of `short_letters`.
    """
    module = roifile()
    kept = {key: _packed(rest[key]) for key in KEPT if key in rest}
    properties = {**rest.get("properties", {}), **{OWN + key: value for key, value in own.items()}}
    points = rings[0] if len(rings) == 1 else np.concatenate(rings)
    low, high = np.floor(points.min(axis=0)).tolist(), np.ceil(points.max(axis=0)).tolist()
    box = [min(max(int(side), SMALLEST), LARGEST) for side in (*low, *high)]
    roi = module.ImagejRoi(
        name=name,
        props="".join(f"{key}: {_escaped(value)}\n" for key, value in properties.items()),
        left=box[0],
        top=box[1],
        right=box[2],
        bottom=box[3],
        **kept,
        **_position(plane),
    )
    if len(rings) == 1:
        roi.roitype = module.ROI_TYPE.POLYGON
        roi.n_coordinates = len(points)
        whole = np.round(points)
        roi.integer_coordinates = whole.astype(np.int32) - box[:2]
        if (whole != points).any() or points.min() < SMALLEST or points.max() > LARGEST:
            roi.options = module.ROI_OPTIONS.SUB_PIXEL_RESOLUTION
            roi.subpixel_coordinates = points.astype(np.float32)
    else:
        roi.roitype = module.ROI_TYPE.RECT
        roi.multi_coordinates = np.concatenate([_path(ring) for ring in rings])
        roi.shape_roi_size = len(roi.multi_coordinates)
    return roi.tobytes()


NONE = b"\0\0\0\0"  # a colour that is not set


def _without_area(roi: Any) -> str | None:
    if roi.subtype.name in ("TEXT", "IMAGE", "ARROW"):
        return roi.subtype.name.lower()
    kind = roi.roitype.name
    return None if kind in AREAS else NO_AREAS.get(kind, "unknown kind")


def _area(roi: Any) -> list[np.ndarray]:
    """The rings of a ROI's area; curves as straight lines."""
    if roi.roitype.name in ("RECT", "OVAL") and not roi.composite:
        return [_box(roi)]
    if roi.composite and roi.multi_coordinates is None:
        raise ValueError("it is a composite without a path")
    if roi.composite:
        return _rings(_decimal(roi.multi_coordinates))
    if roi.subpixel_coordinates is not None:
        return [_decimal(roi.subpixel_coordinates)]
    return [roi.integer_coordinates + np.array([roi.left, roi.top], dtype=np.float64)]


def _box(roi: Any) -> np.ndarray:
    """A rectangle, perhaps with round corners, or an ellipse."""
    if roi.subpixelrect:
        x0, y0, width, height = (float(v) for v in (roi.xd, roi.yd, roi.widthd, roi.heightd))
    else:
        x0, y0, width, height = roi.left, roi.top, roi.right - roi.left, roi.bottom - roi.top
    if not (np.isfinite([x0, y0, width, height]).all() and width > 0 and height > 0):
        return np.empty((0, 2))
    if roi.roitype.name == "OVAL":
        return np.round((1 + UNIT_CIRCLE) / 2 * [width, height] + [x0, y0], DECIMALS)
    corner = min(roi.rounded_rect_arc_size / 2, width / 2, height / 2)
    box = shapely.box(x0 + corner, y0 + corner, x0 + width - corner, y0 + height - corner)
    return np.round(shapely.get_coordinates(box.buffer(corner) if corner > 0 else box), DECIMALS)


def _rings(path: Float[np.ndarray, " n"]) -> list[np.ndarray]:
    """The rings of a path, each open; ValueError where it is none."""
    rings: list[list[float]] = []  # of x, y, x, y …
    numbers, at = path.tolist(), 0
    while at < len(numbers):
        word = int(numbers[at]) if numbers[at] in NUMBERS else -1
        after = at + 1 + NUMBERS.get(word, 0)
        if word < 0 or after > len(numbers) or (not rings and word != MOVE):
            raise ValueError("its path is damaged")
        if word == MOVE:
            rings.append(numbers[at + 1 : after])
        elif word == LINE:
            rings[-1] += numbers[at + 1 : after]
        elif word != CLOSE:
            controls = [*rings[-1][-2:], *numbers[at + 1 : after]]
            rings[-1] += _curve(np.array(controls).reshape(-1, 2)).ravel().tolist()
        at = after
    return [np.array(ring).reshape(-1, 2) for ring in rings]


def _curve(controls: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "steps 2"]:
    """Points of a Bézier curve after its first one."""
    between = [controls[None, i] for i in range(len(controls))]
    while len(between) > 1:  # de Casteljau
        pairs = itertools.pairwise(between)
        between = [left * (1 - STEPS) + right * STEPS for left, right in pairs]
    return np.round(between[0], DECIMALS)


def areas(rois: Sequence[Roi]) -> list[Polygon | MultiPolygon | None]:
    """The unchecked area of every ROI; None of those that have none.

    Of several rings one inside another is a hole, and one inside that a part (even-odd). Rings that
    do not cross are kept as they are.
    """
    owner = np.array([i for i, roi in enumerate(rois) for _ in roi.rings], dtype=np.int64)
    rings = [ring for roi in rois for ring in roi.rings]
    sound = [len(ring) > 2 and bool(np.isfinite(ring).all()) for ring in rings]
    owner, rings = owner[sound], [ring for ring, good in zip(rings, sound, strict=True) if good]
    lengths = [len(ring) for ring in rings]
    points = np.concatenate([np.empty((0, 2)), *rings])
    lines = shapely.linearrings(points, indices=np.repeat(np.arange(len(rings)), lengths))
    filled = shapely.polygons(lines)
    number = np.bincount(owner, minlength=len(rois))
    first = np.cumsum(number) - number
    shapes = np.full(len(rois), None, dtype=object)
    shapes[[not roi.without for roi in rois]] = Polygon()
    shapes[number == 1] = filled[first[number == 1]]
    pairs = np.flatnonzero(number == 2)
    donuts = shapely.polygons(lines[first[pairs]], holes=lines[first[pairs] + 1][:, None])
    shapes[pairs] = donuts
    crossing = pairs[~shapely.is_valid(donuts)]
    for i in [*crossing, *np.flatnonzero(number > 2)]:
        shapes[i] = _even_odd(filled[first[i] : first[i] + number[i]])
    return list(shapes)


def _even_odd(filled: Shaped[np.ndarray, " n"]) -> Polygon | MultiPolygon:
    valid, _ = areal.repair_all(filled)
    inner, outer = shapely.STRtree(valid).query(valid, predicate="covered_by")
    inner, outer = inner[inner != outer], outer[inner != outer]
    depth = np.bincount(inner, minlength=len(valid))
    parts = []
    for i in np.flatnonzero(depth % 2 == 0):
        holes = [filled[j].exterior for j in inner[outer == i] if depth[j] == depth[i] + 1]
        parts.append(Polygon(filled[i].exterior, holes))
    area = MultiPolygon(parts) if len(parts) != 1 else parts[0]
    if area.is_valid:
        return area
    return functools.reduce(shapely.symmetric_difference, valid)


def _path(ring: np.ndarray) -> np.ndarray:
    """The words of a closed path along a ring."""
    steps = np.empty((len(ring), 3), dtype=np.float32)
    steps[:, 0] = LINE
    steps[0, 0] = MOVE
    steps[:, 1:] = ring
    return np.append(steps.ravel(), np.float32(CLOSE))


def _decimal(numbers: np.ndarray) -> np.ndarray:
    """Single-precision numbers with the few decimals that were written, where they are these."""
    exact = numbers.astype(np.float64)
    short = np.round(exact, DECIMALS) + 0.0
    return np.where(short.astype(np.float32) == numbers, short, exact)


def _plane(roi: Any) -> Plane | None:
    """The plane that a ROI is shown on; positions count from 1, and 0 is every one."""
    if roi.z_position > 0 or roi.t_position > 0:
        return Plane(max(roi.z_position - 1, 0), max(roi.t_position - 1, 0))
    return Plane(t=roi.position - 1) if roi.position > 0 else None


def _position(plane: Plane | None) -> dict[str, int]:
    """Where ImageJ shows it: the frame of a plain stack, or depth and time of a hyperstack."""
    if plane is None:
        return {}
    if plane.z == 0:
        return {"position": plane.t + 1}
    return {"z_position": plane.z + 1, "t_position": plane.t + 1}


def _properties(text: str) -> list[tuple[str, str]]:
    lines = [line.partition(":") for line in text.splitlines() if ":" in line]
    return [(key.strip(), _unescaped(value.strip())) for key, _, value in lines]


def _escaped(text: str) -> str:
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    return "".join(
        ESCAPES.get(letter, letter) if _is_short(letter) else _units(letter) for letter in text
    )


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    plain = {escape: letter for letter, escape in ESCAPES.items()}

    def letter(match: re.Match[str]) -> str:
        units = match[0]
        if units in plain:
            return plain[units]
        content = bytes.fromhex(units.replace("\\u", ""))
        return content.decode("utf-16-be", "surrogatepass")

    return ESCAPED.sub(letter, text)


def short_letters(name: str) -> str:
    """A name without the letters that roifile miscounts, such as emojis."""
    if name.isascii():
        return name
    return "".join(letter if _is_short(letter) else "\ufffd" for letter in name)


def _is_short(letter: str) -> bool:
    """Whether a letter is one 16-bit unit; roifile takes all letters for such."""
    return ord(letter) < 0x10000 and not 0xD800 <= ord(letter) < 0xE000


def _units(letter: str) -> str:
    content = letter.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{content[at : at + 4]}" for at in range(0, len(content), 4))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, bytes) else value


def _packed(value: Any) -> Any:
    return bytes(value) if isinstance(value, Sequence) else value
