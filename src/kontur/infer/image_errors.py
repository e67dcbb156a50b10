"""What is wrong with one image, told as a sentence that names it, and does not stop the others."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kontur.errors import InputError

# Messages of engines without enough memory, which raise exceptions of their own.
NO_MEMORY = ("allocate memory", "bad allocation", "bad_alloc", "out of memory", "not enough memory")


@contextmanager
def naming_image(path: Path, page: int | None = None) -> Iterator[None]:
    """Every sentence about an image names its file, also that of one too large for the memory.

    And the `page`, if one is given, of which it is.
    """
    try:
        yield
    except InputError as error:
        if str(path) in str(error):
            raise
        where = path if page is None else f"{path}, page {page}"
        raise InputError(f"{where}: {str(error).removeprefix('the image: ')}") from None
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise  # of the disk or the folder, so that it would meet every image
        raise InputError(f"{path}: its name is too long for its outputs'; rename it") from None
    except MemoryError:
        raise InputError(_too_large(path)) from None
    except Exception as error:  # those of ONNX Runtime have no class of their own below Exception
        if not any(words in str(error).lower() for words in NO_MEMORY):
            raise
        raise InputError(_too_large(path)) from None


def _too_large(path: Path) -> str:
    return f"{path} does not fit into memory; cut it into parts or make it smaller"
