"""Settings: frozen pydantic models that reject unknown keys and name the nearest valid one.

A run is described by one TOML file; `--set model.points=64` overrides a field of it.
"""

import datetime
import difflib
import json
import math
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self, get_args

import pydantic

from kontur.errors import InputError
from kontur.wording import SIMILAR, nearest, of_check


class Settings(pydantic.BaseModel):
    """The base class of every config: frozen, without unknown keys or silent conversions."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    # keys of older versions, and what they are called today, dotted where nested
    RENAMED: ClassVar[Mapping[str, str]] = {}
    # words of other programs, and the dotted keys that are meant
    ELSEWHERE: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def read(cls, values: Mapping[str, Any], *, where: str = "config") -> Self:
        """Validate a nested mapping; raises `InputError` that names every wrong key or value."""
        try:
            return cls.model_validate(dict(values))
        except pydantic.ValidationError as error:
            problems = [_describe_problem(cls, problem) for problem in error.errors()]
            raise InputError(f"{where}: {'; '.join(problems)}") from None

    @classmethod
    def migrated(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """A mapping written by an older version, with its keys renamed to today's.

        `read` itself takes today's keys alone: old words in user input raise an error that names
        today's.
        """
        tree: dict[str, Any] = {}
        for key, value in values.items():
            if isinstance(value, Mapping):
                below = _settings_below(cls, key, value.get("kind"))
                value = below.migrated(value) if below is not None else value
            for part in reversed(cls.RENAMED.get(key, key).split(".")):
                value = {part: value}
            tree = merge(tree, value)
        return tree

    @classmethod
    def dotted_keys(cls) -> list[str]:
        """Every key in here and below, such as `training.steps`, those of this table first."""
        below = (
            f"{name}.{key}"
            for name in cls.model_fields
            for settings in _kinds_below(cls, name)
            for key in settings.dotted_keys()
        )
        return list(dict.fromkeys([*cls.model_fields, *below]))

    def replace(self, **changes: Any) -> Self:
        """A validated copy with some fields changed; what was not given counts as not given."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        return type(self).read({**given, **changes}, where=type(self).__name__)


BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")  # of TOML; any other is quoted
VERY_SIMILAR = 0.75  # `wording.SIMILAR` among the many keys of all tables


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

    A table below whose `kind` is another one has nothing to do with it and is left out.

    >>> merge({"model": {"points": 64, "width": 32}}, {"model": {"points": 32}})
    {'model': {'points': 32, 'width': 32}}
    >>> merge({"edge": {"kind": "profile", "reach": 3.0}}, {"edge": {"kind": "none"}})
    {'edge': {'kind': 'none'}}
    """
    merged: dict[str, Any] = {}
    for tree in trees:
        for key, value in tree.items():
            below = merged.get(key)
            if isinstance(value, Mapping) and isinstance(below, Mapping):
                another = {"kind"} <= value.keys() & below.keys() and value["kind"] != below["kind"]
                value = value if another else merge(below, value)
            merged[key] = value
    return merged


def overrides(assignments: Iterable[str]) -> dict[str, Any]:
    """`["training.steps=2000", "model.supervise=all"]` as a nested mapping.

    A value is read as TOML where it is TOML (numbers, true, [1, 2]) and as a plain word otherwise,
    also where it is a date, which no setting is. A part of the key that holds a dot is quoted.

    >>> overrides(["training.steps=2000", "model.supervise=all"])
    {'training': {'steps': 2000}, 'model': {'supervise': 'all'}}
    >>> overrides(['about."see p. 3"=yes'])
    {'about': {'see p. 3': 'yes'}}
    """
    tree: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, word = assignment.partition("=")
        if not equals or not key.strip():
            raise InputError(
                f"--set takes KEY=VALUE such as training.steps=2000, got {assignment!r}"
            )
        value: Any = _value(word.strip())
        for part in reversed(_key_parts(key.strip())):
            value = {part: value}
        tree = merge(tree, value)
    return tree


def to_toml(tree: Mapping[str, Any]) -> str:
    """A nested mapping as TOML text; `None` is left out (TOML has no null).

    Raises `InputError` for text that is no Unicode, such as the bytes of a file's name.

    >>> print(to_toml({"model": {"points": 64, "kind": "snake"}, "see p. 3": True}).strip())
    "see p. 3" = true
    <BLANKLINE>
    [model]
    points = 64
    kind = "snake"
    """
    return _table(tree, ())


def _table(tree: Mapping[str, Any], path: tuple[str, ...]) -> str:
    plain = {key: value for key, value in tree.items() if not isinstance(value, Mapping)}
    lines = [f"{_key(k)} = {_literal(v)}" for k, v in plain.items() if v is not None]
    text = "\n".join(lines) + "\n" if lines else ""
    if path and (lines or not tree):
        text = f"\n[{'.'.join(map(_key, path))}]\n{text}"
    for key, value in tree.items():
        if isinstance(value, Mapping):
            text += _table(value, (*path, key))
    return text


def _key_parts(key: str) -> list[str]:
    """The keys of a dotted one, which may be quoted as in TOML."""
    if '"' not in key and "'" not in key:
        return key.split(".")
    try:
        tree: Any = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        raise InputError(
            f'--set takes a key such as training.steps or about."see p. 3", got {key}'
        ) from None
    parts: list[str] = []
    while isinstance(tree, dict):
        ((part, tree),) = tree.items()
        parts.append(part)
    return parts


def _value(word: str) -> Any:
    try:
        value = tomllib.loads(f"value = {word}")["value"]
    except tomllib.TOMLDecodeError:
        return word
    return word if isinstance(value, (datetime.date, datetime.time)) else value


def _key(key: str) -> str:
    return key if BARE_KEY.fullmatch(key) else _literal(key)


def _literal(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_literal(item) for item in value) + "]"
    if isinstance(value, Mapping):  # within a list
        return "{" + ", ".join(f"{_key(k)} = {_literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # inf and nan are TOML and no JSON
    # strings, numbers, booleans: JSON is TOML here, but for one character that JSON leaves as it is
    text = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise InputError(
            f"a setting holds bytes that are no text, {value!r}; give the file or the setting a "
            "name that is valid Unicode"
        )
    return text


def _describe_problem(cls: type[Settings], problem: Any) -> str:
    names, parent = _walk(cls, problem["loc"])
    name = ".".join(names)
    if problem["type"] == "union_tag_invalid":
        known = problem["ctx"]["expected_tags"].replace("'", "").split(", ")
        given = problem["ctx"]["tag"]
        return f"'{name}.kind' is {given!r}; {nearest(given, known)}"
    if problem["type"] == "extra_forbidden":
        today = parent.RENAMED.get(names[-1]) if parent is not None else None
        if today is not None:
            return f"unknown key {name!r}; it is called {'.'.join([*names[:-1], today])!r} now"
        return f"unknown key {name!r}; {_nearest_key(cls, parent, names)}"
    if problem["type"] == "missing":
        return f"{name!r} is missing"
    message = of_check(problem["msg"])
    return f"{name!r} is {problem['input']!r}: {message}" if name else message


def _walk(
    cls: type[Settings], parts: Sequence[int | str]
) -> tuple[list[str], type[Settings] | None]:
    """The keys of a problem's path, and the settings that have, or lack, the last of them.

    Where a table is of one of several kinds, its kind follows its name in the path: it is no key.
    """
    names: list[str] = []
    parent, below = None, [cls]
    for part in map(str, parts):
        kinds = [each for each in below if part in _literals(each)]
        if len(below) > 1 and kinds:
            below = kinds
            continue
        names.append(part)
        parent = next(iter(below), None)
        below = _kinds_below(parent, part) if parent is not None else []
    return names, parent


def _nearest_key(cls: type[Settings], parent: type[Settings] | None, names: Sequence[str]) -> str:
    """A suggestion: the same key elsewhere, by its full path, what is meant, or a similar one."""
    everywhere = cls.dotted_keys()
    name = names[-1]
    same = [k for k in everywhere if k.rpartition(".")[2] == name and k != ".".join(names)]
    if same:
        return f"did you mean {' or '.join(map(repr, same))}?"
    if name in cls.ELSEWHERE:
        return f"did you mean {cls.ELSEWHERE[name]!r}?"
    beside = list(parent.model_fields) if parent is not None else []
    if parent is cls and not difflib.get_close_matches(name, beside, n=1, cutoff=SIMILAR):
        by_name = {key.rpartition(".")[2]: key for key in reversed(everywhere)}
        close = difflib.get_close_matches(name, by_name, n=1, cutoff=VERY_SIMILAR)
        if close:
            return f"did you mean {by_name[close[0]]!r}?"
    return nearest(name, beside)


def _settings_below(cls: type[Settings], name: str, kind: object) -> type[Settings] | None:
    """The settings that a field may hold; of several those of a kind, or the first."""
    kinds = _kinds_below(cls, name)
    return next((each for each in kinds if kind in _literals(each)), next(iter(kinds), None))


def _literals(cls: type[Settings]) -> tuple[Any, ...]:
    """What `kind` may be in these settings."""
    field = cls.model_fields.get("kind")
    return get_args(field.annotation) if field else ()


def _kinds_below(cls: type[Settings], name: str) -> list[type[Settings]]:
    """Every class of settings that a field may hold."""
    field = cls.model_fields.get(name)
    options = [field.annotation, *get_args(field.annotation)] if field else []
    return [o for o in options if isinstance(o, type) and issubclass(o, Settings)]
