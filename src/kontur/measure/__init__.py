"""Measuring: from outlines and images to tables, one row an object.

The room can be called: `kontur.measure(instances, image)` is `kontur.measure.table.measure(…)`.
Were the public name a function beside the room, `kontur.measure` would be one or the other,
depending on what was imported first.
"""

import sys
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    def __call__(self, *args: Any, **options: Any) -> Any:
        from kontur.measure.table import measure  # here, so that importing the room takes no time

        return measure(*args, **options)


sys.modules[__name__].__class__ = _Room
