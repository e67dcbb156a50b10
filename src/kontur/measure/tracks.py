"""Tracks: what became of each object of a film or a stack, one row each.

The table of measurements has a row for each object in each plane, with the number of its track.
Here each track has its path and the course of its area: along time, and in a stack without times
along depth. Parts of one object on several depths of one time are taken together.
"""

from typing import TYPE_CHECKING

import numpy as np

from kontur.errors import InputError
from kontur.measure.extra import package
from kontur.wording import quoted

if TYPE_CHECKING:
    import pandas as pd

MEANINGS = {
    "track": "number of the track in its image",
    "parent": "number of the track that divided into it and another; empty where none did",
    "first": "plane of its first object: time, or depth in a stack without times",
    "last": "plane of its last object",
    "planes": "number of planes that have an object of it",
    "path_length": "sum of the distances of its centres from plane to plane",
    "displacement": "distance of the last centre from the first",
    "speed": "path length / planes between first and last",
    "area_mean": "mean area",
    "area_first": "area in its first plane",
    "area_last": "area in its last plane",
    "area_growth": "slope of the line through its areas, a plane",
}

MICROMETRES = ("µm", "\u03bcm", "um")  # the sign of micro, the Greek letter, neither
NEEDED = ("image", "track", "t", "x", "y", "area")


def measure_tracks(measured: "pd.DataFrame") -> "pd.DataFrame":
    """A row for each track of each image, in the units of the table of measurements.

    Speed and growth are per plane, NaN for a track of one. Of no objects there are no tracks.
    Raises `InputError` where the objects have none: `kontur predict --page all --link` numbers
    them. In a table made by hand lengths without a unit are in pixels, as those of a file; for
    lengths in µm `attrs` has the `pixel_size`, since centres are in pixels.
    """
    pandas = package("pandas")
    if len(measured):
        _check_columns(measured)
    table = pandas.DataFrame(
        [
            course
            for image, objects in (measured.groupby("image") if len(measured) else ())
            for course in _courses(objects, _pixel_side(measured, str(image)))
        ]
    )
    if table.empty:
        table = pandas.DataFrame(columns=["image", *MEANINGS])
    units = measured.attrs.get("units", {})
    length, area = units.get("perimeter", "px"), units.get("area", "px²")
    table["parent"] = table["parent"].astype("Int64")
    table.attrs = {
        "pixel_size": measured.attrs.get("pixel_size"),
        "meanings": MEANINGS,
        "units": dict.fromkeys(("path_length", "displacement"), length)
        | dict.fromkeys(("area_mean", "area_first", "area_last"), area)
        | {"speed": f"{length}/plane", "area_growth": f"{area}/plane"},
    }
    return table


def _check_columns(measured: "pd.DataFrame") -> None:
    if "track" not in measured or "t" not in measured:
        raise InputError(
            "the outlines have no tracks; kontur predict FILM --page all --link numbers them, of "
            "whose outputs label volumes of NIfTI alone hold none, and kontur measure --page all "
            "measures all planes"
        )
    missing = [name for name in NEEDED if name not in measured]
    if missing:
        raise InputError(
            f"tracks want the columns {', '.join(NEEDED)}; the table lacks {', '.join(missing)}"
        )


def _pixel_side(measured: "pd.DataFrame", image: str) -> float:
    """The side of a pixel of an image in the unit of the table's lengths."""
    unit = measured.attrs.get("units", {}).get("perimeter", "px")
    if unit == "px":
        return 1.0
    if unit not in MICROMETRES:
        raise InputError(f"tracks want lengths in px or µm, and the table's are in {quoted(unit)}")
    of_images = measured.attrs.get("pixel_sizes", {})
    side = measured.attrs.get("pixel_size") or of_images.get(image)
    if side is None:
        raise InputError(
            f"the table does not have the pixel size of {image}, and its lengths are in µm; "
            "measure it again, or give the side of a pixel in µm as attrs['pixel_size']"
        )
    return float(side)


def _courses(objects: "pd.DataFrame", side: float) -> list[dict[str, object]]:
    """What became of each track of one image, a pixel of which has the side `side`."""
    deep = "z" in objects and objects["z"].any()  # without the column, on one depth
    axis = "z" if objects["t"].nunique() == 1 and deep else "t"
    places = objects.assign(
        x=objects["x"] * objects["area"] * side, y=objects["y"] * objects["area"] * side
    ).groupby(["image", "track", axis])[["x", "y", "area"]]  # without those of no track
    steps = places.sum().reset_index()
    steps[["x", "y"]] = steps[["x", "y"]].div(steps["area"], axis=0)
    mothers = objects.groupby("track")["parent"].first() if "parent" in objects else {}
    return [
        _course(of_track, axis, mothers.get(track)) for track, of_track in steps.groupby("track")
    ]


def _course(steps: "pd.DataFrame", axis: str, mother: object) -> dict[str, object]:
    time, area = steps[axis].to_numpy(), steps["area"].to_numpy()
    points = steps[["x", "y"]].to_numpy()
    path = float(np.hypot(*np.diff(points, axis=0).T).sum())
    between = int(time[-1] - time[0])
    centred = time - time.mean()
    return {
        "image": steps["image"].iloc[0],
        "track": int(steps["track"].iloc[0]),
        "parent": mother,
        "first": int(time[0]),
        "last": int(time[-1]),
        "planes": len(time),
        "path_length": path,
        "displacement": float(np.hypot(*(points[-1] - points[0]))),
        "speed": path / between if between else np.nan,
        "area_mean": float(area.mean()),
        "area_first": float(area[0]),
        "area_last": float(area[-1]),
        "area_growth": float((centred * area).sum() / (centred**2).sum()) if between else np.nan,
    }
