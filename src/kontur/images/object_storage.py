"""Object storage: stores of Zarr by their URL, such as `s3://bucket/a.ome.zarr`, through fsspec.

Whatever fsspec reaches (S3, Google's and Microsoft's clouds, HTTP) is opened by the package zarr,
and credentials are found where its packages look for them. A `Path` holds a URL without one of its
slashes, which `url_of` gives back.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from kontur import extra
from kontur.errors import InputError, reason_of

URL = re.compile(r"([a-z][a-z0-9+.-]+):/+(.+)")  # one letter would be a drive of Windows
LOCAL = "file"


def url_of(path: str | Path) -> str | None:
    """The URL that a path holds; None for one on a disk.

    >>> url_of(Path("s3://plates/a.ome.zarr/A/1")), url_of("file:///data/a.zarr")
    ('s3://plates/a.ome.zarr/A/1', 'file:///data/a.zarr')
    >>> url_of("plates/a.zarr") is None, url_of("C:/plates/a.zarr") is None
    (True, True)
    """
    parts = URL.fullmatch(str(path))
    if parts is None:
        return None
    scheme, rest = parts.groups()
    return f"{scheme}:///{rest}" if scheme == LOCAL else f"{scheme}://{rest}"


def exists(url: str, names: Iterable[str]) -> bool:
    """Whether one of the names lies at a URL; `InputError` where nobody can look."""
    fsspec = extra.package("fsspec", extra="zarr", what="an image at a URL")
    try:
        system, place = fsspec.url_to_fs(url)
        return any(system.exists(f"{place}/{name}") for name in names)
    except Exception as error:  # each kind of storage has exceptions of its own
        raise unreachable(url, error) from error


def unreachable(url: str, error: Exception) -> InputError:
    """What to say where a storage failed: a missing package, the network, credentials."""
    reason = reason_of(error)
    return InputError(f"{url} cannot be reached ({reason})")
