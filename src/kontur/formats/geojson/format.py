"""GeoJSON as QuPath (0.4 and later) reads and writes it.

Points are full-resolution pixels, the image's corner is (0, 0): as inside, nothing is shifted.
Outlines are written with three decimals (see `rounding`), with holes and parts; a second export is
identical. Objects keep what QuPath knows of them (name, colour, measurements, metadata, plane). The
image's size, the list of classes and our ids stand in a member `kontur` beside the features: QuPath
ignores it and does not write it back; ids then are those in our UUIDs, or count on. An object on
several planes is a feature of each, with a UUID of its own, as QuPath wants it, and our one id.
After QuPath's `PathObjectTypeAdapters` and RFC 7946. Members beside the features that others wrote
are not kept.
"""

import copy
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import numpy as np

from kontur.errors import InputError
from kontur.files import atomic, json_document, packed
from kontur.formats import outline_repair
from kontur.formats.format import Format
from kontur.formats.geojson.feature import (
    EXTRAS,
    Feature,
    Kind,
    features_in,
    read_feature,
    read_features,
    written_feature,
)
from kontur.formats.geojson.geometry import geometries_of
from kontur.formats.geojson.member import member_of, new_member, note_page, size_of, with_pages
from kontur.formats.image_annotation import (
    ClassPrediction,
    ImageAnnotation,
    check_count,
    ids_on_planes,
    unique_ids,
)
from kontur.formats.object_uuid import id_in, ids_in, uuid_beside, uuid_for
from kontur.formats.outline_file import BEGINNING, OutlineFile, json_keys
from kontur.formats.planes import by_plane, on_plane, read_planes
from kontur.formats.qupath import (
    IGNORE,
    attributes_of_feature,
    reclassified,
    takes,
)
from kontur.formats.rounding import rounded
from kontur.instances import CLASSES, Instances
from kontur.instances.checks import with_unique_ids
from kontur.instances.plane import Plane

CHUNK = 1000  # objects that are made into features at a time
GEOJSON_KEYS = {"features", "geometry", "coordinates"}


def read(file: OutlineFile) -> list[ImageAnnotation]:
    """The objects of a GeoJSON file: one entry, or one for each plane on which objects lie.

    With `file.page` the objects of that plane alone; where no object names a plane they belong to
    any. Errors and repairs as in `from_document`.
    """
    where = file.path

    def convert(number: int, feature: Any) -> Feature:
        return read_feature(feature, f"{where}: feature {number}")

    content = file.json_rows("features", convert)
    features = read_features(content, where)
    instances, written = _objects(features, member_of(content), where)
    without = Counter(one.without for one in features if one.without)
    geometries = [extra[EXTRAS]["geometry"] for extra in instances.extras]
    planes = _planes(geometries, content, where)
    ids = np.array(ids_on_planes(written, [plane or Plane() for plane in planes]), np.int64)
    entries = []
    for plane, places in by_plane(planes, file.page, where):
        objects = instances[places].replace(plane=plane, ids=with_unique_ids(ids[places]))
        entries.append(ImageAnnotation(where.stem, instances.size, objects, without))
    return entries


def write(path: Path, entries: Sequence[ImageAnnotation], *, overwrite: bool = True) -> None:
    """Write one image, or the planes of one, as a FeatureCollection; see `to_document`.

    Planes are taken one by one, and none is held.
    """
    bare = [  # of each plane
        Instances.empty(objects.size, objects.classes).replace(plane=objects.plane)
        for objects in (entry.instances for entry in entries)
    ]
    if len(bare) > 1 and any(plane.plane is None for plane in bare):
        raise InputError(
            f"GeoJSON holds the outlines of one image, and there are {len(bare)}; name one of "
            "them with --image NAME (in Python image=NAME)"
        )
    none = Instances.concat(bare or [Instances.empty()])
    image = ImageAnnotation(entries[0].file_name if entries else path.stem, none.size, none)
    with stream(path, image, overwrite=overwrite) as add:
        for entry in entries:
            add(entry.instances)


@contextmanager
def stream(
    path: Path, image: ImageAnnotation, *, overwrite: bool = True
) -> Iterator[Callable[[Instances], None]]:
    """Write the objects of one image part by part, to the text of `to_document`.

    `image` says what is known of the image; its own objects are not written. The function that is
    given takes the objects of each part, whose ids no other part of its plane has.
    """
    with (
        atomic.replacing(path, overwrite=overwrite) as beside,
        beside.open("w", encoding="utf-8", errors="replace", newline="\n") as file,
    ):
        own, lost = new_member(image.instances), list[str]()
        file.write('{"type":"FeatureCollection","features":[')
        before = chain([""], repeat(","))  # each chunk of features

        def add(instances: Instances) -> None:
            note_page(own, instances.plane)
            for first in range(0, len(instances), CHUNK):
                part = on_plane(instances[first : first + CHUNK])
                features = list(_features_of(part, image.file_name, None, own))
                file.write(next(before) + json_document.finite_text(features, lost)[1:-1])

        yield add
        file.write(f'],"kontur":{json_document.finite_text(own, lost)}}}\n')
        json_document.log_lost(lost)


def to_document(
    instances: Instances, *, image_name: str = "", kind: Kind | None = None
) -> dict[str, Any]:
    """The objects as a FeatureCollection.

    Without `kind` an object stays what it was read as, and is else an `annotation`: those can be
    corrected by hand in QuPath; a `detection` cannot, but is drawn faster where there are many
    thousands. Ids are UUIDs of `image_name` and our id: the same objects give the same file.
    """
    own = new_member(instances)
    features = list(_features_of(on_plane(instances), image_name, kind, own))
    return {"type": "FeatureCollection", "features": features, "kontur": own}


def _features_of(
    instances: Instances, image_name: str, kind: Kind | None, own: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """The feature of every object; `own` takes its id and, of a region to ignore, its class."""
    for i, geometry in enumerate(geometries_of(rounded(instances.polygons))):
        feature = written_feature(instances, i, geometry, kind)
        number, name = int(instances.ids[i]), feature["id"]
        if name is None or id_in(name) not in (None, number):  # it was numbered anew
            name = uuid_for(number, f"kontur/{image_name}")
        if name in own["ids"] and instances.plane is not None:  # the same object, on another plane
            name = uuid_beside(name, number, f"plane/{instances.plane}")
        while name in own["ids"]:  # a copy of another object
            name = uuid_beside(name, number, "copy")
        feature["id"] = name
        own["ids"][name] = number
        if instances.ignore[i]:
            own["ignored"][name] = instances.classes[instances.labels[i]]
        yield feature


def from_document(content: Any, *, where: str | Path = "GeoJSON") -> Instances:
    """The objects of a FeatureCollection, a list of features, one feature or one geometry.

    What is no area (points, lines, a missing geometry) is left out and outlines that cross
    themselves are repaired, both with a line of logging. Classes come in our own list's order or
    as they appear; an id that comes again, as of one object on two planes, becomes the next free
    number; unclassified objects are of the class `object`, those of QuPath's class
    `Ignore*` are regions to ignore. Raises `InputError` naming the feature that is not one.
    """
    instances, written = _objects(read_features(content, where), member_of(content), where)
    return instances.replace(ids=np.array(unique_ids(written), np.int64))


def _objects(
    features: Sequence[Feature], own: Mapping[str, Any], where: str | Path
) -> tuple[Instances, list[int | None]]:
    """The objects of features, and the ids that these have."""
    polygons, kept = outline_repair.repaired([one.shape for one in features], where)
    outline_repair.left_out((one.without for one in features), where, what="features")
    objects = [one for one, keep in zip(features, kept, strict=True) if keep]
    labels, classes = _labels(objects, own)
    instances = Instances.of_valid(
        polygons,
        labels=labels or None,
        scores=[one.score for one in objects] or None,
        ignore=[one.name == IGNORE for one in objects] or None,
        extras=[{EXTRAS: one.extra} for one in objects],
        size=size_of(own, where),
        classes=classes,
    )
    return instances, _ids(objects, own, where)


def relabel(
    file: OutlineFile, predicted: Sequence[Sequence[ClassPrediction]], classes: Sequence[str]
) -> str:
    """The text of the file with other classes of its objects; see `with_classes`."""
    content = with_classes(file.json, predicted, classes, where=file.path, page=file.page)
    return json_document.to_text(content)


def with_classes(
    content: Any,
    predicted: Sequence[Sequence[ClassPrediction]],
    classes: Sequence[str],
    *,
    where: str | Path = "GeoJSON",
    page: int | None = None,
) -> Any:
    """The document with other classes of its objects, everything else as it is written there.

    `predicted` has, plane by plane, the class of each object that `read` gives; its probabilities
    become measurements in place of those of an earlier classifier. `classes` are all possible
    ones: a class has the same colour in every file. Raises `InputError` where the objects are not
    so many, and as `from_document` does.
    """
    content = copy.deepcopy(content)
    features = features_in(content, where)
    shapes = [
        read_feature(feature, f"{where}: feature {number}").shape
        for number, feature in enumerate(features, start=1)
    ]
    _, kept = outline_repair.repaired(shapes, where)
    objects = [feature for feature, keep in zip(features, kept, strict=True) if keep]
    planes = _planes([feature["geometry"] for feature in objects], content, where)
    groups = by_plane(planes, page, where)
    check_count(groups, predicted, where)
    for (_, places), of_plane in zip(groups, predicted, strict=True):
        check_count(places, of_plane, where)
        for place, prediction in zip(places, of_plane, strict=True):
            properties = objects[place].get("properties") or {}
            objects[place]["properties"] = reclassified(properties, prediction, classes)
    if isinstance(content, dict) and isinstance(content.get("kontur"), dict):
        content["kontur"]["classes"] = list(classes)  # those of regions to ignore are by them
    bare = isinstance(content, dict) and bool({"coordinates", "geometries"} & content.keys())
    return features[0] if bare else content


def _planes(
    geometries: Sequence[Mapping[str, Any]], content: Any, where: str | Path
) -> list[Plane | None]:
    planes = [geometry.get("plane") for geometry in geometries]
    own = member_of(content)
    return with_pages(read_planes(planes, own.get("page"), where), own, where)


def _labels(features: list[Feature], own: Mapping[str, Any]) -> tuple[list[int], list[str]]:
    """Class indices and class names: our list first, then as they appear."""
    listed, ignored = own.get("classes"), own.get("ignored")
    classes = list(map(str, listed)) if isinstance(listed, list) else []
    behind = ignored if isinstance(ignored, Mapping) else {}  # the class of a region to ignore
    unclassified = classes[0] if classes else CLASSES[0]
    names = [
        behind.get(one.extra["id"]) if one.name == IGNORE else one.name or unclassified
        for one in features
    ]
    names = [None if name is None else str(name) for name in names]
    classes = list(dict.fromkeys([*classes, *(n for n in names if n is not None)])) or [*CLASSES]
    place = {name: label for label, name in enumerate(classes)}
    return [0 if name is None else place[name] for name in names], classes


def _ids(features: list[Feature], own: Mapping[str, Any], where: str | Path) -> list[int | None]:
    """Our ids where the file still has them: in its list, or in the UUIDs that we made."""
    listed = own.get("ids")
    known = dict(listed) if isinstance(listed, Mapping) else {}
    seen = {*known}
    ids: list[Any] = []
    names = [one.extra["id"] for one in features]
    for name, number in zip(names, ids_in(names, frozenset(seen)), strict=True):
        ids.append(known.pop(name, None) if name in seen else number)  # a copy gets a new one
        seen.add(name)
    numbers = [json_document.identity(number, f"{where}: an id in kontur.ids") for number in ids]
    return list(map(json_document.whole_number, numbers))


def _recognise(file: OutlineFile) -> bool:
    if packed.is_packed(file.path):
        start = packed.unpacked(file.path, BEGINNING) or b""
        keys = json_keys(start.decode("utf-8-sig", "replace"))
        return bool(GEOJSON_KEYS & keys.keys())
    if file.json_keys:
        return bool(GEOJSON_KEYS & file.json_keys.keys())
    return file.numbered_in is None and file.json == []  # no features


FORMAT = Format(
    name="geojson",
    title="GeoJSON for QuPath",
    endings=(".geojson",),
    shared_endings=(".json", ".geojson.gz", ".zip"),
    planes=True,
    read=read,
    write=write,
    stream=stream,
    relabel=relabel,
    recognise=_recognise,
    extras=EXTRAS,
    takes=takes,
    attributes=attributes_of_feature,
)
