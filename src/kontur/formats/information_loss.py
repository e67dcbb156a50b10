"""Information loss: what a format cannot hold of the objects that are written, counted."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from jaxtyping import Bool

from kontur.formats.attributes import attributes_of, attributes_of_image
from kontur.formats.format import Format
from kontur.formats.image_annotation import ImageAnnotation
from kontur.formats.label_ids import storable_ids
from kontur.formats.qupath import CLASS_COLOUR, COLOUR, UUID
from kontur.formats.tracks import PARENT, TRACK
from kontur.geometry import raster
from kontur.instances import CLASSES, Instances
from kontur.instances.plane import Plane
from kontur.wording import counted, listed, plural

MOST = 10  # names in a sentence
WORDS = {COLOUR: "colour", CLASS_COLOUR: "colour of the class", UUID: "UUID"}


def information_losses(target: Format, entries: Sequence[ImageAnnotation]) -> list[str]:
    """A sentence for each kind of information lost; none where the format holds everything."""
    images = [entry.instances for entry in entries]
    notes = []
    holes = sum(map(_with_holes, images))
    if holes and target.holes == "never":
        notes.append(f"holes of {plural(holes, 'object')} filled")
    parts = sum(map(_in_parts, images))
    if parts and not target.parts:
        notes.append(f"{plural(parts, 'object')} in several parts: the largest is kept")
    crowded = [one for one in images if not target.overlaps and _overlapping(one)]
    if crowded:
        overlapping, hidden = sum(map(_overlapping, crowded)), sum(map(_hidden, crowded))
        lost = f", and {hidden:,} hidden by others lost" if hidden else ""
        notes.append(
            f"{plural(overlapping, 'object')} overlapping: a pixel belongs to one object only{lost}"
        )
    named = {name for one in images for name in one.classes} - set(CLASSES)
    if named and not target.classes:
        notes.append(f"{counted(sorted(named), 'class name')} lost")
    unused = named - {one.classes[label] for one in images for label in set(one.labels.tolist())}
    if unused and target.classes and not target.unused_classes:
        notes.append(f"{counted(sorted(unused), 'class name')} that no object has lost")
    scores = sum(int((~np.isnan(one.scores)).sum()) for one in images)
    if scores and not target.scores:
        notes.append(f"{plural(scores, 'score')} lost")
    ignored = sum(int(one.ignore.sum()) for one in images)
    if ignored and not target.ignore:
        notes.append(f"{plural(ignored, 'region')} to ignore left out")
    notes += _lost_attributes(target, entries)
    renumbered = sum(_renumbered(target, one) for one in _of_one_file(target, entries))
    if renumbered:
        how = "cannot be stored and become others" if target.ids else "lost"
        notes.append(f"{plural(renumbered, 'id')} {how}")
    sides = {entry.pixel_size for entry in entries if entry.pixel_size is not None}
    if sides and not target.pixel_size:
        notes.append(
            f"the size of a pixel ({listed(f'{side:g} µm' for side in sorted(sides))}) is lost"
        )
    planes = {one.plane for one in images if one.plane is not None}
    if planes and not target.planes:
        places = listed(sorted(map(_place, planes)))
        notes.append(f"that the outlines lie on a plane of a stack ({places}) is lost")
    vanishing = sum(map(_vanishing, images)) if target.raster else 0
    if vanishing:
        notes.append(f"{plural(vanishing, 'object')} without the centre of a pixel lost")
    cut = sum(map(_crossing, images)) if target.relative else 0
    if cut:
        notes.append(f"{plural(cut, 'object')} cut off at the edge of the image")
    outside = sum(map(_outside, images))
    if outside:
        notes.append(f"{plural(outside, 'object')} outside the image")
    unsized = sum(entry.size is None and entry.instances.size is None for entry in entries)
    if unsized and target.needs_size == "holes":  # it has a place for sizes, and readers use them
        notes.append(
            f"{plural(unsized, 'image')} without height and width, which many readers want: give "
            "--size HxW or --image FILE"
        )
    return [f"{target.title}: {note}" for note in notes]


def lost_objects(target: Format, instances: Instances) -> str | None:
    """A phrase on whole objects that a file lacks: how many, and why; None where it has all.

    Of rasters that is known where the image's size is.
    """
    ignored = 0 if target.ignore else int(instances.ignore.sum())
    inside = instances[~(instances.ignore & (not target.ignore))]
    outside = _outside(inside) if target.raster or target.relative else 0
    thin = _vanishing(inside) if target.raster else 0
    hidden = 0 if target.overlaps or not _overlapping(inside) else _hidden(inside)
    reasons = {
        "hidden by others": hidden,
        "without the centre of a pixel": thin,
        "outside the image": outside,
        "to ignore": ignored,
    }
    lost = sum(reasons.values())
    if not lost:
        return None
    why = ", ".join(f"{number:,} {reason}" for reason, number in reasons.items() if number)
    return f"{lost:,} of {plural(len(instances), 'object')} ({why})"


def _lost_attributes(target: Format, entries: Sequence[ImageAnnotation]) -> list[str]:
    """What files of other formats said of objects and images, and the target has no place for."""
    names, tracked, objects = dict[str, None](), 0, 0
    for one in (entry.instances for entry in entries):
        for i, extra in enumerate(one.extras):
            if len(extra) > (target.extras in extra):  # something of another format
                lost = _not_taken(target, attributes_of(one, i, but=target.extras))
                tracked += not {TRACK, PARENT}.isdisjoint(lost)
                objects += bool({*lost} - {TRACK, PARENT})
                names |= dict.fromkeys(lost)
    for name in (TRACK, PARENT):
        names.pop(name, None)
    notes = [f"tracks of {plural(tracked, 'object')} lost"] if tracked else []
    if objects:
        words = listed((WORDS.get(name, name) for name in names), most=MOST)
        notes.append(f"other values of {plural(objects, 'object')} lost ({words})")
    of_images = [attributes_of_image(entry, but=target.extras) for entry in entries]
    several = sum(map(bool, of_images))
    if several:
        words = listed(
            dict.fromkeys(name for of_image in of_images for name in of_image), most=MOST
        )
        notes.append(f"other values of {plural(several, 'image')} lost ({words})")
    return notes


def _not_taken(target: Format, attributes: Mapping[str, Any]) -> list[str]:
    taken = target.takes(attributes)
    return [name for name in attributes if name not in taken]


def _of_one_file(target: Format, entries: Sequence[ImageAnnotation]) -> list[list[Instances]]:
    """The objects of each image, which are numbered together: of one plane, or of all of them."""
    files: dict[Any, list[Instances]] = {}
    for number, entry in enumerate(entries):
        key = (entry.image, entry.file_name) if target.planes else number
        files.setdefault(key, []).append(entry.instances)
    return [*files.values()]


def _renumbered(target: Format, planes: Sequence[Instances]) -> int:
    """How many objects come back with another id."""
    if target.ids and not target.raster:
        return 0
    kept = [one if target.ignore else one[~one.ignore] for one in planes]
    stored = storable_ids(kept) if target.ids else [np.arange(1, len(one) + 1) for one in kept]
    return sum(
        int((ids != np.where(one.ignore, -np.abs(one.ids), one.ids)).sum())
        for ids, one in zip(stored, kept, strict=True)
    )


def _place(plane: Plane) -> str:
    numbers = {"depth": plane.z, "time": plane.t, "page": plane.page}
    words = ", ".join(f"{axis} {number}" for axis, number in numbers.items() if number)
    return words or "the first"


def _with_holes(instances: Instances) -> int:
    parts, owner = shapely.get_parts(np.array(instances.polygons), return_index=True)
    return len(np.unique(owner[shapely.get_num_interior_rings(parts) > 0]))


def _in_parts(instances: Instances) -> int:
    return int((shapely.get_num_geometries(np.array(instances.polygons)) > 1).sum())


def _overlapping(instances: Instances) -> int:
    """How many objects share area with another one; touching is none."""
    polygons = np.array(instances.polygons)
    if len(polygons) < 2:
        return 0
    left, right = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    pairs = left < right
    left, right = left[pairs], right[pairs]
    shared = shapely.area(shapely.intersection(polygons[left], polygons[right])) > 0
    return len(np.unique(np.concatenate([left[shared], right[shared]])))


def _hidden(instances: Instances) -> int:
    """How many objects have pixels and keep none, once all are painted."""
    if instances.size is None:
        return 0
    numbered = instances.replace(ids=np.arange(1, len(instances) + 1))
    drawn_ids = np.unique(numbered.label_image())
    return len(instances) - _without_pixels(instances) - int((drawn_ids > 0).sum())


def _outside(instances: Instances) -> int:
    return int(_are_outside(instances).sum())


def _are_outside(instances: Instances) -> Bool[np.ndarray, " k"]:
    if instances.size is None or len(instances) == 0:
        return np.zeros(len(instances), dtype=bool)
    height, width = instances.size
    x0, y0, x1, y1 = instances.boxes.T
    return (x1 <= 0) | (y1 <= 0) | (x0 >= width) | (y0 >= height)


def _crossing(instances: Instances) -> int:
    """How many objects lie partly inside the image."""
    if instances.size is None or len(instances) == 0:
        return 0
    height, width = instances.size
    x0, y0, x1, y1 = instances.boxes.T
    crossing = (x0 < 0) | (y0 < 0) | (x1 > width) | (y1 > height)
    return int((crossing & ~_are_outside(instances)).sum())


def _vanishing(instances: Instances) -> int:
    """How many objects inside the image are too thin to cover the centre of any pixel."""
    if instances.size is None:
        return 0
    return _without_pixels(instances[~_are_outside(instances)])


def _without_pixels(instances: Instances) -> int:
    """How many objects own no pixel of the image, whose size is known."""
    assert instances.size is not None
    owners = raster.spans(np.array(instances.polygons), instances.size).owner
    return len(instances) - len(np.unique(owners))
