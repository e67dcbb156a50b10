"""The packages that tables need and the base installation does not have, imported when used."""

import importlib
from typing import Any

from kontur.errors import InputError

INSTALL = "pip install 'kontur[tables]'"


def package(name: str) -> Any:
    """An imported module; raises `InputError` on how to install what is missing."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = (error.name or name).partition(".")[0]
        raise InputError(
            f"measuring into tables needs the package {missing}, which is not installed; {INSTALL}"
        ) from None
