"""Inspect: read a whole folder once, count what it holds and find what users get wrong.

Nothing stops at the first bad file: what cannot be read becomes a finding. Each image is read in a
thread and forgotten; only numbers stay, so that large folders fit.
"""

from collections import Counter
from collections.abc import Callable

import numpy as np

from kontur.data.ahead import ahead
from kontur.data.facts import Facts, facts_of
from kontur.data.findings import findings_of
from kontur.data.folder import Folder
from kontur.data.mask_checks import KINDS
from kontur.data.report import Report
from kontur.data.working_scale import WorkingScale, choose_scale
from kontur.errors import InputError


def inspect(
    folder: Folder,
    *,
    stride: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Count what a folder holds and look for mistakes; reads every file once.

    `stride` is that of the network to be trained, image pixels per output pixel: objects smaller
    than two output pixels are reported. `progress(done, total)` is called after each image.
    """
    samples = folder.samples
    facts: list[Facts] = []
    unreadable: list[tuple[str, str]] = []

    def look(index: int) -> Facts | InputError:
        try:
            return facts_of(samples, index, stride=stride)
        except InputError as error:
            return error

    for index, seen in enumerate(ahead(look, len(samples))):
        if isinstance(seen, InputError):
            unreadable.append((folder.names[index], str(seen)))
        else:
            facts.append(seen)
        if progress is not None:
            progress(index + 1, len(samples))
    return _report(folder, facts, unreadable, stride)


def _report(
    folder: Folder, facts: list[Facts], unreadable: list[tuple[str, str]], stride: int
) -> Report:
    area = sum(height * width for height, width in (fact.size for fact in facts))
    none = np.empty(0)
    labels = np.concatenate([fact.labels for fact in facts]) if facts else none.astype(np.int64)
    areas = np.concatenate([fact.areas for fact in facts]) if facts else none
    per_class = np.bincount(labels, minlength=len(folder.classes))
    columns = dict.fromkeys(column for row in folder.metadata.values() for column in row)
    return Report(
        path=folder.path,
        layout=folder.layout,
        task=folder.task,
        names=tuple(fact.name for fact in facts),
        splits={split: len(names) for split, names in folder.splits.items()},
        sizes=Counter(fact.size for fact in facts),
        pixels=Counter(fact.pixels for fact in facts),
        pixel_sizes=Counter(fact.pixel_size for fact in facts),
        objects=np.array([len(fact.labels) for fact in facts], dtype=np.int64),
        classes=dict(zip(folder.classes, per_class.tolist(), strict=True)),
        diameters=2 * np.sqrt(areas / np.pi),
        scale=_scale(facts),
        ignored=sum(fact.ignored for fact in facts),
        ignored_share=min(sum(fact.ignored_area for fact in facts) / area, 1.0) if area else 0.0,
        columns=tuple(columns),
        findings=(
            *(finding for finding in folder.findings if finding.kind not in KINDS),
            *findings_of(facts, unreadable, stride=stride),
        ),
    )


def _scale(facts: list[Facts]) -> WorkingScale:
    """What a training on the folder would choose, by its `train` part if it has one."""
    learned = [fact for fact in facts if fact.split == "train"] or facts
    if not any(len(fact.areas) for fact in learned):
        return choose_scale(None, None)
    sides = np.sqrt(np.concatenate([fact.areas for fact in learned]))
    across = np.concatenate([fact.widths for fact in learned])
    return choose_scale(float(np.median(sides)), float(np.median(across)))
