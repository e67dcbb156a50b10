"""Measuring: from outlines and images to tables, one row per object.

The module can be called: `kontur.measure(instances, image)` is `kontur.measure.table.measure(…)`.
A function of the same name beside the module would hide it, or be hidden, depending on which was
imported first.
"""

import sys
from types import ModuleType
from typing import Any


class _CallableModule(ModuleType):
    def __call__(self, *args: Any, **options: Any) -> Any:
        from kontur.measure.table import measure  # here, so that importing the module is fast

        return measure(*args, **options)


sys.modules[__name__].__class__ = _CallableModule
