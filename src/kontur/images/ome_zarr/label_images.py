"""Label images in a store of OME-Zarr: which there are, and which of them a path names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kontur.errors import InputError
from kontur.images import zarr_store
from kontur.wording import listed

GROUP = "labels"  # in an image


def names_in(path: Path) -> list[str]:
    """The names of the label images in the store of an image; [] where it has none."""
    if not zarr_store.exists(path / GROUP):
        return []
    names = metadata(path / GROUP).get(GROUP)
    inside = [str(name) for name in names] if isinstance(names, list) else []
    inside = [name for name in inside if not {"..", ""} & set(name.split("/"))]
    return [name for name in inside if zarr_store.exists(path / GROUP / name)]


def label_image(place: Path) -> Path:
    """The label image that a path names: itself, or the only one inside of it."""
    if "image-label" in metadata(place):
        return place
    inside = names_in(place)
    if len(inside) > 1:
        raise InputError(
            f"{place} holds the label images {listed(inside)}; name the one you mean, as "
            f"{place}/{GROUP}/{inside[0]}"
        )
    return place / GROUP / inside[0] if inside else place


def metadata(path: Path) -> Mapping[str, Any]:
    """The attributes of a group of a store, as OME-Zarr of any version has them."""
    node = zarr_store.opened(path)
    with zarr_store.reading(path):
        return zarr_store.attributes(node)
