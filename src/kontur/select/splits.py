"""Splits of images or rows into a part to learn from and one held out: one split, or K folds.

It works on names only, for images and tables alike. Names are ordered by hashing them with the
seed: the order on disk, the machine and the version of any
library play no part, and a name added later moves few others. Names of one group (the fields of a
well, the tiles of a slide) stay together, for neighbours would leak what is held out.
"""

import hashlib
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kontur.errors import InputError


class Split(NamedTuple):
    """Two disjoint lists of names, both in the order in which the names were given."""

    train: list[str]
    held: list[str]


def holdout(
    names: Sequence[str],
    fraction: float,
    seed: int,
    *,
    groups: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Split:
    """Hold out about `fraction` of the names, at least one group, and leave at least one.

    `groups` and `labels` map every name to its group and its label. Groups are never split; with
    labels, each label is held out in about the same share (a group counts as the commonest of its
    labels).

    Raises:
        InputError: `fraction` outside (0, 1), fewer than two groups, doubled names, names without
            group or label.

    >>> holdout(["a", "b", "c", "d"], 0.25, seed=0)
    Split(train=['a', 'b', 'c'], held=['d'])
    """
    if not 0.0 < fraction < 1.0:
        raise InputError(f"the fraction to hold out must lie between 0 and 1, got {fraction}")
    parts = _groups(names, seed, groups, labels)
    if len(parts) < 2:
        raise InputError(
            f"holding out needs at least two {_unit_name(groups)}, got {len(parts)}; "
            "add some or give the validation data itself"
        )
    held: list[_Group] = []
    wanted = 0.0  # names still to be held out; what one label leaves over, the next one takes
    for _, same_label in itertools.groupby(parts, key=lambda part: part.label):
        stratum = list(same_label)
        wanted += fraction * sum(len(part.names) for part in stratum)
        for part in stratum:
            if len(part.names) / 2 <= wanted:  # nearer with it than without
                held.append(part)
                wanted -= len(part.names)
    if not held:
        held = [min(parts, key=lambda part: len(part.names))]
    if len(held) == len(parts):
        held.remove(min(held, key=lambda part: len(part.names)))
    return _split(names, held)


def folds(
    names: Sequence[str],
    k: int,
    seed: int,
    *,
    groups: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> list[Split]:
    """K splits in which every name is held out once; folds are as equal as the groups allow.

    Groups are never split; with labels, each label is spread evenly over the folds (a group counts
    as the commonest of its labels).

    Raises:
        InputError: `k` below two or above the number of groups, doubled names, names without
            group or label.

    >>> [split.held for split in folds(["a", "b", "c", "d"], 2, seed=0)]
    [['c', 'd'], ['a', 'b']]
    """
    if k < 2:
        raise InputError(f"cross-validation needs at least 2 folds, got {k}")
    parts = _groups(names, seed, groups, labels)
    if len(parts) < k:
        raise InputError(
            f"{k} folds need at least {k} {_unit_name(groups)}, got {len(parts)}; use fewer folds"
        )
    held: list[list[_Group]] = [[] for _ in range(k)]
    full = [0] * k  # names in each fold
    of_label: dict[str, list[int]] = {part.label: [0] * k for part in parts}  # of each label
    for part in sorted(parts, key=lambda part: -len(part.names)):  # large ones first: evener
        same = of_label[part.label]
        emptiest = min(range(k), key=lambda i: (same[i], full[i]))
        held[emptiest].append(part)
        same[emptiest] += len(part.names)
        full[emptiest] += len(part.names)
    return [_split(names, part) for part in held]


def nested(
    names: Sequence[str], shares: Sequence[float], seed: int, fewest: int = 1
) -> list[list[str]]:
    """A part of the names for each share of them, every smaller part within every larger one.

    Parts have `fewest` names at least, and at most all. Raises `InputError` for shares outside
    (0, 1].

    >>> nested(["a", "b", "c", "d"], [0.25, 0.5, 1], seed=0)
    [['d'], ['a', 'd'], ['a', 'b', 'c', 'd']]
    """
    wrong = [share for share in shares if not 0 < share <= 1]
    if wrong:
        raise InputError(f"a share of the names lies above 0 and up to 1, got {wrong[0]}")
    order = sorted(names, key=lambda name: (_hash(seed, name), name))
    parts = [set(order[: max(fewest, round(share * len(names)))]) for share in shares]
    return [[name for name in names if name in part] for part in parts]


class _Group(NamedTuple):
    """Names that stay together, and the label they are spread by."""

    names: list[str]
    label: str


def _groups(
    names: Sequence[str],
    seed: int,
    groups: Mapping[str, str] | None,
    labels: Mapping[str, str] | None,
) -> list[_Group]:
    """The groups by label and, within a label, in the order of the hash."""
    repeated = [name for name, number in Counter(names).items() if number > 1]
    if repeated:
        raise InputError(f"names must differ, got {repeated[0]!r} more than once")
    for what, words in {"group": groups, "label": labels}.items():
        without = [name for name in names if words is not None and name not in words]
        if without:
            raise InputError(f"{_with_verb(without)} no {what}; give every name one")
    members: dict[str, list[str]] = {}
    for name in names:
        members.setdefault(name if groups is None else groups[name], []).append(name)
    label = {
        group: "" if labels is None else _commonest([labels[name] for name in inside])
        for group, inside in members.items()
    }
    order = sorted(members, key=lambda group: (label[group], _hash(seed, group), group))
    return [_Group(members[group], label[group]) for group in order]


def _hash(seed: int, word: str) -> str:
    return hashlib.sha256(f"{seed}:{word}".encode()).hexdigest()


def _commonest(words: Sequence[str]) -> str:
    """The most frequent word, of several the first in the alphabet."""
    number = Counter(words)
    return min(number, key=lambda word: (-number[word], word))


def _split(names: Sequence[str], held: Sequence[_Group]) -> Split:
    out = {name for part in held for name in part.names}
    return Split([n for n in names if n not in out], [n for n in names if n in out])


def _with_verb(names: Sequence[str]) -> str:
    """The first name and how many more there are, with its verb."""
    more = len(names) - 1
    return (
        f"{names[0]!r} has" if not more else f"{names[0]!r} and {more} other{'s' * (more > 1)} have"
    )


def _unit_name(groups: Mapping[str, str] | None) -> str:
    return "names" if groups is None else "groups"
