"""Films as OME-TIFF of a file for each frame, as Micro-Manager and MetaMorph write them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

OME = "http://www.openmicroscopy.org/Schemas/OME/2016-06"


def save(folder: Path, frames: Sequence[np.ndarray], *, axis: str = "T", **how: Any) -> list[Path]:
    """`f0.ome.tif` and so on, each of which names all of them; `axis` T, Z or C."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"f{number}.ome.tif" for number in range(len(frames))]
    for number in range(len(frames)):
        save_frame(folder, frames, number, axis=axis, **how)
    return files


def save_frame(
    folder: Path, frames: Sequence[np.ndarray], number: int, *, axis: str = "T", **how: Any
) -> None:
    """One file of them."""
    count, (height, width) = len(frames), frames[0].shape
    ids = [f"urn:uuid:0000000{i}-0000-0000-0000-000000000000" for i in range(count)]
    places = "".join(
        f'<TiffData First{axis}="{i}" IFD="0" PlaneCount="1">'
        f'<UUID FileName="f{i}.ome.tif">{ids[i]}</UUID></TiffData>'
        for i in range(count)
    )
    sides = {"X": width, "Y": height, "C": 1, "Z": 1, "T": 1, axis: count}
    words = " ".join(f'Size{side}="{length}"' for side, length in sides.items())
    channels = "".join(f'<Channel ID="Channel:0:{i}"/>' for i in range(sides["C"]))
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?><OME xmlns="{OME}" UUID="{ids[number]}">'
        f'<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" '
        f'Type="{frames[0].dtype}" {words}>{channels}{places}</Pixels></Image></OME>'
    )
    how = {"photometric": "minisblack", **how}
    name = folder / f"f{number}.ome.tif"
    tifffile.imwrite(name, frames[number], description=text, metadata=None, **how)
