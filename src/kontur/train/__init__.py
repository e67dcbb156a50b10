"""Training: from a folder of images and outlines to a model file (torch, Lightning).

The module can be called: `kontur.train(data, out=run)` is `kontur.train.run.train(data, out=run)`.
A function of the same name beside the module would hide it, or be hidden, depending on which was
imported first.

torch computes with OpenMP, whose threads wait actively. With other work on the machine they take
the processor from the threads that are waited for, and a training runs many times slower
(docs/results.md). Passive waiting has to be set before torch is imported.
"""

import os
import sys
from types import ModuleType
from typing import Any

WAIT_POLICY = "OMP_WAIT_POLICY"


def set_passive_waiting() -> None:
    """Let OpenMP's threads sleep while they wait, unless the user has set another policy.

    To be called before torch is imported, which reads the setting once.
    """
    os.environ.setdefault(WAIT_POLICY, "PASSIVE")


class _CallableModule(ModuleType):
    def __call__(self, *args: Any, **options: Any) -> Any:
        set_passive_waiting()
        from kontur.train.run import train  # here, so that importing the module imports no torch

        return train(*args, **options)


sys.modules[__name__].__class__ = _CallableModule
