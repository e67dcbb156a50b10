"""The class names of a folder, which labels index: renamed and added, never fewer."""

import threading
from collections.abc import Callable, Sequence

import numpy as np

from kontur.errors import InputError
from kontur.instances import CLASSES, Instances
from kontur.web.history import History

NOTE = "classes"


class FolderClasses:
    """The names as the history keeps them.

    `changed` is called after a change, with whether a class has another name now.
    """

    def __init__(self, history: History, changed: Callable[[bool], None]):
        self._history, self._changed = history, changed
        self._lock = threading.RLock()

    @property
    def names(self) -> tuple[str, ...]:
        """All names in their order; none before the first object."""
        return tuple(self._history.note(NOTE) or ())

    def name(self, names: Sequence[str]) -> None:
        """Rename classes and add further ones behind them.

        Raises `InputError` for fewer than there are, and for names that are empty or not unique.
        """
        wanted = tuple(name.strip() for name in names)
        with self._lock:
            before = self.names
            if len(wanted) < len(before):
                raise InputError(
                    f"there are {len(before)} classes, and objects may have them; rename "
                    f"them or add further ones, got {len(wanted)} names"
                )
            if not all(wanted) or len(set(wanted)) < len(wanted):
                raise InputError("every class has a name of its own; give another one")
            self._history.set_note(NOTE, wanted)
        self._changed(wanted[: len(before)] != before)

    def of(self, instances: Instances) -> Instances:
        """Objects of a model or a file with labels that index these names; new ones are added."""
        used = sorted(set(instances.labels.tolist()))
        names = [instances.classes[label] for label in used]
        if self.names and instances.classes == CLASSES:  # it names none
            names = [self.names[0] for _ in used]
        labels = self._labels_of(names or instances.classes[:1])
        label_of = {label: labels[i] for i, label in enumerate(used)}
        return instances.replace(
            labels=np.array([label_of[int(label)] for label in instances.labels], dtype=np.int64),
            classes=self.names,
        )

    def _labels_of(self, names: Sequence[str]) -> list[int]:
        with self._lock:
            wanted = tuple(dict.fromkeys((*self.names, *names)))
            if wanted != self.names:
                self.name(wanted)
            return [wanted.index(name) for name in names]
