"""The columns of our tables, and those in which others write outlines."""

from kontur.formats.object_rows import PLANE

MEASURED = ("x", "y", "area", "left", "top", "right", "bottom")  # x and y are the centroid's
COLUMNS = (
    *("image", "id", "class", "score", "ignore", *MEASURED),
    *("image_height", "image_width", "outline"),
)
EXTRAS = "csv"  # the key of what other columns say of an object
OUTLINES = ("outline", "geometry", "wkt", "wkb")  # columns of outlines; the first that is there


def is_other(column: str) -> bool:
    """Whether a column is neither ours nor one of outlines, and has a name."""
    return bool(column) and column not in (*COLUMNS, *PLANE) and column.lower() not in OUTLINES
