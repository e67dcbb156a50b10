"""The header of a label volume: that of its image, with other numbers in the voxels, or a new one.

An image's place in space (qform, sform, sides, units), its version and its byte order stay, so that
programs lay the labels over it. Extensions are left out: they are words about the image. After
nifti1.h and nifti2.h.
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from kontur.images.nifti.header import BYTES, EXTENSION, FIELDS, MAGIC, STORED, UNITS, header_start

CODES = {kind: code for code, (kind, samples) in STORED.items() if samples == 1}
LONGEST_1 = 2**15 - 1  # pixels of an axis in NIfTI-1
ALIGNED = 2  # to other coordinates than those of a scanner: what nibabel writes of an affine
MICROMETRE = next(code for code, unit in UNITS.items() if unit == 1)
_NAMES = ["size", "bits", "shown", "intent", "intent_code", "intent_name", "auxiliary"]
MORE: dict[int, Any] = {  # fields that are no labels', and those that `nifti.header` need not read
    1: {
        "names": _NAMES,
        "formats": ["i4", "i2", "(2,)f4", "(3,)f4", "i2", "S16", "S24"],
        "offsets": [0, 72, 124, 56, 68, 328, 228],
        "itemsize": 348,
    },
    2: {
        "names": _NAMES,
        "formats": ["i4", "i2", "(2,)f8", "(3,)f8", "i4", "S16", "S24"],
        "offsets": [0, 14, 192, 80, 504, 508, 320],
        "itemsize": 540,
    },
}


def of_image(image: bytes, kind: np.dtype[Any], dim: Sequence[int] | None = None) -> bytes:
    """The header of labels of an integer type that lie over an image with this header.

    `dim` are the number of axes and their lengths, where labels have fewer axes than the image.
    """
    size, order = header_start(image)
    known = {} if dim is None else {"dim": dim}
    return _filled(image[:size], BYTES[size], order, kind, known, {})


def of_planes(
    axes: str, shape: Sequence[int], pixel_size: float | None, kind: np.dtype[Any]
) -> bytes:
    """The header of labels of their own, at the origin; axes as in `NiftiHeader`, a side in µm.

    Voxels are as deep as a pixel is wide, since nothing says how far planes are apart.
    """
    counts = dict(zip(axes, shape, strict=True))
    sides = [counts["X"], counts["Y"], counts.get("Z", 1), counts.get("T", 1)]
    used = 4 if sides[3] > 1 else 3
    version = 1 if max(sides) <= LONGEST_1 else 2
    size = next(size for size, one in BYTES.items() if one == version)
    side = 1.0 if pixel_size is None else pixel_size
    known = {
        "dim": [used, *sides, 1, 1, 1],
        "pixdim": [1.0, side, side, side, 1.0, 1.0, 1.0, 1.0],
        "units": 0 if pixel_size is None else MICROMETRE,
        "sform": ALIGNED,
        "srow": np.eye(3, 4) * side,
    }
    place, magic, _ = MAGIC[version]
    empty = bytes(place) + magic
    return _filled(empty.ljust(size, b"\0"), version, "<", kind, known, {"size": size})


def _filled(
    start: bytes,
    version: int,
    order: Literal["<", ">"],
    kind: np.dtype[Any],
    known: dict[str, Any],
    more: dict[str, Any],
) -> bytes:
    content = bytearray(start + bytes(EXTENSION))
    voxels = {
        **{"datatype": CODES[kind.str[1:]], "offset": len(content), "slope": 1, "intercept": 0},
        **known,
    }
    no_image = {"shown": 0, "intent": 0, "intent_code": 0, "intent_name": b"", "auxiliary": b""}
    more = {"bits": 8 * kind.itemsize, **no_image, **more}
    for layouts, values in ((FIELDS, voxels), (MORE, more)):
        layout: np.dtype[Any] = np.dtype(layouts[version])
        fields = np.frombuffer(content, layout.newbyteorder(order), count=1)[0]
        for name, value in values.items():
            fields[name] = value
    return bytes(content)
