"""The class names of both sides over many images, which are compared in one way in all of them.

A file names the classes of its own objects, some formats no others. Were it decided for each image
whether names count, an image whose only object is called wrongly would count as found.
"""

from collections.abc import Iterable

import numpy as np

from kontur.instances import CLASSES, Instances


class ClassLists:
    """The names of the true and of the predicted classes, as far as they are known.

    Attributes:
        truth, predicted: the names of each side in the order in which they came.
    """

    def __init__(self) -> None:
        self.truth: tuple[str, ...] = ()
        self.predicted: tuple[str, ...] = ()

    def add(self, truth: Instances, predicted: Instances) -> bool:
        """Add those of an image; whether they alone say that its classes are compared by name."""
        own, other = _names(truth), _names(predicted)
        self.truth = _joined(self.truth, own)
        self.predicted = _joined(self.predicted, other)
        return bool(set(own) & set(other))

    def applied(self, truth: Instances, predicted: Instances) -> tuple[Instances, Instances]:
        """The objects of an image with the lists of all images."""
        return _with(truth, self.truth or CLASSES), _with(predicted, self.predicted or CLASSES)

    @property
    def ignored(self) -> tuple[str, str] | None:
        """The names of both sides where both have them, and they do not count; else None.

        As in `compare`: without a name in common, and with one alone on a side. "object" is the
        name of what has none.
        """
        sides = self.truth, self.predicted
        if not all(sides) or CLASSES in sides or set(self.truth) & set(self.predicted):
            return None
        return ", ".join(self.truth), ", ".join(self.predicted)


def _names(side: Instances) -> tuple[str, ...]:
    """Those that a file has; without objects it has none, if it names none."""
    return () if len(side) == 0 and side.classes == CLASSES else side.classes


def _joined(names: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*names, *more)))


def _with(side: Instances, names: tuple[str, ...]) -> Instances:
    if len(side) == 0:
        return Instances.empty(side.size, names)
    place = np.array([names.index(name) for name in side.classes])
    return side.replace(labels=place[side.labels], classes=names)
