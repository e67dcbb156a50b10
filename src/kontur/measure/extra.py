"""The packages of the extra `tables`, imported when they are used."""

import importlib
from typing import Any

from kontur.errors import InputError

INSTALL = "pip install 'kontur[tables]'"


def package(name: str) -> Any:
    """The module of this name; raises `InputError` with the command that installs it."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = (error.name or name).partition(".")[0]
        raise InputError(
            f"measuring into tables needs the package {missing}, which is not installed; {INSTALL}"
        ) from None
