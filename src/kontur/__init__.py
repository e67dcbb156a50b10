"""Kontur: images with masks in, a trained network and editable outlines out.

The public names are few and lazy: importing `kontur` takes milliseconds, and nothing heavy is
imported before it is used. Predicting never imports torch.

>>> import kontur
>>> len(kontur.Instances.empty(size=(64, 64), classes=("nucleus",)))
0
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kontur.formats import read, write
    from kontur.infer.load import load
    from kontur.instances import Instances
    from kontur.measure.table import measure
    from kontur.train.run import train

    __version__: str

__all__ = ["Instances", "__version__", "load", "measure", "read", "train", "write"]

_ROOMS = ("measure", "train")  # that can be called
_HOMES = {
    "Instances": "kontur.instances",
    "load": "kontur.infer.load",
    "read": "kontur.formats",
    "write": "kontur.formats",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its room the first time that it is asked for."""
    if name == "__version__":
        value: Any = importlib.import_module("importlib.metadata").version("kontur")
    elif name in _ROOMS:
        value = importlib.import_module(f"kontur.{name}")
    elif name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module 'kontur' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
