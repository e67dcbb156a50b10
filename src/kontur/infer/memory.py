"""The memory that this process may still use: of the machine, its container, its own limits.

A prediction that would not fit is refused before it begins: the system would kill the process
and all its work. Where a system does not report its memory, nothing is refused.
"""

import math
import re
import time
from functools import lru_cache
from pathlib import Path

from kontur.errors import InputError

MACHINE = Path("/proc/meminfo")  # Linux; other systems swap before they kill
PROCESS = Path("/proc/self/status")
CGROUPS = Path("/proc/self/cgroup")
CGROUP_ROOT = Path("/sys/fs/cgroup")
MOMENT = 0.1  # seconds for which an answer holds
KIBI = 1024
NO_LIMIT = 2.0**62  # bytes; version 1 writes a number near 2^63 where there is no limit
LIMIT, USED, CACHE = 0, 1, 2  # of a control group: its limit, what is used, what can be reclaimed
VERSIONS = {  # the files of a memory control group: version 2, version 1
    "": ("memory.max", "memory.current", "inactive_file"),
    "memory": ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}


def check_memory(needed: float, pixels: float) -> None:
    """Raise `InputError` where `needed` bytes for an image of so many pixels are not free."""
    free = available_memory(needed)
    if needed > free:
        raise InputError(
            f"{pixels / 1e6:,.0f} million pixels at once need {needed / 1e9:.1f} GB of memory "
            f"and {free / 1e9:.1f} are free; cut the image into parts, give smaller tiles with "
            "--tile, or shrink it with --diameter"
        )


def available_memory(enough: float = math.inf) -> float:
    """Bytes that this process may still use; infinity where no limit is known.

    Of a container with `enough` free, its cache, which costs the most to ask for, is not counted.
    Where `enough` were free a moment ago they are taken to be: small images take no longer to be
    looked at than the system takes to answer a few times.
    """
    then, free = _latest[0]
    now = time.monotonic()
    if not (enough <= free < math.inf and now - then < MOMENT):
        free = min(_machine(), _container(enough), _address_space(), _share())
        _latest[0] = now, free
    return free


def keep_within(limit: float) -> None:
    """Let this process use so many bytes at most: what a cluster gives a worker."""
    _given[0] = limit
    _latest[0] = -math.inf, 0.0


_given = [math.inf]
_latest = [(-math.inf, 0.0)]  # when it was asked for, and the answer


def _share() -> float:
    """What is left of the bytes that this process was given."""
    limit = _given[0]
    return limit if math.isinf(limit) else max(limit - _kilobytes(PROCESS, "VmRSS", 0.0), 0.0)


def _machine() -> float:
    return _kilobytes(MACHINE, "MemAvailable")


def _container(enough: float) -> float:
    """What the control groups of this process leave, of which the tightest counts."""
    free = math.inf
    for folder, version in _control_groups(_text(CGROUPS), CGROUP_ROOT):
        names = VERSIONS[version]
        limit = _number(folder / names[LIMIT])
        if limit is None or limit >= NO_LIMIT:
            continue
        used = _number(folder / names[USED])
        if used is None:
            continue
        left = limit - used
        if left < enough:
            left += float(_field(folder / "memory.stat", names[CACHE]) or 0)
        free = min(free, max(left, 0.0))
    return free


@lru_cache(maxsize=1)
def _control_groups(listing: str, root: Path) -> list[tuple[Path, str]]:
    """The folders of the memory controllers that this process is in, its own and all above it."""
    groups = []
    for line in listing.splitlines():
        _, controllers, name = line.split(":", 2)
        version = "memory" if "memory" in controllers.split(",") else ""
        if controllers and not version:
            continue
        top = root / version
        folder = top / name.strip("/")
        inside = [folder, *folder.parents]
        # In a container the group's own name is often that outside it: then the root is its own.
        groups += [(path, version) for path in inside if path == top or top in path.parents]
    return groups


def _address_space() -> float:
    """What `ulimit -v` leaves."""
    try:
        import resource
    except ImportError:  # Windows
        return math.inf
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return math.inf
    used = _kilobytes(PROCESS, "VmSize")
    return max(limit - used, 0.0) if used < math.inf else math.inf


def _kilobytes(path: Path, name: str, unknown: float = math.inf) -> float:
    value = _field(path, name)
    return KIBI * float(value) if value else unknown


def _number(path: Path) -> float | None:
    """The number in a file; None where it is missing or holds "max", no limit."""
    text = _text(path).strip()
    return float(text) if text.isdecimal() else None


def _field(path: Path, name: str) -> str | None:
    """The number of the line of this name, such as `MemAvailable: 512 kB`."""
    line = re.search(rf"^{name}:?\s+(\d+)", _text(path), re.MULTILINE)
    return line[1] if line else None


def _text(path: Path) -> str:
    try:
        with path.open("rb", buffering=0) as file:  # half the time of `read_text`
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
