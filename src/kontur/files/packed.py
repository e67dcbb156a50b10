"""JSON in a zip of its own, QuPath's "Compress data (zip)", or behind gzip (`.gz`).

What is unpacked is as large as text packs down to, and no more: a small file that claims gigabytes
is refused.
"""

import gzip
import zipfile
import zlib
from pathlib import Path

from kontur.errors import InputError

ENDINGS = (".zip", ".gz")
JSON = (".geojson", ".json")
MOST = 60  # times the packed size; outlines as text pack down to a tenth
AT_LEAST = 1 << 26  # bytes that are always unpacked
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, UnicodeError)


def is_packed(path: str | Path) -> bool:
    """Whether the name of a file says that it is packed."""
    return Path(path).name.lower().endswith(ENDINGS)


def unpacked(path: str | Path, most: int | None = None) -> bytes | None:
    """The JSON in a packed file, or its first bytes; None of a zip that holds another thing.

    Raises `InputError` where the file is missing, damaged or grows too large.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"there is no file {path}")
    limit = max(AT_LEAST, MOST * path.stat().st_size)
    try:
        if path.name.lower().endswith(".gz"):
            with gzip.open(path) as file:
                content = file.read(limit + 1 if most is None else most)
        else:
            with zipfile.ZipFile(path) as archive:
                held = [one for one in archive.infolist() if not one.is_dir()]
                if len(held) != 1 or not held[0].filename.lower().endswith(JSON):
                    return None
                with archive.open(held[0]) as member:
                    content = member.read(limit + 1 if most is None else most)
    except DAMAGED as error:
        raise InputError(
            f"{path} is damaged and cannot be unpacked; copy or export it again"
        ) from error
    if len(content) > limit:
        raise InputError(f"{path} unpacks to more than {limit:,} bytes, which is too large")
    return content
