"""Which images of a study are learned from and which are validated on, where there are few of them.

An image counts as the rarest class that it shows, and as one without objects where it shows none,
so that folds and what is held out within them have as much of each as can be.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from kontur.select import Split, holdout

FEWEST = 2  # images to validate on: thresholds and checkpoint of one alone are that image's own
MOST = 1 / 4  # of few images, for that
HALF = 1 / 2  # of those that can be validated on at all, for that

Shown = Mapping[str, frozenset[str]]  # the classes that each image shows, by its name


def rarest(shown: Shown) -> dict[str, str]:
    """For each image the class that the fewest images show, "" where it shows none.

    >>> rarest({"a": frozenset({"cell", "nerve"}), "b": frozenset({"cell"}), "c": frozenset()})
    {'a': 'nerve', 'b': 'cell', 'c': ''}
    """
    images = Counter(name for classes in shown.values() for name in classes)
    return {
        image: min(classes, key=lambda name: (images[name], name), default="")
        for image, classes in shown.items()
    }


def learn_and_validate(
    names: Sequence[str],
    share: float,
    seed: int,
    *,
    shown: Shown,
    groups: Mapping[str, str] | None = None,
) -> Split:
    """Part what a fold learns from: a share to validate on, two of fewer than twenty images.

    Images to validate on have objects, and are not the only ones of a class, as long as others are
    there; of those without objects the share is taken besides. Groups stay together, but a group
    that is alone is parted. `names` are at least two.
    """
    if groups is not None and len({groups[name] for name in names}) < 2:
        groups = None
    unit = {name: name if groups is None else groups[name] for name in names}
    units: dict[str, set[str]] = {}  # that show a class
    for name in names:
        for each in shown[name]:
            units.setdefault(each, set()).add(unit[name])
    everything = set(unit.values())
    full = everything & {each for found in units.values() for each in found}
    alone = {each for found in units.values() if len(found) == 1 for each in found}
    empty = everything - full
    labels = rarest({name: shown[name] for name in names})

    def held(among: set[str], least: float) -> list[str]:
        """About the share, or so many as `least`."""
        pool = [name for name in names if unit[name] in among]
        fraction = max(share, min(HALF, least / len(pool)))
        return holdout(pool, fraction, seed, groups=groups, labels=labels).held

    least = min(FEWEST, MOST * len(names))
    free = full - alone
    among = next(each for each in (free, full, empty, everything) if len(each) > 1)
    if len(free) == 1 and round(least) <= 1 and len(everything) > 1:
        out = {name for name in names if unit[name] in free}
    else:
        out = set(held(among, least))
    if among <= full and len(empty) > 1 and share * len(empty) >= HALF:
        out |= set(held(empty, 0))
    return Split([n for n in names if n not in out], [n for n in names if n in out])


def lacking(learned: Iterable[Sequence[str]], shown: Shown) -> str:
    """Which classes no image shows that a fold learns from, a phrase; "" where there are none.

    >>> shown = {"a": frozenset({"cell", "nerve"}), "b": frozenset({"cell"})}
    >>> lacking([["a"], ["b"]], shown)
    'nerve (fold 2)'
    """
    without: dict[str, list[str]] = {}
    everything = {name for classes in shown.values() for name in classes}
    for fold, names in enumerate(learned, start=1):
        for name in sorted(everything - {each for image in names for each in shown[image]}):
            without.setdefault(name, []).append(str(fold))
    return ", ".join(
        f"{name} (fold{'s' * (len(folds) > 1)} {', '.join(folds)})"
        for name, folds in without.items()
    )
