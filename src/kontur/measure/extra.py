"""The packages of the extra `tables`, imported when they are used."""

from typing import Any

from kontur import extra


def package(name: str) -> Any:
    """The module of this name; raises `InputError` with the command that installs it."""
    return extra.package(name, extra="tables", what="measuring into tables")
