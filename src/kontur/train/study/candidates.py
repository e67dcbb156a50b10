"""The candidates of a comparison: kinds of network with their settings, each with a name."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from kontur.errors import InputError
from kontur.models import catalog
from kontur.settings import merge, overrides
from kontur.train.config import RunConfig
from kontur.train.given_settings import network_settings
from kontur.wording import nearest

BASELINE = "baseline"
PREFIX = re.compile(r"([a-z][a-z0-9-]*):(.*)", re.DOTALL)  # KIND: before KEY=VALUE
BETWEEN = re.compile(r",(?![^\[]*\])")  # commas, but not those of a list
UNTRAINED = ("kind", "data", "normalise")  # settings of a run that a baseline uses
RESERVED = {  # settings that the study determines, and what to give instead
    "kind": "give --kinds, or a row with --also NAME:kind=KIND,…",
    "data.path": "give DATA",
    "data.group": "give --group",
    "data.split": "folds are held out by --folds and --group",
}


class Candidate(NamedTuple):
    """A row of the table: its name, its kind, and the settings that override a run's defaults."""

    name: str
    kind: str
    tree: dict[str, Any]


def candidates(
    kinds: Sequence[str],
    *,
    common: Mapping[str, Any],
    settings: Iterable[str] = (),
    also: Iterable[str] = (),
) -> list[Candidate]:
    """The kinds with their defaults, further rows with other settings, and last the baseline.

    Args:
        kinds: names of the catalog.
        common: settings of all runs: data, preset, training time.
        settings: `KEY=VALUE` for all, or `KIND:KEY=VALUE` for all rows of one kind.
        also: further rows, `KIND:KEY=VALUE,…` or `NAME:kind=KIND,KEY=VALUE,…`.

    Raises:
        InputError: an unknown kind or setting, or two rows of one name.
    """
    rows: dict[str, tuple[str, dict[str, Any]]] = {_known(kind): (kind, {}) for kind in kinds}
    for words in also:
        name, kind, tree = _parse_row(words)
        if name in rows or name == BASELINE:  # which has a row of its own, the last one
            raise InputError(f"two rows are called {name!r}; give one another name (--also)")
        rows[name] = (kind, tree)
    rows[BASELINE] = rows.pop(BASELINE, (BASELINE, {}))
    for_all, for_kind = _settings(settings, {kind for kind, _ in rows.values()})
    result = [
        Candidate(name, kind, _tree(kind, common, for_all, for_kind.get(kind, {}), tree))
        for name, (kind, tree) in rows.items()
    ]
    for candidate in result:
        _check(candidate)
    return result


def _tree(kind: str, *layers: Mapping[str, Any]) -> dict[str, Any]:
    tree = merge({"kind": kind}, *layers)
    if not catalog.family(kind).trainable:
        model = layers[-2].get("model", {}), layers[-1].get("model", {})
        kept: dict[str, Any] = {key: tree[key] for key in UNTRAINED if key in tree}
        return {**kept, "model": merge(*model)}
    return tree


def _check(candidate: Candidate) -> None:
    """Raise `InputError` for settings that a run would refuse, before any starts."""
    where = f"the settings of {candidate.name}"
    config = RunConfig.read(candidate.tree, where=where)
    if isinstance(config.data.val, str):
        raise InputError(
            f"{where}: each fold validates on a part of its training images; give data.val as a "
            "share such as 0.1"
        )
    network_settings(config)


def _settings(
    words: Iterable[str], kinds: set[str]
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Settings for all, and those of each kind alone."""
    common: list[str] = []
    by_kind: dict[str, list[str]] = {}
    for word in words:
        match = PREFIX.fullmatch(word)
        if match is None:
            common.append(_allowed(word))
            continue
        kind, setting = match.groups()
        if kind not in kinds:
            raise InputError(f"--set {word}: {kind!r} is not compared; {nearest(kind, kinds)}")
        by_kind.setdefault(kind, []).append(_allowed(setting))
    return overrides(common), {kind: overrides(words) for kind, words in by_kind.items()}


def _parse_row(words: str) -> tuple[str, str, dict[str, Any]]:
    """Name, kind and settings of a further row."""
    name, colon, rest = words.partition(":")
    if not colon or not name.strip() or "=" not in rest:
        raise InputError(
            f"--also wants KIND:KEY=VALUE,… such as snake:model.points=32, got {words!r}"
        )
    parts = BETWEEN.split(rest)
    tree = overrides(part if _key(part) == "kind" else _allowed(part) for part in parts)
    if "kind" in tree:
        return name.strip(), _known(str(tree.pop("kind"))), tree
    kind = _known(name.strip(), "; or name the row and give kind=KIND")
    return f"{kind} {rest.strip()}", kind, tree


def _known(kind: str, more: str = "") -> str:
    known = [*catalog.FAMILIES]
    if kind not in known:
        raise InputError(f"there is no kind of model {kind!r}; {nearest(kind, known)}{more}")
    return kind


def _allowed(word: str) -> str:
    key = _key(word)
    if key in RESERVED:
        raise InputError(f"kontur compare takes no {key}: {RESERVED[key]}")
    return word


def _key(word: str) -> str:
    return word.partition("=")[0].strip()
