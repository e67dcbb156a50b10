"""The memory that this process may still use: of the machine, its container, its own limit.

A prediction that would not fit is refused before it begins: the system would kill the process
and all its work. Where a system does not report its memory, nothing is refused.
"""

from pathlib import Path

from kontur.errors import InputError

MACHINE = Path("/proc/meminfo")  # Linux; other systems swap before they kill
PROCESS = Path("/proc/self/status")
CGROUPS = Path("/proc/self/cgroup")
CGROUP_ROOT = Path("/sys/fs/cgroup")
KIBI = 1024
LIMIT, USED, CACHE = 0, 1, 2  # of a control group: its limit, what is used, what can be reclaimed
VERSIONS = {  # the files of a memory control group: version 2, version 1
    "": ("memory.max", "memory.current", "inactive_file"),
    "memory": ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}


def check_memory(needed: float, pixels: float) -> None:
    """Raise `InputError` where `needed` bytes for an image of so many pixels are not free."""
    free = available_memory()
    if needed > free:
        raise InputError(
            f"{pixels / 1e6:,.0f} million pixels at once need {needed / 1e9:.1f} GB of memory "
            f"and {free / 1e9:.1f} are free; cut the image into parts, or shrink it with --diameter"
        )


def available_memory() -> float:
    """Bytes that this process may still use; infinity where no limit is known."""
    return min(_machine(), _container(), _address_space())


def _machine() -> float:
    return _kilobytes(MACHINE, "MemAvailable")


def _container() -> float:
    """What the control groups of this process leave, of which the tightest counts."""
    free = float("inf")
    for folder, version in _control_groups():
        names = VERSIONS[version]
        limit, used = _number(folder / names[LIMIT]), _number(folder / names[USED])
        if limit is None or used is None:
            continue
        statistics = _fields(folder / "memory.stat", " ")
        reclaimable = float(statistics.get(names[CACHE], "0"))
        free = min(free, max(limit - used + reclaimable, 0.0))
    return free


def _control_groups() -> list[tuple[Path, str]]:
    """The folders of the memory controllers that this process is in, its own and all above it."""
    groups = []
    for line in _text(CGROUPS).splitlines():
        _, controllers, name = line.split(":", 2)
        version = "memory" if "memory" in controllers.split(",") else ""
        if controllers and not version:
            continue
        root = CGROUP_ROOT / version
        folder = root / name.strip("/")
        inside = [folder, *folder.parents]
        # In a container the group's own name is often that outside it: then the root is its own.
        groups += [(path, version) for path in inside if path == root or root in path.parents]
    return groups


def _address_space() -> float:
    """What `ulimit -v` leaves."""
    try:
        import resource
    except ImportError:  # Windows
        return float("inf")
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return float("inf")
    used = _kilobytes(PROCESS, "VmSize")
    return max(limit - used, 0.0) if used < float("inf") else float("inf")


def _kilobytes(path: Path, name: str) -> float:
    value = _fields(path, ":").get(name)
    return KIBI * float(value.split()[0]) if value else float("inf")


def _number(path: Path) -> float | None:
    """The number in a file; None where it is missing or holds "max", no limit."""
    text = _text(path).strip()
    return float(text) if text.isdecimal() else None


def _fields(path: Path, separator: str) -> dict[str, str]:
    pairs = (line.partition(separator) for line in _text(path).splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
