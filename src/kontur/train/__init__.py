"""Training: from a folder of images and outlines to a model file (torch, Lightning).

The room can be called: `kontur.train(data, out=run)` is `kontur.train.run.train(data, out=run)`.
Were the public name a function beside the room, `kontur.train` would be one or the other,
depending on what was imported first.
"""

import sys
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    def __call__(self, *args: Any, **options: Any) -> Any:
        from kontur.train.openmp import let_waiting_threads_sleep

        let_waiting_threads_sleep()
        from kontur.train.run import train  # here, so that importing the room imports no torch

        return train(*args, **options)


sys.modules[__name__].__class__ = _Room
