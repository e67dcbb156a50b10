"""Before any test and any doctest: shapes checked, one thread a process, a repeatable hypothesis.

It stands at the root so that it holds for the doctests of `src` too, and in every xdist worker.
"""

import gc
import os
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

import hypothesis
import pytest

from tests.annotations import check_every_annotation

# A file that is imported by napari only, and imports it; its tests are in tests/napari.
collect_ignore = ["src/kontur/napari/widget.py"]

# Tests run one beside another, as many as there are cores. With two threads in each, those of numpy
# and torch wait for one another actively, and a training takes many times as long. Also without
# workers, so that a test does the same alone. One that is about threads sets their number itself.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Sources are compiled once, also where the environment asks every worker, and every process that a
# test starts, to compile them anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

check_every_annotation("kontur")

# What one worker has trained the others read, see `tests.models.contract.made_once`. Workers have
# the environment of the process that starts them, which removes the folder.
# What a killed run left behind is removed, once the process that its name tells is gone.
if "KONTUR_MADE_ONCE" not in os.environ:
    from tests import run_folders  # here: it imports `kontur`, whose annotations are checked now

    run_folders.remove_left_overs(Path(tempfile.gettempdir()))
    made_once = tempfile.TemporaryDirectory(prefix=run_folders.prefix(), ignore_cleanup_errors=True)
    os.environ["KONTUR_MADE_ONCE"] = made_once.name
    os.environ["KONTUR_CACHE"] = made_once.name  # not the user's

hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Modules and tests stay until the end: the garbage collector need not look through them."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_finish() -> None:
    """Networks are traced for ONNX without checks, as installed; trained and run, they are checked.

    The check of a traced tensor's shape would be traced too: more than half the time of an export.
    """
    if "torch" in sys.modules:
        import torch

        from tests.models.contract import unchecked

        torch.onnx.export = unchecked()(torch.onnx.export)


def pytest_sessionfinish() -> None:
    """What was left alone is collected while the modules that it needs are still there."""
    gc.unfreeze()
