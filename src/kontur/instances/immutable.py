"""Values that refuse to be written to: arrays, and the dicts and lists of foreign files.

`Instances` are shared by predictions, tables and a person who corrects them. A change in
place by one of these would reach the others without a check, so it is refused.
"""

from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np


def read_only(array: np.ndarray) -> np.ndarray:
    """The same numbers as an array that cannot be written to.

    An array that can be written to is copied, so that the caller's stays writable; others are
    shared.
    """
    return made_read_only(array.copy()) if array.flags.writeable else array


def made_read_only(array: np.ndarray) -> np.ndarray:
    """The array itself, from here on read-only; no copy."""
    array.flags.writeable = False
    return array


class FrozenDict(dict[str, Any]):
    """A dict that cannot be changed; it is read, copied and written to files as any other."""

    def __reduce__(self) -> Any:
        return FrozenDict, (dict(self),)


class FrozenList(list[Any]):
    """A list that cannot be changed."""

    def __reduce__(self) -> Any:
        return FrozenList, (list(self),)


def _refuse(self: Any, *_: Any, **__: Any) -> NoReturn:
    raise TypeError("the extras of Instances cannot be changed in place; use replace(extras=…)")


for _name in ("__setitem__", "__delitem__", "__ior__", "clear", "pop", "popitem"):
    setattr(FrozenDict, _name, _refuse)
for _name in ("setdefault", "update"):
    setattr(FrozenDict, _name, _refuse)
for _name in ("__setitem__", "__delitem__", "__iadd__", "__imul__", "append", "clear", "extend"):
    setattr(FrozenList, _name, _refuse)
for _name in ("insert", "pop", "remove", "reverse", "sort"):
    setattr(FrozenList, _name, _refuse)


def frozen(value: Any) -> Any:
    """Nested dicts and lists as ones that refuse to be changed; anything else as it is.

    >>> frozen({"color": [255, 0, 0]}) == {"color": [255, 0, 0]}
    True
    """
    if isinstance(value, FrozenDict | FrozenList):
        return value
    if isinstance(value, Mapping):
        return FrozenDict({key: frozen(item) for key, item in value.items()})
    if isinstance(value, list):
        return FrozenList(frozen(item) for item in value)
    return value
