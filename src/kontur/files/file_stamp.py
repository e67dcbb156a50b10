"""Whether a file is still the one that was read: its size and times, told without reading it.

What keeps something of a file in memory compares the whole stamp. What is kept longer, or by
several machines that share the file, compares `bytes` and `modified`: file systems over a network
may give a file another inode at any time, and agree on times to the µs.
"""

import time
from pathlib import Path
from typing import NamedTuple

SETTLED = 2.0  # seconds after which a file that is written again has another time, on any disk


class FileStamp(NamedTuple):
    """Which file lies somewhere, its bytes, and when its content and all else of it changed, ns."""

    device: int
    inode: int
    bytes: int
    modified: int
    changed: int

    @classmethod
    def of(cls, path: Path) -> "FileStamp":
        """The stamp of a file or folder; raises `OSError` where it is missing."""
        stat = path.stat()
        return cls(stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)

    def is_settled(self) -> bool:
        """Whether the file was last written so long ago that it cannot change unseen."""
        return time.time() - max(self.modified, self.changed) / 1e9 >= SETTLED
