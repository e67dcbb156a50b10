"""Files of NIfTI, written here byte by byte after nifti1.h and nifti2.h."""

import gzip
import struct
from pathlib import Path

import numpy as np
from jaxtyping import Shaped

CODES = {
    **{"u1": 2, "i2": 4, "i4": 8, "f4": 16, "f8": 64, "i1": 256, "u2": 512, "u4": 768},
    **{"i8": 1024, "u8": 1280, "c8": 32},
}
MM, UM = 2, 3
SECONDS = 8


def header(
    shape: tuple[int, ...],
    code: int,
    *,
    order: str = "<",
    version: int = 1,
    scale: tuple[float, float] = (0.0, 0.0),
    sides: tuple[float, ...] = (1.0, 1.0, 1.0),
    units: int = 0,
    offset: int | None = None,
    magic: bytes | None = None,
) -> bytes:
    """A header of a volume of `shape` (i, j, k, t), and the four bytes behind it."""
    size = 348 if version == 1 else 540
    content = bytearray(size + 4)

    def put(place: int, form: str, *values: float | bytes) -> None:
        struct.pack_into(order + form, content, place, *values)

    dim = [len(shape), *shape, *[1] * (7 - len(shape))]
    pixdim = [1.0, *sides, *[0.0] * (7 - len(sides))]
    offset = size + 4 if offset is None else offset
    put(0, "i", size)
    if version == 1:
        put(40, "8h", *dim)
        put(70, "h", code)
        put(76, "8f", *pixdim)
        put(108, "3f", offset, *scale)
        put(123, "B", units)
        put(344, "4s", magic or b"n+1\0")
    else:
        put(4, "8s", magic or b"n+2\0\r\n\x1a\n")
        put(12, "h", code)
        put(16, "8q", *dim)
        put(104, "8d", *pixdim)
        put(168, "q", offset)
        put(176, "2d", *scale)
        put(500, "i", units)
    return bytes(content)


def volume(array: Shaped[np.ndarray, "..."], *, order: str = "<", **given: object) -> bytes:
    """The file of an array `[i, j, k, t]`, whose first axis runs fastest as in all of NIfTI."""
    code = CODES[f"{array.dtype.kind}{array.dtype.itemsize}"]
    voxels = array.astype(array.dtype.newbyteorder(order)).tobytes(order="F")
    return header(array.shape, code, order=order, **given) + voxels  # type: ignore[arg-type]


def write(path: Path, array: Shaped[np.ndarray, "..."], **given: object) -> Path:
    """Write an array as a file of NIfTI, compressed where it is called so."""
    content = volume(array, **given)  # type: ignore[arg-type]
    path.write_bytes(gzip.compress(content) if path.name.endswith(".gz") else content)
    return path
