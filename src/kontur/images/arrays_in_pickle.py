"""Arrays inside a pickle, and nothing else: no code of a file is ever run.

A pickle names functions to call. Here only the names by which NumPy stores arrays, their types and
numbers are known, and those of paths and times, which are left out. What answers to them is not
NumPy's but ours: it keeps the bytes, of which arrays are made afterwards, when all sizes were
checked. The unpickler is Python's own one written in Python, whose memory follows the file and not
the numbers in it.
"""

import pickle
import re
import struct
from collections import OrderedDict
from io import BytesIO
from typing import Any, NoReturn

import numpy as np

from kontur.errors import reason_of

KINDS = re.compile(r"\|?(?:b1|[iu][1248]|f[248]|[US]\d{1,6}|O8?)")  # of the numbers of an array
DEEPEST = 100  # levels of lists and dicts


class Refused(ValueError):
    """A pickle that is damaged, or holds more than arrays."""


def load(content: bytes) -> Any:
    """The lists, dicts, texts, numbers and arrays of a pickle; `Refused` for any other."""
    try:
        return _plain(_Unpickler(BytesIO(content)).load(), 0)
    except Refused:
        raise
    except (
        *(pickle.UnpicklingError, EOFError, ValueError, TypeError, LookupError, AttributeError),
        *(OverflowError, MemoryError, RecursionError, AssertionError, struct.error),
    ) as error:
        raise Refused(reason_of(error)) from None


class _Unpickler(pickle._Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        known = KNOWN.get((module.replace("numpy._core", "numpy.core"), name))
        if known is None:
            raise Refused(f"it names {module}.{name}, and only arrays are read")
        return known

    def persistent_load(self, pid: Any) -> NoReturn:
        raise Refused("it refers to another file")

    def get_extension(self, code: int) -> NoReturn:
        raise Refused("it names an extension of pickles")


class _DType:
    """The type of an array's numbers; of several fields none."""

    def __init__(self, text: Any, *_: Any) -> None:
        self.text = str(text)
        if not KINDS.fullmatch(self.text):
            raise Refused(f"it holds an array of {self.text[:20]!r}")
        self.big = False

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or state[2:5] != (None, None, None):
            raise Refused("it holds an array of several fields")
        self.big = state[1] == ">"

    def dtype(self) -> np.dtype:
        return np.dtype(self.text).newbyteorder(">" if self.big else "<")


class _Array:
    """An array as stored: its shape, type and bytes, or the objects in it."""

    state: tuple[Any, Any, bool, Any] | None = None

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, fortran, content = state
        self.state = (shape, kind, bool(fortran), content)


class _Reconstruct:
    """`numpy.core.multiarray._reconstruct`: an array that gets its content afterwards."""

    def __new__(cls, *_: Any) -> Any:
        return _Array()

    def __setstate__(self, state: Any) -> NoReturn:
        raise Refused("it is damaged")


class _FromBuffer(_Reconstruct):
    """`numpy.core.numeric._frombuffer`, as later pickles store arrays."""

    def __new__(cls, content: Any, kind: Any, shape: Any, order: Any = "C") -> Any:
        array = _Array()
        array.state = (shape, kind, order == "F", content)
        return array


class _Scalar(_Reconstruct):
    """`numpy.core.multiarray.scalar`: a single number."""

    def __new__(cls, kind: Any, content: Any = b"") -> Any:
        array = _Array()
        array.state = ((), kind, False, content)
        return array


class _Encode(_Reconstruct):
    """`_codecs.encode`, by which old pickles store bytes."""

    def __new__(cls, text: Any, encoding: Any = "latin1") -> Any:
        return str(text).encode("latin1")


class _Other(_Reconstruct):
    """A path or a time, which is None here: nothing is made of it."""

    def __new__(cls, *_: Any) -> Any:
        return None


class _Dict(OrderedDict[Any, Any]):
    def __setstate__(self, state: Any) -> NoReturn:
        raise Refused("it is damaged")


KNOWN: dict[tuple[str, str], type] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _DType,
    ("numpy.core.multiarray", "_reconstruct"): _Reconstruct,
    ("numpy.core.multiarray", "scalar"): _Scalar,
    ("numpy.core.numeric", "_frombuffer"): _FromBuffer,
    ("_codecs", "encode"): _Encode,
    ("collections", "OrderedDict"): _Dict,
    **{("datetime", name): _Other for name in ("datetime", "date", "timedelta", "timezone")},
    **{
        (module, name): _Other
        for module in ("pathlib", "pathlib._local")
        for name in ("PosixPath", "PurePosixPath", "WindowsPath", "PureWindowsPath")
    },
}


def _plain(value: Any, depth: int) -> Any:
    """The value with arrays of NumPy in place of the stored ones."""
    if depth > DEEPEST:
        raise Refused("it is nested too deeply")
    if isinstance(value, _Array):
        return _array(value, depth)
    if isinstance(value, dict):
        return {key: _plain(one, depth + 1) for key, one in value.items() if isinstance(key, str)}
    if isinstance(value, list | tuple):
        return [_plain(one, depth + 1) for one in value]
    return value


def _array(stored: _Array, depth: int) -> Any:
    if stored.state is None:
        raise Refused("an array has no content")
    shape, kind, fortran, content = stored.state
    sides = [side for side in shape if isinstance(side, int) and 0 <= side < 2**40]
    if not isinstance(kind, _DType) or len(sides) != len(shape) or len(sides) > 8:
        raise Refused("an array has no shape or type")
    dtype = kind.dtype()
    if dtype.hasobject:
        objects = _plain(content, depth + 1)
        return objects[0] if sides == [] and len(objects) == 1 else objects
    if len(content) != dtype.itemsize * int(np.prod(sides, dtype=object)):
        raise Refused(f"an array of {'×'.join(map(str, sides))} has {len(content)} bytes")
    flat = np.frombuffer(content, dtype)
    return flat.reshape(sides, order="F" if fortran else "C")
