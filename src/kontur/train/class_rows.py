"""The weights of classes, taken over by their names from a model of other classes.

Those of the network, and those by which its loss weighs them.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from kontur.models.segmenter import ClassRows
from kontur.models.unet.config import DenseConfig


def with_classes(
    weight: Tensor, own: Tensor, rows: ClassRows, known: Sequence[str], wanted: Sequence[str]
) -> Tensor | None:
    """A weight of the classes `known` for those `wanted`; None where it cannot be.

    A class keeps its rows, a new one has the mean of all; rows of no class stay as they are. Where
    there are none to take the mean of, new ones are those of `own`, the weight to be replaced.

    >>> weight, own = torch.tensor([[1.0], [3.0], [7.0]]), torch.zeros(4, 1)
    >>> with_classes(weight, own, ClassRows(), "ab", "bca").flatten().tolist()
    [3.0, 2.0, 1.0, 7.0]
    """
    known, wanted = (names if len(names) >= rows.least else () for names in (known, wanted))
    if len(weight) % rows.groups or weight.shape[1:] != own.shape[1:]:
        return None
    shape = (rows.groups, -1, *own.shape[1:])
    old, new = weight.reshape(shape), own.reshape(shape)
    end, own_end = (rows.before + rows.each * len(names) for names in (known, wanted))
    if old.shape[1] < end or old.shape[1] - end != new.shape[1] - own_end:
        return None
    begun = torch.split(new[:, rows.before : own_end], rows.each, dim=1)
    if known:
        each = torch.split(old[:, rows.before : end], rows.each, dim=1)
        learned = dict(zip(known, each, strict=True))
        mean = torch.stack([*learned.values()]).mean(dim=0)
        begun = tuple(learned.get(name, mean) for name in wanted)
    return torch.cat([old[:, : rows.before], *begun, old[:, end:]], dim=1).flatten(0, 1)


def class_weights(start: DenseConfig, task: str, wanted: Sequence[str]) -> tuple[float, ...]:
    """The `class_weights` of a start for the classes `wanted`; () where the task is another.

    A class keeps its weight, and a new one has the mean of all; those of the task `instances` are
    of no classes of objects.

    >>> start = DenseConfig(classes=("a", "b"), task="semantic", class_weights=(1, 2, 4))
    >>> class_weights(start, "semantic", ["b", "c", "a"]), class_weights(start, "instances", ["b"])
    ((1.0, 4.0, 3.0, 2.0), ())
    """
    if task != start.task:
        return ()
    if task == "instances":
        return start.class_weights
    background, *each = start.class_weights
    known, mean = dict(zip(start.classes, each, strict=True)), sum(each) / len(each)
    return (background, *(known.get(name, mean) for name in wanted))


def new_classes(known: Sequence[str], wanted: Sequence[str]) -> str:
    """Which classes the start did not know, and what they begin as; "" where there was no choice.

    >>> new_classes(["bright", "dark"], ["cell", "dark"])
    '; of the classes dark taken over, cell new (as the mean of bright, dark)'
    """
    new = [name for name in wanted if name not in known]
    if not new or len(known) == 1:
        return ""
    kept = ", ".join(name for name in wanted if name in known) or "none"
    mean = f"as the mean of {', '.join(known)}"
    return f"; of the classes {kept} taken over, {', '.join(new)} new ({mean})"
