"""All that a study is to do, checked before the first fit.

Within a fold the images to learn from are parted once more, so that checkpoint and thresholds are
chosen on images that are neither learned from nor judged. An image counts as the rarest class that
it shows, and as one without objects where it shows none, so that folds and what is held out within
them have as much of each as can be.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import shapely

from kontur.data.folder import Folder, open_folder
from kontur.data.sample import Sample
from kontur.errors import InputError
from kontur.models import catalog
from kontur.select import (
    Split,
    Trial,
    folds,
    holdout,
    trials,
)
from kontur.train.config import RunConfig
from kontur.train.dataset import SHARE, DatasetStatistics, dataset_statistics
from kontur.train.network import resolve_network
from kontur.train.study.candidates import Candidate
from kontur.train.study.study_files import StudyFiles

LEAST_HELD = 2  # images to validate on: thresholds and checkpoint of one alone are that image's own
MOST = 1 / 4  # of few images, for that
HALF = 1 / 2  # of those that can be validated on at all, for that
ClassesByImage = Mapping[str, frozenset[str]]  # the classes that each image shows, by its name
SEED = 0  # of the folds and of what is held out within them
FEWEST = 2  # images of a fit: one to learn from, one to validate on


def rarest(shown: ClassesByImage) -> dict[str, str]:
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
    shown: ClassesByImage,
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

    least = min(LEAST_HELD, MOST * len(names))
    free = full - alone
    among = next(each for each in (free, full, empty, everything) if len(each) > 1)
    if len(free) == 1 and round(least) <= 1 and len(everything) > 1:
        out = {name for name in names if unit[name] in free}
    else:
        out = set(held(among, least))
    if among <= full and len(empty) > 1 and share * len(empty) >= HALF:
        out |= set(held(empty, 0))
    return Split([n for n in names if n not in out], [n for n in names if n in out])


def lacking(learned: Iterable[Sequence[str]], shown: ClassesByImage) -> str:
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


class Plan(NamedTuple):
    """All that is to be done, and what its folder's owner should know."""

    study: StudyFiles
    folder: Folder
    groups: Mapping[str, str] | None
    shown: ClassesByImage
    candidates: dict[str, Candidate]
    trials: list[Trial]
    warnings: tuple[str, ...]

    def parted(self, trial: Trial) -> Split:
        """What a fold's trial learns from and validates on."""
        share = float(RunConfig.read(self.candidates[trial.setting].tree).data.val or SHARE)
        names = trial.split.train
        return learn_and_validate(names, share, SEED, shown=self.shown, groups=self.groups)


def make_plan(
    data: str | Path,
    out: Path,
    rows: Sequence[Candidate],
    k: int,
    group: str | None,
    shares: Sequence[float],
) -> Plan:
    """Everything checked that can be before the first fit; each image is read once."""
    config = RunConfig.read(rows[0].tree).data
    folder = open_folder(data, task=config.task, channel=config.channel, page=config.page)
    has_val = "val" in folder.splits
    learned = folder.in_split("train") if "train" in folder.splits else folder
    groups = None if group is None else learned.groups(group)
    mark = hashlib.sha256()
    shown: dict[str, frozenset[str]] = {}
    facts = dataset_statistics(_marked(learned.samples, mark, shown))
    if not facts.objects:
        raise InputError(f"the images of {data} have no object; annotate some")
    splits = folds(learned.names, k, SEED, groups=groups, labels=rarest(shown))
    if min(len(split.train) for split in splits) < FEWEST:
        raise InputError(
            f"{k} folds of {len(learned)} images leave fewer than {FEWEST} to learn from; "
            "annotate more images"
        )
    _check_networks(rows, learned, facts)
    about = {
        "data": str(Path(data).resolve()),
        "task": config.task,
        "folds": k,
        "group": group,
        "images": list(learned.names),
        "annotations": mark.hexdigest(),
        "own validation part": has_val,
    }
    planned = trials([row.name for row in rows], splits, shares=shares, fewest=FEWEST, seed=SEED)
    named = {row.name: row for row in rows}
    plan = Plan(StudyFiles(out, about), learned, groups, shown, named, planned, folder.warnings)
    first = [each for each in planned if (each.setting, each.share) == (rows[0].name, 1)]
    without = lacking([plan.parted(trial).train for trial in first], shown)
    if without:
        return plan._replace(warnings=(*plan.warnings, f"no image to learn from has: {without}"))
    return plan


def _marked(
    samples: Iterable[Sample], mark: "hashlib._Hash", shown: dict[str, frozenset[str]]
) -> Iterator[Sample]:
    """The samples, while outlines and classes go into the mark, and what each shows is noted."""
    for sample in samples:
        found = sample.instances
        mark.update(b"".join(shapely.to_wkb(found.polygons)))
        mark.update(found.labels.tobytes() + found.ignore.tobytes())
        labels = np.unique(found.labels[~found.ignore]).tolist()
        shown[sample.name] = frozenset(found.classes[label] for label in labels)
        yield sample


def _check_networks(rows: Sequence[Candidate], learned: Folder, facts: DatasetStatistics) -> None:
    """Refuse images that a row's network cannot take, before as many fits as folds fail of it.

    A row that starts from weights is left to its fit: their file says what the network is.
    """
    for row in rows:
        config = RunConfig.read(row.tree)
        if not catalog.family(row.kind).trainable or config.known_weights is not None:
            continue
        one = config.data.channel is not None  # of this row alone, perhaps
        known = facts._replace(channels=frozenset({1})) if one else facts
        try:
            resolve_network(config, None, learned.classes, known)
        except InputError as error:
            raise InputError(f"{row.name}: {error}") from None
