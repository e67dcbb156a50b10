"""Training: from a folder of images and outlines to a model file (torch, Lightning).

The module can be called: `kontur.train(data, out=run)` is `kontur.train.run.train(data, out=run)`.
A function of the same name beside the module would hide it, or be hidden, depending on which was
imported first.
"""

import sys
from types import ModuleType
from typing import Any


class _CallableModule(ModuleType):
    def __call__(self, *args: Any, **options: Any) -> Any:
        from kontur.train.openmp import let_waiting_threads_sleep

        let_waiting_threads_sleep()
        from kontur.train.run import train  # here, so that importing the module imports no torch

        return train(*args, **options)


sys.modules[__name__].__class__ = _CallableModule
