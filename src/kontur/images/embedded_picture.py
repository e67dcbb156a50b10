"""The picture inside a labelme file: its key `imageData`, bytes of an image file as base64.

labelme embeds it unless it is told not to, so people hand on such files without their images.
"""

import base64
import binascii
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kontur.errors import InputError

# A slash may be written with a backslash before it, and the address of such data before all.
PICTURE = re.compile(rb'"imageData"\s*:\s*"(?:data:[^",]{1,99},)?((?:[^"\\]|\\/)++)"')


def is_in(path: Path) -> bool:
    """Whether a file is JSON with a picture inside."""
    return path.suffix.lower() == ".json" and PICTURE.search(path.read_bytes()) is not None


def content(path: Path) -> bytes:
    """The bytes of the image file that is inside; `InputError` where there is none."""
    found = PICTURE.search(path.read_bytes())
    if found is None:
        raise InputError(f"{path} has no picture inside (the key imageData of labelme)")
    try:
        return base64.b64decode(found[1].replace(b"\\/", b"/"), validate=True)
    except binascii.Error:
        raise InputError(f"{path}: the picture inside (imageData) is damaged") from None


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The picture as a file of its own, as long as the block lasts; errors name the file around.

    Raises `InputError` where there is none.
    """
    with tempfile.TemporaryDirectory() as folder:
        inside = Path(folder) / f"{path.stem} (imageData)"
        inside.write_bytes(content(path))
        try:
            yield inside
        except InputError as error:
            raise InputError(str(error).replace(str(inside), f"{path} (imageData)")) from None
