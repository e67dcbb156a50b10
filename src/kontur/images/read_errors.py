"""What reading an image throws, in a sentence: files that are missing, damaged or not to be read.

Whoever reads in windows reads again long after a file was opened, and it may have gone since.
"""

import contextlib
import errno
import os
import struct
import tokenize
import zlib
from collections.abc import Iterator
from pathlib import Path

from kontur.errors import DamagedFileError, InputError, reason_of
from kontur.images import jpeg_kinds, unsupported_images

# Of errors of the system those of a damaged file: decoders give no number, or seek where no file
# can be. All others are of the disk or the network.
DAMAGED = (None, errno.EINVAL, errno.EOVERFLOW)
# Words by which decoders say, in errors of any class, that the file is sound, in a rare way.
RARE = (
    "not available",
    "unsupported",
    "not supported",
    "cannot handle",
    "not implemented",
    "unknown codec",
)


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn the exceptions of decoders on damaged or missing files into one sentence."""
    try:
        yield
    except InputError:
        raise
    except FileNotFoundError:
        link = f": the link leads to {path.readlink()}" if path.is_symlink() else ""
        raise InputError(f"there is no image {path}{link}") from None
    except IsADirectoryError:
        known = unsupported_images.sentence(path)  # a Zarr store is a folder
        raise InputError(known or f"wanted an image file, but {path} is a folder") from None
    except PermissionError:
        raise InputError(f"{path} may not be read: permission denied") from None
    except MemoryError:
        raise InputError(f"{path} does not fit into memory") from None
    except (
        *(OSError, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError),
        *(EOFError, SyntaxError, AttributeError, AssertionError, struct.error, zlib.error),
        tokenize.TokenError,
    ) as error:  # Pillow, tifffile and NumPy throw all of these at damaged files
        if isinstance(error, OSError) and error.errno not in DAMAGED:
            raise InputError(
                f"{path} could not be read: {os.strerror(error.errno)}; try again, or copy it first"
            ) from error
        kind = _rare_jpeg(path)
        if kind is not None:
            raise InputError(
                f"{path} is a {kind}, which cannot be decoded here; save it as TIFF, in Python "
                'with tifffile.imwrite("NAME.tif", imagecodecs.imread("NAME.jpg"))'
            ) from error
        if is_rare(error):
            reason = reason_of(error) if str(error) else "a rare way of storing pixels"
            raise InputError(
                f"{path} cannot be read ({reason}); export it again, as plain TIFF or PNG"
            ) from error
        # The decoder's own words stay in the chain: of its bytes, they say nothing to a person.
        raise damaged(path) from error


def _rare_jpeg(path: Path) -> str | None:
    """What a JPEG is that is whole and of a rare kind; None of all others."""
    try:
        with path.open("rb") as file:
            start = file.read(jpeg_kinds.HEADING)
            if not start.startswith(jpeg_kinds.START):
                return None
            file.seek(max(0, path.stat().st_size - jpeg_kinds.TAIL))
            return jpeg_kinds.rare_kind(start, file.read())
    except OSError:
        return None


def is_rare(error: Exception) -> bool:
    """Whether a decoder lacks what would read a sound file.

    A `TypeError` says that Python supports no sum of None, which a damaged file brings about, and
    an error with a number what a disk does not support.
    """
    if isinstance(error, TypeError) or getattr(error, "errno", None) is not None:
        return False
    words = str(error).lower()
    return isinstance(error, NotImplementedError) or any(word in words for word in RARE)


def damaged(path: Path) -> DamagedFileError:
    """The sentence on a file of which a part is missing or was changed."""
    return DamagedFileError(f"{path} is damaged or cut short; copy or export it again")
