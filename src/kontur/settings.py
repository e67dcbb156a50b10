"""Settings: frozen pydantic models that reject unknown keys and name the nearest valid one.

A run is described by one TOML file; `--set model.points=64` overrides a field of it.
"""

import difflib
import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self, get_args

import pydantic

from kontur.errors import InputError


class Settings(pydantic.BaseModel):
    """The parent of every config: frozen, no unknown keys, no silent conversions of meaning."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    # keys of older versions, and what they are called today, dotted where nested
    RENAMED: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def read(cls, values: Mapping[str, Any], *, where: str = "config") -> Self:
        """Validate a nested mapping; raises `InputError` that names every wrong key or value."""
        try:
            return cls.model_validate(dict(values))
        except pydantic.ValidationError as error:
            complaints = [_complaint(cls, problem) for problem in error.errors()]
            raise InputError(f"{where}: {'; '.join(complaints)}") from None

    @classmethod
    def migrated(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """A mapping that an older version wrote, its renamed keys where they are today.

        `read` itself takes today's keys alone: what a person writes is told the new word.
        """
        tree: dict[str, Any] = {}
        for key, value in values.items():
            below = _settings_below(cls, key)
            if below is not None and isinstance(value, Mapping):
                value = below.migrated(value)
            for part in reversed(cls.RENAMED.get(key, key).split(".")):
                value = {part: value}
            tree = merge(tree, value)
        return tree

    def replace(self, **changes: Any) -> Self:
        """A validated copy with some fields changed."""
        return type(self).read({**self.model_dump(), **changes}, where=type(self).__name__)


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file; raises `InputError` where it is missing or not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"there is no config file {path}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not a TOML file: {error}") from None


def merge(*trees: Mapping[str, Any]) -> dict[str, Any]:
    """Nested mappings laid over one another, the later ones winning.

    >>> merge({"model": {"points": 64, "width": 32}}, {"model": {"points": 32}})
    {'model': {'points': 32, 'width': 32}}
    """
    merged: dict[str, Any] = {}
    for tree in trees:
        for key, value in tree.items():
            below = merged.get(key)
            if isinstance(value, Mapping) and isinstance(below, Mapping):
                value = merge(below, value)
            merged[key] = value
    return merged


def overrides(assignments: Iterable[str]) -> dict[str, Any]:
    """`["training.steps=2000", "model.supervise=all"]` as a nested mapping.

    A value is read as TOML where it is TOML (numbers, true, [1, 2]) and as a plain word otherwise.

    >>> overrides(["training.steps=2000", "model.supervise=all"])
    {'training': {'steps': 2000}, 'model': {'supervise': 'all'}}
    """
    tree: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, word = assignment.partition("=")
        if not equals or not key.strip():
            raise InputError(
                f"--set wants KEY=VALUE such as training.steps=2000, got {assignment!r}"
            )
        value: Any = _value(word.strip())
        for part in reversed(key.strip().split(".")):
            value = {part: value}
        tree = merge(tree, value)
    return tree


def to_toml(tree: Mapping[str, Any], *, prefix: str = "") -> str:
    """A nested mapping as TOML text; `None` is left out (TOML has no null).

    >>> print(to_toml({"model": {"points": 64, "kind": "snake"}}).strip())
    [model]
    points = 64
    kind = "snake"
    """
    plain = {key: value for key, value in tree.items() if not isinstance(value, Mapping)}
    lines = [f"{k} = {_literal(v)}" for k, v in plain.items() if v is not None]
    text = "\n".join(lines) + "\n" if lines else ""
    if prefix and (lines or not tree):
        text = f"\n[{prefix}]\n{text}"
    for key, value in tree.items():
        if isinstance(value, Mapping):
            text += to_toml(value, prefix=f"{prefix}.{key}" if prefix else key)
    return text


def nearest(word: str, choices: Iterable[str]) -> str:
    """`"; did you mean 'x'?"`, or the list of choices where none is near."""
    known = list(choices)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"


def _value(word: str) -> Any:
    try:
        return tomllib.loads(f"value = {word}")["value"]
    except tomllib.TOMLDecodeError:
        return word


def _literal(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_literal(item) for item in value) + "]"
    # strings, numbers, booleans: JSON is TOML here, but for one character that JSON leaves as it is
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _complaint(cls: type[Settings], problem: Any) -> str:
    location = [str(part) for part in problem["loc"]]
    name = ".".join(location)
    if problem["type"] == "extra_forbidden":
        owner = _owner(cls, location[:-1])
        today = owner.RENAMED.get(location[-1]) if owner is not None else None
        if today is not None:
            return f"unknown key {name!r}; it is called {'.'.join([*location[:-1], today])!r} now"
        return f"unknown key {name!r}; {nearest(location[-1], owner.model_fields if owner else ())}"
    if problem["type"] == "missing":
        return f"{name!r} is missing"
    said = problem["msg"].removeprefix("Value error, ")
    return f"{name!r} is {problem['input']!r}: {said}" if name else said


def _owner(cls: type[Settings], location: list[str]) -> type[Settings] | None:
    """The settings found by walking `location` down from `cls`; None where there are none."""
    owner: type[Settings] | None = cls
    for part in location:
        owner = None if owner is None else _settings_below(owner, part)
    return owner


def _settings_below(cls: type[Settings], name: str) -> type[Settings] | None:
    """The settings that a field holds, if it holds any."""
    field = cls.model_fields.get(name)
    options = [field.annotation, *get_args(field.annotation)] if field else []
    return next((o for o in options if isinstance(o, type) and issubclass(o, Settings)), None)
