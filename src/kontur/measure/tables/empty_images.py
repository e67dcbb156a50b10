"""Images that were measured and have no object, and so no row: their names go with the table.

They are `attrs["images_without_objects"]`, which a Parquet file keeps and a CSV does not.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kontur.wording import counted

if TYPE_CHECKING:
    import pandas as pd

EMPTY_IMAGES = "images_without_objects"


def with_empty_images(table: "pd.DataFrame", measured: Iterable[str]) -> "pd.DataFrame":
    """The same table, its `attrs` naming those of the measured images that have no row in it."""
    listed = {*table["image"].unique()}
    if empty := [name for name in dict.fromkeys(measured) if name not in listed]:
        table.attrs = {**table.attrs, EMPTY_IMAGES: empty}
    return table


def empty_images_notes(table: "pd.DataFrame") -> list[str]:
    """A sentence on images without a row, none where every image has one or nobody knows."""
    empty = table.attrs.get(EMPTY_IMAGES, [])
    if not empty:
        return []
    has, them = ("has", "it") if len(empty) == 1 else ("have", "them")
    return [
        f"{counted(empty, 'image')} {has} no object and so no row: numbers by image or group, "
        f"such as mean counts, leave {them} out"
    ]
