"""The header of NIfTI-1 and NIfTI-2: what lies in a volume, where, and what its numbers mean.

Its axes are those of space, i, j and k, and time; i runs fastest in the file. After nifti1.h and
nifti2.h. A pair of files, as Analyze has it, is refused: half of it is easily lost. nibabel, which
the tests compare with, would take 30 lines from here and be an extra to install before any volume
is read: what is NIfTI, what is refused and what a pixel measures would still be told by this file.
"""

import math
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from kontur.errors import InputError
from kontur.images.nifti_names import ONE_FILE

BYTES = {348: 1, 540: 2}  # of a header, and its version
LONGEST = max(BYTES)
EXTENSION = 4  # bytes behind a header that say whether extensions follow
FIELDS: dict[int, Any] = {  # the first of voxels, from qform on of their place in space
    version: {
        "names": [
            "dim", "datatype", "pixdim", "offset", "slope", "intercept", "units",
            "qform", "quaternion", "corner", "sform", "srow",
        ],
        "formats": formats, "offsets": offsets, "itemsize": size,
    }
    for version, size, formats, offsets in (
        (
            1, 348,
            ["8i2", "i2", "8f4", "f4", "f4", "f4", "u1", "i2", "3f4", "3f4", "i2", "(3,4)f4"],
            [40, 70, 76, 108, 112, 116, 123, 252, 256, 268, 254, 280],
        ),
        (
            2, 540,
            ["8i8", "i2", "8f8", "i8", "f8", "f8", "i4", "i4", "3f8", "3f8", "i4", "(3,4)f8"],
            [16, 12, 104, 168, 176, 184, 500, 344, 352, 376, 348, 400],
        ),
    )
}  # fmt: skip
MAGIC = {1: (344, b"n+1\0", b"ni1\0"), 2: (4, b"n+2\0\r\n\x1a\n", b"ni2\0\r\n\x1a\n")}
STORED = {  # by code: the type of a number, and how many a voxel has
    **{2: ("u1", 1), 256: ("i1", 1), 4: ("i2", 1), 512: ("u2", 1), 8: ("i4", 1), 768: ("u4", 1)},
    **{1024: ("i8", 1), 1280: ("u8", 1), 16: ("f4", 1), 64: ("f8", 1)},
    **{128: ("u1", 3), 2304: ("u1", 4)},  # red, green, blue, and alpha
}
REFUSED = {
    **{32: "complex numbers", 1792: "complex numbers", 2048: "complex numbers"},
    **{1: "single bits", 1536: "floats of 128 bits"},
}
UNITS = {1: 1e6, 2: 1e3, 3: 1.0}  # µm, by the lowest three bits of the units
SPACE = 7
AXES = "XYZT"


class NiftiHeader(NamedTuple):
    """What a header says: one letter an axis, slowest first, as long as `shape`.

    `stored` is the type of a number as it lies in the file, `samples` how many a voxel has, from
    `offset` bytes on. The value is `slope` times it plus `intercept`. `sides` are those of a pixel
    in µm along x and y; () where no unit is given. `affine_sides` are those by the affine (sform),
    () where it has none; programs that go by it measure with them.
    """

    axes: str
    shape: tuple[int, ...]
    stored: np.dtype[Any]
    samples: int
    offset: int
    slope: float
    intercept: float
    sides: tuple[float, ...]
    affine_sides: tuple[float, ...]

    @property
    def plane_bytes(self) -> int:
        """The bytes of a plane in the file."""
        return math.prod(self.shape[-2:]) * self.samples * self.stored.itemsize

    @property
    def bytes(self) -> int:
        """The bytes of the content up to the end of the last plane."""
        return self.offset + math.prod(self.shape[:-2]) * self.plane_bytes


def is_header(start: bytes) -> bool:
    """Whether the first bytes of a file, or of its unpacked content, are a header of NIfTI.

    >>> is_header(b"II*\\0"), is_header(b"\\x5c\\x01\\0\\0" + bytes(340) + b"n+1\\0")
    (False, True)
    """
    version = BYTES.get(header_start(start)[0])
    return version is not None and _magic(start, version) in MAGIC[version][1:]


def parse(start: bytes, path: Path) -> NiftiHeader:
    """The header at the beginning of a file, `LONGEST` bytes of it or all that there are.

    Raises `InputError` for what is no NIfTI, for half of a pair, for more than four axes, for
    complex numbers and where offset or scale make no sense; `ValueError` where it is cut short.
    """
    size, order = header_start(start)
    version = BYTES.get(size)
    if version is None:
        raise InputError(
            f"{path} is named as a NIfTI volume and is none: it begins with the bytes "
            f"{start[:4].hex(' ') or '(none, it is empty)'}; copy or export it again"
        )
    if len(start) < size:
        raise ValueError(f"its header has {len(start)} of {size} bytes")
    magic = _magic(start, version)
    if magic != MAGIC[version][1]:
        if magic == MAGIC[version][2] or (version == 1 and not magic.strip(b"\0")):
            kind = "NIfTI" if magic.strip(b"\0") else "Analyze"
            raise InputError(f"{path} is the heading of a pair of files of {kind}; {ONE_FILE}")
        raise InputError(
            f"{path} is damaged or no NIfTI volume: it has {magic[:4]!r} in the place of "
            f"n+{version}; copy or export it again"
        )
    fields = fields_of(start)
    axes, shape = _axes(fields["dim"], path)
    code = int(fields["datatype"])
    if code not in STORED:
        what = REFUSED.get(code, f"numbers of the unknown type {code}")
        raise InputError(f"{path} holds {what}, which Kontur does not read; save it as float32")
    kind, samples = STORED[code]
    slope, intercept = _scale(fields, samples, path)
    unit = UNITS.get(int(fields["units"]) & SPACE)
    steps = np.linalg.norm(fields["srow"].astype(float), axis=0)
    sides, affine_sides = (
        () if unit is None else tuple(unit * float(side) for side in stated)
        for stated in (fields["pixdim"][1:3], steps[:2] if fields["sform"] > 0 else ())
    )
    return NiftiHeader(
        *(axes, shape, np.dtype(kind).newbyteorder(order), samples),
        *(_offset(float(fields["offset"]), size, path), slope, intercept, sides),
        affine_sides,
    )


def fields_of(start: bytes) -> np.void:
    """The values of a whole header by the names of `FIELDS`."""
    size, order = header_start(start)
    layout: np.dtype[Any] = np.dtype(FIELDS[BYTES[size]])
    fields: np.void = np.frombuffer(start, layout.newbyteorder(order), count=1)[0]
    return fields


def header_start(start: bytes) -> tuple[int, Literal["<", ">"]]:
    """The size that a header gives itself, by which its byte order is known."""
    little, big = int.from_bytes(start[:4], "little"), int.from_bytes(start[:4], "big")
    return (big, ">") if big in BYTES else (little, "<")


def _magic(start: bytes, version: int) -> bytes:
    place, word, _ = MAGIC[version]
    return start[place : place + len(word)]


def _axes(dim: Any, path: Path) -> tuple[str, tuple[int, ...]]:
    count = int(dim[0])
    if not 1 <= count <= 7:
        raise ValueError(f"its header has {count} axes")
    sides = [int(side) for side in dim[1 : count + 1]]
    while len(sides) > 2 and sides[-1] == 1:
        sides.pop()
    shape = " × ".join(map(str, sides))
    if min(sides) < 1:
        raise InputError(f"{path} has no pixels: its shape is {shape}")
    if len(sides) > len(AXES):
        raise InputError(
            f"{path} has {len(sides)} axes ({shape}), and those of a volume are x, y, z and time; "
            "save one component of it as a volume of its own"
        )
    sides += [1] * (2 - len(sides))
    return AXES[: len(sides)][::-1], tuple(sides[::-1])


def _scale(fields: np.void, samples: int, path: Path) -> tuple[float, float]:
    """Slope and intercept; 1 and 0 where the slope is 0 or no number, and of colours."""
    slope, intercept = float(fields["slope"]), float(fields["intercept"])
    if samples > 1 or slope == 0 or not math.isfinite(slope):
        return 1.0, 0.0
    if not math.isfinite(intercept):
        raise _contradiction(path, f"its scale has the intercept {intercept}")
    return slope, intercept


def _offset(offset: float, size: int, path: Path) -> int:
    """Where the voxels begin; never at 0, where nibabel takes the header itself for voxels."""
    first = size + EXTENSION
    if not (math.isfinite(offset) and offset >= first and offset == int(offset)):
        problem = f"its voxels begin at the byte {offset:g}, and its header has {first}"
        raise _contradiction(path, problem)
    return int(offset)


def _contradiction(path: Path, problem: str) -> InputError:
    return InputError(f"{path} is damaged or cut short ({problem}); copy or export it again")
