"""Zarr stores: folders, or zip archives of them, that are one file to their users; or URLs.

`image.ome.zarr` is a folder of chunks, and `image.ome.zarr/labels/nuclei` is a place inside. Zarr 2
and 3 are read by the package zarr (extra `zarr`). What a damaged store throws becomes a sentence.
"""

import contextlib
import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from kontur import extra
from kontur.errors import InputError, reason_of
from kontur.images import object_storage
from kontur.images.object_storage import url_of
from kontur.images.read_errors import damaged, is_rare

ENDING = ".zarr"
ZIPPED = (".ome.zarr.zip", ".zarr.zip", ".ozx")
ENDINGS = (ENDING, *ZIPPED)
ROOTS = ("zarr.json", ".zgroup", ".zarray", ".zattrs")  # one of them lies in every group and array
DAMAGED = (  # what zarr and its codecs raise at damaged stores
    *(OSError, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError, EOFError),
    *(AttributeError, AssertionError, struct.error, zlib.error, lzma.LZMAError),
    zipfile.BadZipFile,
)
UNKNOWN = 1 << 60  # bytes of a store that nobody has counted
LARGEST_METADATA = 1 << 26  # bytes of a JSON file; consolidated metadata of plates are megabytes


class Place(NamedTuple):
    """A store, and the place inside that a path names; `inside` is empty for the store itself."""

    store: Path
    inside: str


def place_of(path: str | Path) -> Place | None:
    """The store that a path is or lies in, by the endings of its parts; None where it is none.

    >>> place_of("plate/a.ome.zarr/labels/nuclei")
    Place(store=PosixPath('plate/a.ome.zarr'), inside='labels/nuclei')
    >>> place_of("a.tif") is None
    True
    """
    if not any(ending in str(path).lower() for ending in ENDINGS):
        return None  # most paths: a folder of images asks for each of them many times
    whole = Path(path)
    for store in (*reversed(whole.parents), whole):
        if store.name.lower().endswith(ENDINGS):
            return Place(store, whole.relative_to(store).as_posix().removeprefix("."))
    return None


def is_store(path: str | Path) -> bool:
    """Whether a path is that of a store or of a place inside, by its name alone."""
    return place_of(path) is not None


def is_file(path: str | Path) -> bool:
    """Whether there is a file, or a store, which is one to its users."""
    return Path(path).is_file() or (Path(path).name.lower().endswith(ENDINGS) and exists(path))


def is_folder(path: str | Path) -> bool:
    """Whether there is a folder that is not a store."""
    return Path(path).is_dir() and not is_store(path)


def exists(path: str | Path) -> bool:
    """Whether there is a group or an array of Zarr."""
    place = place_of(path)
    if place is None:
        return False
    url = url_of(path)
    if url is not None:
        return object_storage.exists(url, ROOTS)
    if place.store.is_file():
        return True
    return any((Path(path) / name).is_file() for name in ROOTS)


def name_of(path: str | Path) -> str:
    """The name that tells the kind of a file: of the store, where the path lies in one."""
    place = place_of(path)
    return Path(path).name if place is None else place.store.name


def size_of(path: str | Path) -> int:
    """The bytes of a store or of a place inside; of an archive all of its bytes.

    `UNKNOWN` of a URL: to list all its chunks may take minutes.
    """
    if url_of(path) is not None:
        return UNKNOWN
    place = place_of(path)
    if place is not None and place.store.is_file():
        return place.store.stat().st_size
    return sum(file.stat().st_size for file in files_of(path))


def files_of(path: str | Path) -> list[Path]:
    """Every file below a folder, sorted."""
    return sorted(Path(folder) / name for folder, _, names in os.walk(path) for name in names)


@contextlib.contextmanager
def reading(path: str | Path) -> Iterator[None]:
    """Turn what zarr and its codecs throw at damaged or missing stores into one sentence."""
    try:
        yield
    except InputError:
        raise
    except MemoryError:
        raise InputError(f"{path} does not fit into memory") from None
    except DAMAGED as error:
        if is_rare(error):
            raise InputError(
                f"{path} cannot be read ({reason_of(error)}); write it again, with zstd or no "
                "compression"
            ) from error
        raise damaged(Path(path)) from error
    except Exception as error:
        url = url_of(path)
        if url is None:
            raise
        raise object_storage.unreachable(url, error) from error


def opened(path: str | Path) -> Any:
    """The group or array at a path, to read; `InputError` where there is none or it is damaged."""
    zarr = extra.package("zarr", extra="zarr", what="a Zarr store")
    place = place_of(path)
    assert place is not None, path
    url = url_of(path)
    if url is not None:
        if place.store.name.lower().endswith(ZIPPED):
            raise InputError(f"{url} is an archive; unpack it there, or copy it to a disk")
        if not exists(path):
            raise InputError(f"{url} is no Zarr group or array: it has no {' or '.join(ROOTS[:3])}")
        with reading(path):
            return zarr.open(url, mode="r")
    if not place.store.exists():
        raise InputError(f"there is no image {place.store}")
    if not exists(path):
        raise InputError(f"{path} is no Zarr group or array: it has no {' or '.join(ROOTS[:3])}")
    with reading(path):
        if place.store.is_file():
            store = zarr.storage.ZipStore(place.store, mode="r")
            try:
                return zarr.open(store, path=place.inside or None, mode="r")
            except FileNotFoundError:
                raise InputError(f"{path} is no Zarr group or array in the archive") from None
        _check_metadata(Path(path))
        return zarr.open(str(path), mode="r")


def attributes(node: Any) -> Mapping[str, Any]:
    """What OME-Zarr says of a group: below the key `ome` since 0.5, else as it stands."""
    whole = dict(node.attrs)
    inner = whole.get("ome")
    return inner if isinstance(inner, dict) else whole


def _check_metadata(folder: Path) -> None:
    for name in ROOTS:
        file = folder / name
        if file.is_file() and file.stat().st_size > LARGEST_METADATA:
            raise InputError(f"{file} has {file.stat().st_size:,} bytes, too many for metadata")
