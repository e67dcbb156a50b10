"""ImageJ ROIs: `.roi` for one object, a zip or a folder of them for many.

Outlines are exact to a thousandth of a pixel (in images of more than 8,192 pixels to what single
precision holds, half of that), with holes and parts; a second export changes nothing. ROIs keep
their names, positions, colours and groups. A zip is written anew, never appended to. Class, score,
id, track and the image's size stand in properties of ours, which ImageJ keeps; without them a ROI's
class is its group. A zip without objects names neither size nor classes.
"""

import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from kontur.display.colours import GREY, as_hex, class_colour
from kontur.errors import InputError
from kontur.files import atomic, json_document
from kontur.formats import outline_repair
from kontur.formats.attributes import attributes_of, default_colour, hex_of, of_texts
from kontur.formats.format import Format
from kontur.formats.image_annotation import ImageAnnotation, ids_on_planes
from kontur.formats.image_size import size_of_texts
from kontur.formats.imagej.roi import (
    Roi,
    areas,
    from_bytes,
    outlines,
    roifile,
    short_letters,
    to_bytes,
)
from kontur.formats.outline_file import OutlineFile
from kontur.formats.planes import by_plane
from kontur.formats.qupath import CLASS_COLOUR, COLOUR, rgb_of
from kontur.formats.rounding import rounded, rounded_score
from kontur.formats.tracks import LARGEST, PARENT, TRACK, with_tracks
from kontur.instances import CLASSES, Instances
from kontur.instances.checks import with_unique_ids
from kontur.instances.plane import Plane
from kontur.wording import listed, quoted, shortened

ROI = b"Iout"  # the first bytes of a ROI
ZIP = b"PK"
# What `zipfile` raises for a damaged archive, also one whose names are no text.
DAMAGED_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, UnicodeError)
LARGEST_ROI = 1 << 28  # bytes of one ROI unpacked
LARGEST_ZIP = 1 << 31  # bytes of all of them
DATE = (1980, 1, 1, 0, 0, 0)  # of every entry: the same objects give the same file
EXTRAS = "imagej"  # what is kept of a ROI


def read(file: OutlineFile) -> list[ImageAnnotation]:
    """The objects of a ROI or a zip of ROIs: one entry, or one for each plane that they name.

    Lines, points and texts have no area: they are counted and left out. Raises `InputError` for
    files that are damaged or too large, and where `roifile` is not installed.
    """
    roifile()
    where = file.path
    rois = [_parsed(data, name, where) for name, data in _contents(file)]
    polygons, kept = outline_repair.repaired(areas(rois), where)
    without = outline_repair.left_out((roi.without for roi in rois), where, what="ROIs")
    objects = [roi for roi, keep in zip(rois, kept, strict=True) if keep]
    names = [_class(roi) for roi in objects]
    classes = list(dict.fromkeys(names)) or [*CLASSES]
    instances = Instances.of_valid(
        polygons,
        labels=[classes.index(name) for name in names] or None,
        scores=[_score(roi, where) for roi in objects] or None,
        ignore=[roi.own.get("ignore") == "true" for roi in objects] or None,
        extras=[
            {EXTRAS: {**roi.rest, "class": name}} for roi, name in zip(objects, names, strict=True)
        ],
        size=_size(objects, where),
        classes=classes,
    )
    tracks, parents = (
        np.array([np.nan if number is None else number for number in numbers])
        for numbers in ([_whole(roi, name, where) for roi in objects] for name in (TRACK, PARENT))
    )
    instances = with_tracks(instances, tracks, parents)
    planes = [_plane(roi, where) for roi in objects]
    written = [_whole(roi, "id", where) for roi in objects]
    ids = np.array(ids_on_planes(written, [plane or Plane() for plane in planes]), np.int64)
    name = FORMAT.stem(where)
    return [
        ImageAnnotation(
            name,
            instances.size,
            instances[places].replace(plane=plane, ids=with_unique_ids(ids[places])),
            without,
        )
        for plane, places in by_plane(planes, file.page, where)
    ]


def write(path: Path, entries: Sequence[ImageAnnotation], *, overwrite: bool = True) -> None:
    """Write one image, or the planes of one, as a zip of ROIs, or its only object as `.roi`.

    Planes are taken one by one, and none is held. Raises `InputError` for several images, and for
    a `.roi` of other than one object.
    """
    if len(entries) > 1 and any(entry.instances.plane is None for entry in entries):
        raise InputError(
            f"a zip of ImageJ ROIs holds the outlines of one image, and there are {len(entries)}; "
            "name one of them with --image NAME (in Python image=NAME)"
        )
    known: dict[str, int] = {}
    rois = (roi for entry in entries for roi in _written(entry, known))
    if path.suffix.lower() == ".roi":
        count = sum(len(entry.instances) for entry in entries)
        if count != 1:
            raise InputError(
                f"{path}: a .roi holds one object, and there are {count}; write a .zip"
            )
        atomic.write_bytes(path, next(rois)[1], overwrite=overwrite)
        return
    with (
        atomic.replacing(path, overwrite=overwrite) as beside,
        zipfile.ZipFile(beside, "w") as archive,
    ):
        for name, data in rois:
            archive.writestr(zipfile.ZipInfo(f"{name}.roi", DATE), data)


def _written(entry: ImageAnnotation, known: dict[str, int]) -> Iterator[tuple[str, bytes]]:
    """The name of every object's file in the zip, and its content; names are not those `known`."""
    instances, size = entry.instances, entry.size or entry.instances.size
    named = instances.classes != CLASSES
    for i, outline in enumerate(outlines(rounded(instances.polygons))):
        identity, label = int(instances.ids[i]), int(instances.labels[i])
        own = {"id": str(identity)}
        rest: dict[str, Any] = dict(instances.extras[i].get(EXTRAS, {}))
        others = _takes(attributes_of(instances, i, but=EXTRAS))
        if rest.get("class") != instances.classes[label]:  # name and colour are of another class
            rest.pop("name", None), rest.pop("stroke_color", None)
        if "name" in others:
            rest.setdefault("name", others["name"])
        own |= {number: str(others[number]) for number in (TRACK, PARENT) if number in others}
        shown = rgb_of(others.get(COLOUR, others.get(CLASS_COLOUR)))
        if shown:
            red, green, blue, *opacity = shown
            rest.setdefault("stroke_color", [*(opacity or [255]), red, green, blue])
        if named:
            own["class"] = instances.classes[label]
            colour = GREY if instances.ignore[i] else class_colour(label)
            rest.setdefault("stroke_color", [255, *colour])
        if not np.isnan(instances.scores[i]):
            own["score"] = str(rounded_score(instances.scores[i]))
        if instances.ignore[i]:
            own["ignore"] = "true"
        if size is not None:
            own["size"] = f"{size[0]}x{size[1]}"
        if instances.plane is not None and instances.plane.page is not None:
            own["page"] = str(instances.plane.page)
        title = f"{instances.classes[label]} {identity:04}" if named else f"{identity:04}"
        name = short_letters(str(rest.get("name", title)))
        data = to_bytes(outline, name, instances.plane, own, rest)
        yield _entry_name(name, known), data


def _takes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """What a ROI holds of the attributes of an object: name, track, parent, the colour shown.

    That is its own, or else that of its class.
    """
    whole = {key: json_document.whole_number(attributes.get(key)) for key in (TRACK, PARENT)}
    name, colour = attributes.get("name"), COLOUR if COLOUR in attributes else CLASS_COLOUR
    shown = attributes.get(colour)
    return {
        **({"name": name} if isinstance(name, str) else {}),
        **{key: one for key, one in whole.items() if one is not None and abs(one) <= LARGEST},
        **({colour: shown} if rgb_of(shown) else {}),
    }


def _entry_name(name: str, known: dict[str, int]) -> str:
    """The name of a file in the zip: without folders, and not one of those that are `known`.

    Beside each of these is the number that its last namesake got.
    """
    plain = "".join(c if c.isprintable() and c not in '/\\:*?"<>|' else "_" for c in name[:100])
    plain = plain.encode("utf-8", "replace").decode("utf-8").strip(" .") or "object"
    free, number = plain, known.get(plain.lower(), 1)
    while free.lower() in known:
        number += 1
        free = f"{plain}-{number}"
    known[free.lower()] = 1
    known[plain.lower()] = number
    return free


def _contents(file: OutlineFile) -> Iterator[tuple[str, bytes]]:
    """The name and bytes of every ROI of a file, two of one name both."""
    if file.path.is_dir():
        for path in roi_files(file.path):
            with json_document.opened(path) as opened:
                yield path.stem, opened.read(LARGEST_ROI)
        return
    if file.beginning.startswith(ROI):
        with json_document.opened(file.path) as opened:
            yield file.path.stem, opened.read(LARGEST_ROI)
        return
    if not file.beginning.startswith(ZIP):
        raise InputError(f"{file.path} is neither an ImageJ ROI nor a zip of them")
    total = 0
    try:
        with zipfile.ZipFile(file.path) as archive:
            held = archive.namelist()
            if held and not any(name.lower().endswith(".roi") for name in held):
                raise InputError(
                    f"{file.path} holds no ImageJ ROI but {listed(held, most=2)}; unpack it, and "
                    "convert what is inside"
                )
            for info in archive.infolist():
                name = PurePosixPath(info.filename)
                if name.suffix.lower() != ".roi" or name.name.startswith("."):
                    continue
                total += info.file_size
                if info.file_size > LARGEST_ROI or total > LARGEST_ZIP:
                    raise InputError(
                        f"{file.path} holds ROIs of {total:,} bytes, which is too large"
                    )
                with archive.open(info) as opened:
                    yield name.stem, opened.read(LARGEST_ROI)
    except DAMAGED_ZIP as error:
        raise InputError(
            f"{file.path} is damaged or cut short; save the ROIs again from ImageJ"
        ) from error


def roi_files(folder: Path) -> list[Path]:
    """The `.roi` of a folder, in the order of their names."""
    files = sorted(folder.iterdir())
    return [file for file in files if file.suffix.lower() == ".roi" and file.name[0] != "."]


def _parsed(data: bytes, name: str, where: Path) -> Roi:
    try:
        return from_bytes(data, name)
    except ValueError as error:
        raise InputError(
            f"{where}: the ROI {shortened(name)} is damaged or cut short; save it again from ImageJ"
        ) from error


def _class(roi: Roi) -> str:
    group = roi.rest.get("group", 0)
    return roi.own.get("class") or (f"group {group}" if group else CLASSES[0])


def _score(roi: Roi, where: Path) -> float:
    text = roi.own.get("score")
    if text is None:
        return np.nan
    try:
        score = float(text)
    except ValueError:
        score = np.nan
    if not 0 <= score <= 1:
        raise InputError(
            f"{where}: the ROI {shortened(roi.name)} has the score {quoted(text)}; wanted a number "
            "from 0 to 1"
        )
    return score


def _whole(roi: Roi, name: str, where: Path) -> int | None:
    text = roi.own.get(name)
    if text is None:
        return None
    if not text.removeprefix("-").isdecimal() or len(text) > 20:
        raise InputError(
            f"{where}: the ROI {shortened(roi.name)} has the {name} {quoted(text)}; wanted a whole "
            "number"
        )
    return int(text)


def _plane(roi: Roi, where: Path) -> Plane | None:
    """The plane of a ROI that has a position, with the page that stands beside it if one does."""
    page = _whole(roi, "page", where)
    return roi.plane if page is None or roi.plane is None else roi.plane.numbered(page)


def _size(rois: Sequence[Roi], where: Path) -> tuple[int, int] | None:
    """The image's size, where one is written and all agree."""
    texts = {roi.own["size"] for roi in rois if "size" in roi.own}
    if len(texts) != 1:
        return None
    (text,) = texts
    size = size_of_texts(text.split("x"))
    if size is None:
        raise InputError(f"{where}: the size of the image is {quoted(text)}; wanted HEIGHTxWIDTH")
    return size


def _recognise(file: OutlineFile) -> bool:
    """Whether it is a ROI, or a folder or zip that has one, or a zip without objects: an empty one.

    Any archive ends in .zip.
    """
    if file.path.is_dir():
        return bool(roi_files(file.path))
    if file.beginning.startswith(ROI):
        return True
    if not file.beginning.startswith(ZIP):
        return False
    try:
        with zipfile.ZipFile(file.path) as archive:
            held = archive.namelist()
            return not held or any(name.lower().endswith(".roi") for name in held)
    except DAMAGED_ZIP:
        return False


def _attributes(content: Mapping[str, Any], instances: Instances, i: int) -> dict[str, Any]:
    identity, class_ = f"{instances.ids[i]:04}", instances.classes[instances.labels[i]]
    named = instances.classes != CLASSES
    found = {**of_texts(content.get("properties", {}))}
    found |= {k: v for k, v in content.items() if k not in ("properties", "class", "stroke_color")}
    if content.get("name") in (identity, f"{class_} {identity}"):
        del found["name"]  # which every ROI has
    if class_ == f"group {content.get('group')}":
        del found["group"]  # is its class
    stroke = content.get("stroke_color")
    if isinstance(stroke, list) and len(stroke) == 4:  # opacity first
        stroke = [*stroke[1:], *(stroke[:1] if stroke[0] != 255 else ())]
    colour = hex_of(stroke)
    if not named or colour != as_hex(default_colour(instances, i)):
        found[CLASS_COLOUR if named else COLOUR] = colour
    return found


FORMAT = Format(
    name="imagej",
    title="ImageJ ROIs",
    package="roifile",
    extra="imagej",
    endings=(".rois.zip", "_rois.zip", "_roiset.zip", ".zip", ".roi"),
    shared_endings=(".zip",),
    planes=True,
    native_ending=".zip",
    object_ending=".roi",
    read=read,
    write=write,
    extras=EXTRAS,
    unused_classes=False,
    takes=_takes,
    attributes=_attributes,
    recognise=_recognise,
)
