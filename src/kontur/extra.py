"""The packages of extras, imported when they are used."""

import importlib
from typing import Any

from kontur.errors import InputError, reason_of


def package(name: str, *, extra: str, what: str) -> Any:
    """The module of this name; raises `InputError` with the command that installs or mends it."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = (error.name or name).partition(".")[0]
        raise InputError(
            f"{what} needs the package {missing}, which is not installed; "
            f"pip install 'kontur[{extra}]'"
        ) from None
    except (ImportError, OSError) as error:  # its compiled library is missing or another system's
        reason = reason_of(error)
        raise InputError(
            f"{what} needs the package {name}, which does not load here ({reason}); "
            f"pip install --force-reinstall 'kontur[{extra}]'"
        ) from error
