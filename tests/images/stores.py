"""Stores of OME-Zarr as other programs write them, drawn by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import zarr

UNIT = {"unit": "micrometer"}


def save(
    path: Path,
    pixels: np.ndarray,
    axes: str,
    *,
    version: str = "0.4",
    side: float | None = 0.25,
    levels: int = 1,
    omero: list[str] | None = None,
) -> Path:
    """An image with levels of half the size each, the side of a pixel `side` µm."""
    form = 3 if version == "0.5" else 2
    types = {"t": "time", "c": "channel"}
    words = [
        {"name": a, "type": types.get(a, "space"), **(UNIT if side and a in "yx" else {})}
        for a in axes
    ]
    datasets = [
        {
            "path": f"s{i}",
            "coordinateTransformations": [
                {"type": "scale", "scale": [(side or 1) * 2**i if a in "yx" else 1 for a in axes]}
            ],
        }
        for i in range(levels)
    ]
    scales: dict[str, Any] = {"axes": words, "datasets": datasets}
    attributes: dict[str, Any] = {"multiscales": [scales]}
    if omero:
        attributes["omero"] = {"channels": [{"label": name} for name in omero]}
    if form == 2:
        scales["version"] = version
    else:
        attributes = {"ome": {"version": version, **attributes}}
    group = zarr.create_group(str(path), zarr_format=form, attributes=attributes)
    for i in range(levels):
        step = tuple(slice(None, None, 2**i if a in "yx" else 1) for a in axes)
        part = pixels[step]
        level = group.create_array(
            f"s{i}",
            shape=part.shape,
            dtype=part.dtype,
            chunks=tuple(min(n, 16) for n in part.shape),
            chunk_key_encoding={"name": "v2" if form == 2 else "default", "separator": "/"},
            dimension_names=None if form == 2 else list(axes),
        )
        level[...] = part
    return path


def zipped(store: Path) -> Path:
    """The same store as an archive beside it."""
    import zipfile

    archive = store.with_name(f"{store.name}.zip")
    with zipfile.ZipFile(archive, "w") as target:
        for file in sorted(store.rglob("*")):
            if file.is_file():
                target.write(file, file.relative_to(store).as_posix())
    return archive
