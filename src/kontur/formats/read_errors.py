"""What reading an image throws, in a sentence: files that are missing, damaged or not to be read.

Whoever reads in windows reads again long after a file was opened, and it may have gone since.
"""

import contextlib
import struct
import tokenize
import zlib
from collections.abc import Iterator
from pathlib import Path

from kontur.errors import InputError, reason_of
from kontur.formats import unsupported_images


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn the exceptions of decoders on damaged or missing files into one sentence."""
    try:
        yield
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"there is no image {path}") from None
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
        reason = reason_of(error)
        raise InputError(
            f"{path} is damaged or cut short ({reason}); copy or export it again"
        ) from error
