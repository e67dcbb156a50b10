"""Freed memory stays with a training's process, and goes back to the system at its end."""

import ctypes
import subprocess
import sys
from types import SimpleNamespace

import pytest

from kontur.train import kept_memory as module
from kontur.train.kept_memory import kept_memory

resource = pytest.importorskip("resource")

MEGABYTES = 50  # above what the C library keeps by itself
PAGES = (MEGABYTES << 20) // resource.getpagesize()

# In a process of its own: what other tests have freed would serve these arrays.
WRITES = f"""
import resource
import numpy as np
from kontur.train.kept_memory import kept_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones({MEGABYTES} << 20, np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

first, second = faults(), faults()
with kept_memory():
    faults()
    within = faults()
print(second, within, faults(), faults())
"""


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or not hasattr(ctypes.CDLL(None), "mallopt"),
    reason="this C library decides alone",
)
def test_pages_are_wanted_again_before_and_after_and_not_within():
    out = subprocess.run([sys.executable, "-c", WRITES], capture_output=True, check=True).stdout
    before, within, *after = map(int, out.split())
    huge = PAGES / 512  # where pages are of two megabytes
    assert before > huge / 2
    assert within < before / 10
    assert min(after) > huge / 2


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_are_left_alone(platform, monkeypatch):
    monkeypatch.setattr(module.sys, "platform", platform)
    monkeypatch.setattr(module.ctypes, "CDLL", lambda _: pytest.fail("the library was asked"))
    with kept_memory():
        pass


def test_a_library_that_lacks_one_option_is_left_alone(monkeypatch):
    monkeypatch.setattr(module.sys, "platform", "linux")
    lacks = SimpleNamespace(mallopt=lambda *_: pytest.fail("an option was set"))
    monkeypatch.setattr(module.ctypes, "CDLL", lambda _: lacks)
    with kept_memory():
        pass
