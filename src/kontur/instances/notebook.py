"""Instances in a notebook: a small picture of them, how many of what, and the first few."""

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import shapely
from jaxtyping import UInt8

from kontur.display import notebook
from kontur.display.thumbnail import thumbnail
from kontur.instances.colours import object_colours
from kontur.wording import listed, plural, shortened

if TYPE_CHECKING:
    from kontur.instances import Instances

FIRST = 6  # objects in the table
MOST_CLASSES = 5  # in the line of counts


def instances_html(
    instances: "Instances",
    *,
    picture: UInt8[np.ndarray, "_ _ 3"] | None = None,
    about: str = "",
) -> str:
    """HTML of a few kilobytes for any number of objects; `picture` is one of their image.

    `about` is a remark for the heading.
    """
    small = thumbnail(
        instances.polygons, object_colours(instances), _frame(instances), picture=picture
    )
    remark = f"; {about}" if about else ""
    return notebook.block(
        f"{summary(instances)}{remark}",
        [notebook.picture(small, summary(instances)), _table(instances)],
    )


def summary(instances: "Instances") -> str:
    """How many objects of which classes, and in what image, in a line."""
    classes = instances.classes
    size = "" if instances.size is None else f" in {instances.size[0]}×{instances.size[1]} pixels"
    ignored = int(instances.ignore.sum())
    end = f", {ignored} to ignore" if ignored else ""
    if len(classes) == 1:
        return f"{plural(len(instances), shortened(classes[0]))}{size}{end}"
    counts = Counter(instances.labels.tolist()).most_common()
    words = [f"{shortened(classes[label])}: {count:,}" for label, count in counts]
    which = f" ({listed(words, most=MOST_CLASSES)})" if words else ""
    return f"{plural(len(instances), 'object')}{size}{which}{end}"


def _table(instances: "Instances") -> str:
    if len(instances) == 0:
        return ""
    shown = list(instances[:FIRST])
    columns = {
        "id": [one.id for one in shown],
        "class": [one.class_name for one in shown],
        "score": [one.score for one in shown],
        "area": [one.area for one in shown],
    }
    if len(instances.classes) == 1:
        del columns["class"]
    if np.isnan(instances.scores).all():
        del columns["score"]
    rest = len(instances) - FIRST
    below = f"and {rest:,} more; areas in square pixels" if rest > 0 else "areas in square pixels"
    return notebook.table([[*columns], *zip(*columns.values(), strict=True)], below=below)


def _frame(instances: "Instances") -> tuple[int, int]:
    """The (height, width) of the picture: the image's, or as far as outlines reach."""
    if instances.size is not None:
        return instances.size
    if len(instances) == 0:
        return 1, 1
    x1, y1 = np.ceil(shapely.total_bounds(instances.polygons)[2:])
    return max(1, int(y1)), max(1, int(x1))
