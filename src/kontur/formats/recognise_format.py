"""The table of formats, and which of them a file is of.

The ending of a file's name decides its format; where other files have it too (`.json`), the
content does. A new format is a module with a constant `FORMAT`, or a folder of several
whose `format` has it, and a line in `FORMATS`: reading, writing, conversion, folders, commands and
help texts follow from the table.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from kontur.errors import InputError
from kontur.formats import attributes, cellpose, geoparquet, labelme
from kontur.formats.coco import format as coco
from kontur.formats.csv import format as table
from kontur.formats.cvat import format as cvat
from kontur.formats.format import Format
from kontur.formats.geojson import format as geojson
from kontur.formats.geojson import lines as geojson_lines
from kontur.formats.imagej import format as imagej
from kontur.formats.label_image import format as labels
from kontur.formats.label_studio import format as label_studio
from kontur.formats.nifti import format as nifti_labels
from kontur.formats.ome_zarr import format as ome_zarr_labels
from kontur.formats.outline_file import OutlineFile
from kontur.formats.unsupported_outlines import program_of
from kontur.formats.via import format as via
from kontur.formats.yolo import format as yolo
from kontur.images import zarr_store
from kontur.wording import listed, nearest

FORMATS: Mapping[str, Format] = {
    one.name: one
    for one in (
        geojson.FORMAT,
        coco.FORMAT,
        labels.FORMAT,
        ome_zarr_labels.FORMAT,
        table.FORMAT,
        imagej.FORMAT,
        labelme.FORMAT,
        yolo.FORMAT,
        cvat.FORMAT,
        via.FORMAT,
        geoparquet.FORMAT,
        geojson_lines.FORMAT,
        cellpose.FORMAT,
        label_studio.FORMAT,
        nifti_labels.FORMAT,
    )
}
attributes.READERS.update(
    {one.extras: one.attributes for one in FORMATS.values() if one.attributes}
)
attributes.IMAGE_READERS.update(
    {one.extras: one.image_attributes for one in FORMATS.values() if one.image_attributes}
)
WRITABLE: Mapping[str, Format] = {  # the others are only read
    name: one for name, one in FORMATS.items() if one.write is not None
}


def can_read(path: str | Path) -> bool:
    """Whether the ending of a name is that of a format."""
    return bool(_candidates(Path(path)))


def format_of(path: str | Path, *, numbered_in: Sequence[Path] | None = None) -> Format:
    """The format of a file that is there; `InputError` where it is of none."""
    return recognised(OutlineFile(Path(path), numbered_in=numbered_in))


def find_format(path: str | Path) -> Format | None:
    """The format of a file that may be something else, by ending and content; None if it is none.

    Only the beginning of the file is read, and nothing where the ending alone decides.
    """
    file = OutlineFile(Path(path))
    candidates = _candidates(file.path)
    if candidates and _ends(file.path, candidates[0].own_endings):
        return candidates[0]
    if program_of(file) is not None:
        return None
    return next((one for one in candidates if _is(one, file)), None)


@cache
def all_endings() -> tuple[str, ...]:
    """Every ending that is read, in the order in which files of one image are chosen.

    Outlines come before rasters, and endings of one format before those that several share.
    """
    known: dict[str, None] = {}
    for raster in (False, True):
        ordered = [one for one in FORMATS.values() if one.raster == raster]
        known |= dict.fromkeys(ending for one in ordered for ending in one.endings)
        known |= dict.fromkeys(ending for one in ordered for ending in one.shared_endings)
    return tuple(known)


def ending_of(path: str | Path) -> str:
    """The longest ending of a name that a format has, as it is written there; empty if none.

    >>> ending_of("out/a01.coco.json"), ending_of("a01.v2.CSV"), ending_of("plain")
    ('.coco.json', '.CSV', '')
    """
    name = zarr_store.name_of(path)
    fitting = [len(ending) for ending in all_endings() if name.lower().endswith(ending)]
    return name[-max(fitting) :] if fitting else ""


def format_to_write(path: str | Path) -> Format:
    """The format of a file to write, by its longest ending; `InputError` for other endings.

    So for a folder that is there and has such an ending, which no file can take the place of.
    """
    if zarr_store.is_folder(path) and ending_of(path):
        raise InputError(f"wanted to write the file {path}, but a folder has that name")
    candidates = _candidates(Path(path))
    fitting = [one for one in candidates if _ends(path, one.endings)]
    if not fitting:
        raise _unknown(path)
    chosen, ending = fitting[0], ending_of(path)
    if ending.lower() not in chosen.endings:  # a longer one, of a format that is read
        raise InputError(f"{path}: a file of the ending {ending} is read and never written")
    if chosen.write is None:
        raise InputError(f"{path} would be a file of {chosen.title}, which Kontur reads only")
    return chosen


def format_named(name: str) -> Format:
    """The format of this name that is written; raises `InputError` for another word."""
    if name not in WRITABLE:
        raise InputError(f"there is no output format {name!r}; {nearest(name, [*WRITABLE])}")
    return WRITABLE[name]


def name_of(path: str | Path) -> str:
    """A file's name without its folder and its ending, see `ending_of`.

    >>> name_of("out/a01.coco.json"), name_of("a01.v2.csv"), name_of("plain")
    ('a01', 'a01.v2', 'plain')
    """
    return Path(path).name.removesuffix(ending_of(path))


def recognised(file: OutlineFile) -> Format:
    """The format by ending and content; where no content fits, the one whose reader says why."""
    candidates = _candidates(file.path)
    if not candidates:
        raise _unknown(file.path)
    program = program_of(file)
    if program is not None:
        raise InputError(
            f"{file.path} is of {program.name}, which Kontur does not read: {program.advice}"
        )
    chosen = next((one for one in candidates if _is(one, file)), None)
    if chosen is not None:
        return chosen
    if _ends(file.path, (".json",)) and not _ends(file.path, candidates[0].own_endings):
        content = file.json  # raises where it is no JSON at all
        keys = listed(sorted(file.json_keys), most=8) if content else ""
        titles = " nor ".join(one.title for one in candidates)
        raise InputError(f"{file.path} is neither {titles}; it has {keys or 'no keys'}")
    return next((one for one in candidates if _ends(file.path, one.endings)), candidates[0])


def _is(format: Format, file: OutlineFile) -> bool:
    try:
        return format.recognise(file)
    except InputError:
        return False


def _candidates(path: Path) -> list[Format]:
    """The formats of which a file may be by its name, those of the longest ending first.

    A folder may be one of files of one object each.
    """

    name = zarr_store.name_of(path).lower()

    def length(one: Format) -> int:
        endings = (*one.endings, *one.shared_endings)
        return max((len(ending) for ending in endings if name.endswith(ending)), default=0)

    if zarr_store.is_folder(path):
        return [one for one in FORMATS.values() if one.object_ending]
    return sorted(filter(length, FORMATS.values()), key=length, reverse=True)


def _ends(path: str | Path, endings: Iterable[str]) -> bool:
    return zarr_store.name_of(path).lower().endswith(tuple(endings))


def _unknown(path: str | Path) -> InputError:
    ending = Path(path).suffix.lower()
    known = dict.fromkeys(end for one in WRITABLE.values() for end in one.endings)
    came = f"{ending} is" if ending else "it has"
    return InputError(
        f"{path}: the ending decides the format, and {came} none of {', '.join(known)}"
    )
