"""The class names of a folder, which labels index: renamed and added, never fewer."""

import threading
from collections.abc import Iterable, Sequence

from kontur.errors import InputError
from kontur.web.history import History

NOTE = "classes"


class FolderClasses:
    """The names as the history keeps them; `lock` is held while they are read and changed."""

    def __init__(self, history: History):
        self._history = history
        self.lock = threading.RLock()

    @property
    def names(self) -> tuple[str, ...]:
        """All names in their order; none before the first object."""
        return tuple(self._history.note(NOTE) or ())

    def name(self, names: Sequence[str]) -> bool:
        """Rename classes and add further ones behind them; whether any has another name now.

        Raises `InputError` for fewer than there are, and for names that are empty or not unique.
        """
        wanted = tuple(name.strip() for name in names)
        with self.lock:
            before = self.names
            if len(wanted) < len(before):
                raise InputError(
                    f"there are {len(before)} classes, and objects may have them; rename "
                    f"them or add further ones, got {len(wanted)} names"
                )
            if not all(wanted) or len(set(wanted)) < len(wanted):
                raise InputError("every class has a name of its own; give another one")
            self._history.set_note(NOTE, wanted)
            return wanted[: len(before)] != before

    def with_new(self, names: Iterable[str]) -> tuple[str, ...]:
        """All names, and behind them those of `names` that are new."""
        return tuple(dict.fromkeys((*self.names, *names)))
