"""What the text formats share: JSON in and out, outlines from numbers, mending them openly.

Foreign outlines may cross themselves or have no area. They are repaired or left out, never in
silence: one line of logging (`kontur.formats`) says how many of which file.
"""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import shapely
from jaxtyping import Bool, Shaped
from shapely import MultiPolygon, Polygon

from kontur.errors import InputError
from kontur.formats import atomic
from kontur.geometry import polygons as areal
from kontur.instances import Instances

log = logging.getLogger("kontur.formats")


class Entry(NamedTuple):
    """One image of a file of several: its name as written there, (h, w) or None, its objects."""

    file_name: str
    size: tuple[int, int] | None
    instances: Instances


def load(path: str | Path) -> Any:
    """The content of a JSON file; raises `InputError` where it is missing or not JSON."""
    text = load_text(path)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if not text.strip():
            raise InputError(f"{path} is empty; wanted JSON") from None
        raise InputError(
            f"{path} is not JSON or is cut short: {error.msg} in line {error.lineno}, "
            f"column {error.colno}"
        ) from None
    except RecursionError:
        raise InputError(f"{path} is nested too deeply to be a file of outlines") from None


def load_text(path: str | Path) -> str:
    """The text of a UTF-8 file, a byte order mark at its start left out; `InputError` else."""
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"there is no file {path}") from None
    except IsADirectoryError:
        raise InputError(f"wanted a file, but {path} is a folder") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not text in UTF-8 (byte {error.start})") from None


def dump(path: str | Path, content: Any, *, overwrite: bool = True) -> None:
    """Write JSON whole or not at all, floats with all their digits."""
    text = json.dumps(content, ensure_ascii=False, separators=(", ", ": "))
    atomic.write_text(path, text + "\n", overwrite=overwrite)


def polygon(rings: Sequence[Any]) -> Polygon | None:
    """A polygon of an outer ring and holes, each of `[x, y, …]` points, open or closed.

    Not checked for validity; None where the outer ring has fewer than three points. Raises
    ValueError where the numbers are none.
    """
    points = [_points(ring) for ring in rings]
    if not points or len(points[0]) < 3:
        return None
    return Polygon(points[0], [hole for hole in points[1:] if len(hole) >= 3])


def mend(
    shapes: Sequence[Polygon | MultiPolygon | None], where: str | Path
) -> tuple[Shaped[np.ndarray, " k"], Bool[np.ndarray, " n"]]:
    """The valid polygons of the shapes, and which of the shapes these are; says what it changed."""
    array = np.empty(len(shapes), dtype=object)
    array[:] = [Polygon() if shape is None else shape for shape in shapes]
    mended, broken = areal.repair_all(array)
    kept = ~shapely.is_empty(mended) & (shapely.area(mended) > 0)
    repaired, lost = int((broken & kept).sum()), int((~kept).sum())
    if repaired:
        log.warning(
            "%s: %d of %d outlines crossed themselves: repaired", where, repaired, len(kept)
        )
    if lost:
        log.warning("%s: %d of %d objects have no area: left out", where, lost, len(kept))
    return mended[kept], kept


def check_count(objects: Sequence[Any], names: Sequence[Any], where: str | Path) -> None:
    """Raise `InputError` where there is not a name for each of the objects."""
    if len(objects) != len(names):
        raise InputError(
            f"{where} has {len(objects)} objects and there are rows for {len(names)}; they are not "
            "of the same outlines"
        )


def pick(entries: Sequence[Entry], image: str | None, where: str | Path) -> Entry:
    """The entry of one image, by its name with or without folder and ending.

    None picks the only one. Raises `InputError` where that is not one entry.
    """
    names = [entry.file_name for entry in entries]
    found = list(entries)
    if image is not None:
        for part in (str, _last, _stem):  # the whole name first
            found = [entry for entry in entries if part(entry.file_name) == part(image)]
            if found:
                break
    if len(found) == 1:
        return found[0]
    listed = ", ".join(names[:5]) + (" …" if len(names) > 5 else "") if names else "none"
    if image is None:
        raise InputError(
            f"{where} describes {len(names)} images ({listed}); wanted one: name it with --image "
            "NAME (in Python image=NAME)"
        )
    problem = "does not describe" if not found else f"describes {len(found)} times"
    raise InputError(f"{where} {problem} the image {image}; it has {listed}")


def _last(name: str) -> str:
    return Path(name).name


def _stem(name: str) -> str:
    return Path(name).stem


def _points(ring: Any) -> Shaped[np.ndarray, "n 2"]:
    """Points as (n, 2), heights left out, the last left out where it repeats the first."""
    points = np.asarray(ring, dtype=np.float64)
    if points.size == 0:
        return np.empty((0, 2))
    if points.ndim != 2 or points.shape[1] < 2:
        raise ValueError("wanted points [x, y]")
    points = points[:, :2]
    return points[:-1] if len(points) > 1 and (points[0] == points[-1]).all() else points
