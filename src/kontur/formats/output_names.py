"""Names of outputs: what is no folder by its name, and what is no file of a format.

A folder of outputs in the place of a store of Zarr is taken for a damaged store, and a folder
`cells.csv`, of whoever asks for GeoJSON and names a table, for a file.
"""

from pathlib import Path

from kontur.errors import InputError
from kontur.formats.format import Format
from kontur.formats.recognise_format import ending_of
from kontur.images import zarr_store
from kontur.wording import listed

# Shared endings of what is read and never written: packed files, and pictures with losses.
OTHER_CONTENT = (".gz", ".zip", ".ozx", ".jpg", ".jpeg")


def check_can_be_folder(path: Path, option: str = "--out") -> None:
    """Raise `InputError`, naming the `option`, for a file, and for a store of Zarr by its name.

    What lies in a folder of such a name is a part of that store. Other folders are called as
    people like, also `cells.tif`.
    """
    place = zarr_store.place_of(path)
    if place is not None:
        reason = f"{place.store} is a store of Zarr by its name"
    elif path.exists() and not path.is_dir():
        reason = f"{path} is a file"
    else:
        return
    raise InputError(f"{option} wants a folder, and {reason}; give another {option}")


def check_is_of_format(target: Path, kind: Format) -> None:
    """Raise `InputError` for a target that has the ending of a file, but of none of the format's.

    Endings that several formats share are its own too, since it is named. Other names, and that of
    a folder which is there, are those of folders.
    """
    ending = ending_of(target)
    if ending and not zarr_store.is_folder(target) and not has_ending_of(target, kind):
        raise InputError(
            f"{target} would be a file of {kind.title} by --format {kind.name}, and its name ends "
            f"in {ending}; end it in {listed(kind.file_endings)}, or name a folder"
        )


def has_ending_of(path: Path, kind: Format) -> bool:
    """Whether a name ends as files of a format do; of a place in a store that store's name."""
    if zarr_store.name_of(path).lower().endswith(kind.file_endings):
        return True
    ending = ending_of(path).lower()
    return ending in kind.shared_endings and not ending.endswith(OTHER_CONTENT)
