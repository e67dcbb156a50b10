"""COCO JSON: the objects of one image or of many in one file.

Outlines without holes are written as polygons, one list a part: exact, see `rounding`. COCO
polygons cannot have holes and its crowds are masks, so objects with holes and regions to ignore are
written as run-length codes: exact to the pixel. A second export changes nothing. Keys that we do
not read stay with their object; info, licences, category ids and what else is said of images and
categories stay where the earlier document is given as `like`. A list of results, which names images
and categories by their ids alone, is read too. After the COCO data format.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import shapely
from jaxtyping import Bool, Shaped
from shapely import MultiPolygon, Polygon

from kontur.errors import InputError
from kontur.formats import document, rle
from kontur.formats.entry import Entry, Prediction, check_count, unique_ids
from kontur.formats.format import Format
from kontur.formats.outline_file import OutlineFile
from kontur.formats.rounding import DECIMALS, rounded, rounded_score
from kontur.formats.windows import Window, trace
from kontur.geometry import raster
from kontur.instances import CLASSES, Instances
from kontur.wording import counted, listed

READ = ("id", "image_id", "category_id", "segmentation", "area", "bbox", "iscrowd", "score")
INSTANCE_ID = "instance_id"  # ours, where the annotation's id had to be another
PROBABILITIES = "probabilities"  # ours, of each class, where a classifier gave one


def read(file: OutlineFile) -> list[Entry]:
    """Every image of a COCO file, or of results and the file that they were made for."""
    content = file.json
    if isinstance(content, list) and file.numbered_in is not None:
        content = _numbered_results(content, file)
    return from_document(content, where=file.path)


def write(path: Path, entries: Sequence[Entry], *, overwrite: bool = True) -> None:
    """Write the objects of many images into one file; see `to_document`."""
    document.dump(path, to_document(entries), overwrite=overwrite)


def relabel(
    file: OutlineFile, predicted: Sequence[Sequence[Prediction]], classes: Sequence[str]
) -> str:
    """The text of the file with other categories of its objects; see `with_classes`."""
    return document.to_text(with_classes(file.json, predicted, where=file.path))


def to_document(
    entries: Iterable[Entry], *, like: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Images, annotations and categories of several images; classes are joined by name.

    `like` is an earlier COCO document whose info and licences are kept, and for images and
    categories of the same name their ids and unknown keys. An annotation has its object's id where
    those are positive and unique through all images, else a running number, with ours beside it as
    `instance_id`. Raises `InputError` for an object with a hole or to
    be ignored in an image of unknown size.
    """
    entries, like = list(entries), like or {}
    classes = [name for entry in entries for name in entry.instances.classes]
    if len({entry.instances.classes for entry in entries}) > 1:
        classes = list(dict.fromkeys(classes))
    elif entries:
        classes = list(entries[0].instances.classes)
    categories = _numbered("name", classes, like.get("categories"), {"supercategory": ""})
    images = _numbered("file_name", [entry.file_name for entry in entries], like.get("images"), {})
    every_id = [int(i) for entry in entries for i in entry.instances.ids]
    own_ids = len(set(every_id)) == len(every_id) and min(every_id, default=1) > 0
    annotations: list[dict[str, Any]] = []
    for entry, image in zip(entries, images, strict=True):
        size = entry.size or entry.instances.size
        if size is not None:
            image["height"], image["width"] = size
        places = [classes.index(name) for name in entry.instances.classes]
        for i, written in enumerate(_annotations(entry.instances, size, entry.file_name)):
            number = int(entry.instances.ids[i])
            annotation = {
                "id": number if own_ids else len(annotations) + 1,
                "image_id": image["id"],
                "category_id": categories[places[entry.instances.labels[i]]]["id"],
                **written,
            }
            if not own_ids:
                annotation[INSTANCE_ID] = number
            annotations.append(annotation)
    return {
        "info": {"description": "Outlines by Kontur"},
        "licenses": [],
        **like,
        "images": images,
        "annotations": annotations,
        "categories": categories,
    }


def from_document(content: Any, *, where: str | Path = "COCO") -> list[Entry]:
    """The images of a COCO document or list of results with their objects, images without too.

    Polygons with parts, run-length codes as lists or compressed; crowds become regions to ignore.
    Labels count the categories in the order of the file; those of one name are one class. Parts
    that overlap are joined, outlines that cross themselves repaired, objects without outline or
    area left out, each with a line of logging. Raises `InputError` naming the key and the
    annotation that is wrong, and for image and category ids that stand for two.
    """
    found = _read(content, where)
    polygons, kept = document.repaired([one.shape for one in found.annotations], where)
    without = Counter(one.without for one in found.annotations if one.without)
    if without:
        document.log.warning(
            "%s: %d of %d objects have no outline (%s): left out",
            *(where, without.total(), len(kept)),
            listed(f"{number} with {kind}" for kind, number in without.items()),
        )
    at = np.cumsum(kept) - 1  # the place of an annotation's polygon
    entries = []
    for image in found.images:
        numbers = found.of_image[image["id"]]
        outlined = [number for number in numbers if kept[number]]
        bare = [
            found.annotations[number] for number in numbers if found.annotations[number].without
        ]
        rows = [found.annotations[number].row for number in outlined]
        size = found.sizes[image["id"]]
        instances = Instances.of_valid(
            polygons[at[outlined]] if outlined else polygons[:0],
            labels=[found.labels.get(row.get("category_id"), 0) for row in rows] or None,
            scores=[_score(row) for row in rows] or None,
            ids=_ids(rows, f"{where}: {image['file_name']}") or None,
            ignore=[bool(row.get("iscrowd", 0)) for row in rows] or None,
            extras=[{"coco": _rest(row)} for row in rows],
            size=size,
            classes=found.classes,
        )
        entries.append(
            Entry(
                str(image["file_name"]),
                size,
                instances,
                without_outline=Counter(one.without for one in bare if one.without),
                boxes=tuple(box for one in bare if (box := _box(one.row)) is not None),
            )
        )
    return entries


def with_classes(
    content: Any,
    predicted: Sequence[Sequence[Prediction]],
    *,
    where: str | Path = "COCO",
) -> dict[str, Any]:
    """The document with other categories of its objects, everything else as it is written there.

    `predicted` has, image by image, the class of each object that `from_document` finds, None where
    it stays. Classes that are no category yet become one. Raises `InputError` where images or
    objects are not so many, and as `from_document` does.
    """
    if not isinstance(content, Mapping):
        raise InputError(
            f"{where} is a list of results, which names no categories; convert it to a COCO file "
            "with kontur convert, and classify that"
        )
    found = _read(content, where)
    _, kept = document.repaired([one.shape for one in found.annotations], where)
    check_count(found.images, predicted, where)
    annotations = [dict(row) for row in content["annotations"]]
    categories = list(content.get("categories") or [])
    # Once there are categories each annotation must have one.
    names = {} if categories else dict.fromkeys(range(len(annotations)), CLASSES[0])
    for image, of_image in zip(found.images, predicted, strict=True):
        objects = [number for number in found.of_image[image["id"]] if kept[number]]
        check_count(objects, of_image, f"{where}: {image['file_name']}")
        for number, prediction in zip(objects, of_image, strict=True):
            if prediction.name is None:
                continue
            names[number] = prediction.name
            if prediction.probabilities:
                shares = prediction.probabilities.items()
                annotations[number][PROBABILITIES] = {k: rounded_score(v) for k, v in shares}
    known = {str(category["name"]) for category in categories}
    new = [name for name in dict.fromkeys(names.values()) if name not in known]
    categories += _numbered("name", new, categories, {"supercategory": ""})
    ids = {str(category["name"]): category["id"] for category in reversed(categories)}
    for number, name in names.items():
        annotations[number]["category_id"] = ids[name]
    return {**content, "annotations": annotations, "categories": categories}


class _Annotation(NamedTuple):
    """An annotation: its row, its unchecked area, and what it has if that is no outline."""

    row: Mapping[str, Any]
    shape: Polygon | MultiPolygon | None
    without: str | None = None


class _Read(NamedTuple):
    """A document as read: images, and the numbers of the annotations of each image's id."""

    images: list[Mapping[str, Any]]
    sizes: dict[Any, tuple[int, int] | None]
    of_image: dict[Any, list[int]]
    annotations: list[_Annotation]
    labels: dict[Any, int]  # of each category's id
    classes: tuple[str, ...]


def _read(content: Any, where: str | Path) -> _Read:
    if isinstance(content, list):
        content = _of_results(content, where)
    if not isinstance(content, Mapping):
        raise InputError(f"{where} is no COCO dataset with images, annotations and categories")
    images = _images(content, where)
    labels, classes = _categories(content, where)
    rows = _table(content, "annotations", ("image_id",), where)
    sizes = {image["id"]: _size(image, where) for image in images}
    of_image: dict[Any, list[int]] = {image["id"]: [] for image in images}
    annotations: list[_Annotation] = []
    windows: dict[int, Window] = {}
    for number, row in enumerate(rows):
        which, owner = _which(row, number + 1, where), row["image_id"]
        if owner not in of_image:
            raise InputError(f"{which}: image_id {owner!r} is not among the images")
        category = row.get("category_id")
        if labels and category not in labels:
            raise InputError(f"{which}: category_id {category!r} is not among the categories")
        of_image[owner].append(number)
        without, segmentation = _without_outline(row), row.get("segmentation")
        if without is not None:
            annotations.append(_Annotation(row, None, without))
        elif isinstance(segmentation, Mapping):
            window = _window(segmentation, sizes[owner], which)
            sizes[owner] = window.size
            windows[number] = window
            annotations.append(_Annotation(row, Polygon()))
        else:
            annotations.append(_Annotation(row, _polygons(segmentation, which)))
    for number, outline in zip(windows, trace(list(windows.values())), strict=True):
        annotations[number] = annotations[number]._replace(shape=outline)
    return _Read(images, sizes, of_image, annotations, labels, classes)


def _of_results(results: list[Any], where: str | Path) -> dict[str, Any]:
    """A list of results as a document: images and categories are called by their ids."""
    rows = _table({"annotations": results}, "annotations", ("image_id",), where)
    images = dict.fromkeys(row["image_id"] for row in rows)
    categories = dict.fromkeys(row["category_id"] for row in rows if "category_id" in row)
    return {
        "images": [{"id": name, "file_name": str(name)} for name in images],
        "annotations": results,
        "categories": [{"id": name, "name": str(name)} for name in categories],
    }


def _numbered_results(results: list[Any], file: OutlineFile) -> dict[str, Any]:
    """COCO results with the images and categories of the one JSON file that has all their numbers.

    Every image of that file is then in the dataset, for in a list of results nothing stands of an
    image in which nothing was found.
    """
    if not file.numbered_in:
        raise InputError(
            f"{file.path} is a list of COCO results, which name images by numbers; judge it "
            "against the COCO JSON that has these numbers, or write a dataset with images and "
            "annotations"
        )
    rows = _table({"annotations": results}, "annotations", ("image_id",), file.path)
    wanted = {row["image_id"] for row in rows}
    strange: list[str] = []
    for path in file.numbered_in:
        dataset = document.load(path)
        if not isinstance(dataset, Mapping):
            continue
        missing = wanted - {image["id"] for image in _images(dataset, path)}
        if not missing:
            annotations = [{"id": number, **row} for number, row in enumerate(rows, start=1)]
            return {**dataset, "annotations": annotations}
        strange += sorted(map(str, missing))
    raise InputError(
        f"{file.path} has results for {counted(strange, 'image number')} that "
        f"{listed([path.name for path in file.numbered_in])} does not have; give the JSON that the "
        "results were made for"
    )


def _images(content: Mapping[str, Any], where: str | Path) -> list[Mapping[str, Any]]:
    """The images, of which no two may have one id: objects would be of either."""
    rows = _table(content, "images", ("id", "file_name"), where)
    by_id: dict[Any, Mapping[str, Any]] = {}
    for row in rows:
        other = by_id.setdefault(row["id"], row)
        if other["file_name"] != row["file_name"]:
            raise InputError(
                f"{where}: the image id {row['id']!r} stands for {other['file_name']} and for "
                f"{row['file_name']}; give every image an id of its own"
            )
    return list(by_id.values())


def _categories(
    content: Mapping[str, Any], where: str | Path
) -> tuple[dict[Any, int], tuple[str, ...]]:
    """The label of every category's id, and the classes; categories of one name are one class."""
    rows = _table(content, "categories", ("id", "name"), where, optional=True)
    names: dict[Any, str] = {}
    for row in rows:
        other = names.setdefault(row["id"], str(row["name"]))
        if other != str(row["name"]):
            raise InputError(
                f"{where}: the category id {row['id']!r} stands for {other} and for {row['name']}; "
                "give every category an id of its own"
            )
    classes = tuple(dict.fromkeys(names.values()))
    if len(classes) < len(names):
        document.log.warning("%s: categories of the same name are one class", where)
    return {number: classes.index(name) for number, name in names.items()}, classes or CLASSES


def _annotations(
    instances: Instances, size: tuple[int, int] | None, name: str
) -> list[dict[str, Any]]:
    """What is written of each object but its ids."""
    polygons = rounded(instances.polygons)
    masked = instances.ignore | _have_hole(polygons)
    codes: dict[int, dict[str, Any]] = {}
    if masked.any():
        if size is None:
            raise InputError(
                f"{name}: object {instances.ids[masked][0]} has a hole or is to be ignored, which "
                "COCO holds as a mask, and the image's size is not known; give it with --size HxW "
                "or --image FILE (in Python replace(size=(height, width)))"
            )
        polygons, codes = _masked(polygons, masked, instances.ignore, size)
    # Of what is written, so that a second export says the same.
    areas = np.round(shapely.area(polygons), DECIMALS).tolist()
    corners = shapely.bounds(polygons).reshape(-1, 4)
    extents = np.round(corners[:, 2:] - corners[:, :2], DECIMALS)
    boxes = np.concatenate([np.round(corners[:, :2], DECIMALS), extents], axis=1).tolist()
    rings = _outer_rings(polygons)
    return [
        {
            "segmentation": codes.get(i) or rings[i],
            "area": areas[i],
            "bbox": boxes[i],
            "iscrowd": int(instances.ignore[i]),
            **({} if np.isnan(score) else {"score": rounded_score(score)}),
            **instances.extras[i].get("coco", {}),
        }
        for i, score in enumerate(instances.scores)
    ]


def _masked(
    polygons: Shaped[np.ndarray, " k"],
    masked: Bool[np.ndarray, " k"],
    ignore: Bool[np.ndarray, " k"],
    size: tuple[int, int],
) -> tuple[Shaped[np.ndarray, " k"], dict[int, dict[str, Any]]]:
    """The outlines of what is written, and run-length codes of what polygons cannot hold.

    Each object is painted and traced in its own window. What is smaller than a pixel loses its
    holes, lest it be lost.
    """
    polygons = polygons.copy()
    places = np.flatnonzero(masked)
    windows = _painted(polygons[places], size)
    traced = trace(windows)
    holes = _have_hole(traced)
    codes: dict[int, dict[str, Any]] = {}
    for i, window, outline, hole in zip(places.tolist(), windows, traced, holes, strict=True):
        if outline.is_empty:
            polygons[i] = _without_holes(polygons[i])
            continue
        polygons[i] = outline
        if ignore[i] or hole:
            codes[i] = rle.encode_window(window)
    return polygons, codes


def _without_holes(polygon: Polygon | MultiPolygon) -> Polygon | MultiPolygon:
    rings = shapely.get_exterior_ring(shapely.get_parts(polygon))
    parts = shapely.polygons(rings)
    filled = MultiPolygon(list(parts)) if len(parts) > 1 else parts[0]
    return filled if filled.is_valid else shapely.union_all(parts)


def _painted(polygons: Shaped[np.ndarray, " k"], size: tuple[int, int]) -> list[Window]:
    """The pixels of each outline that lie inside the image."""
    spans = raster.spans(polygons, size)
    ends = np.searchsorted(spans.owner, np.arange(len(polygons) + 1))
    windows = []
    for first, last in itertools.pairwise(ends):
        row, start, stop = (column[first:last] for column in spans[1:])
        top, left = (int(row[0]), int(start.min())) if len(row) else (0, 0)
        shape = (int(row[-1]) + 1 - top, int(stop.max()) + 1 - left) if len(row) else (0, 1)
        steps = np.zeros(shape, dtype=np.int8)
        steps[row - top, start - left] += 1
        steps[row - top, stop - left] -= 1
        mask = np.cumsum(steps, axis=1, dtype=np.int8)[:, :-1].astype(bool)
        windows.append(Window(mask, (top, left), size))
    return windows


def _outer_rings(polygons: Shaped[np.ndarray, " k"]) -> list[list[list[float]]]:
    """The outer ring of every part of each outline as x1, y1, x2, y2 …, open."""
    parts, owner = shapely.get_parts(polygons, return_index=True)
    points, ring = shapely.get_coordinates(shapely.get_exterior_ring(parts), return_index=True)
    stops = np.searchsorted(ring, np.arange(1, len(parts) + 1))
    flat = points.ravel().tolist()
    rings: list[list[list[float]]] = [[] for _ in range(len(polygons))]
    start = 0
    for i, stop in zip(owner.tolist(), stops.tolist(), strict=True):
        rings[i].append(flat[2 * start : 2 * stop - 2])
        start = stop
    return rings


def _have_hole(polygons: Shaped[np.ndarray, " k"]) -> Bool[np.ndarray, " k"]:
    parts, owner = shapely.get_parts(polygons, return_index=True)
    holes = shapely.get_num_interior_rings(parts)
    return np.bincount(owner, weights=holes, minlength=len(polygons)) > 0


def _without_outline(row: Mapping[str, Any]) -> str | None:
    """What an annotation has in place of an outline; None where it has one."""
    segmentation = row.get("segmentation")
    if segmentation and segmentation != [[]]:
        return None
    if _box(row) is not None:
        return "a box alone"
    return "keypoints alone" if row.get("keypoints") else "nothing"


def _box(row: Mapping[str, Any]) -> tuple[float, float, float, float] | None:
    """The corners of an annotation's box, None where it has none."""
    box = row.get("bbox")
    if not isinstance(box, list) or len(box) != 4:
        return None
    if not all(
        isinstance(number, int | float) and abs(number) < document.LARGEST for number in box
    ):
        return None
    x, y, width, height = map(float, box)
    return (x, y, x + width, y + height) if width > 0 and height > 0 else None


def _window(code: Mapping[str, Any], size: tuple[int, int] | None, which: str) -> Window:
    try:
        return rle.decode_window(code, size=size)
    except InputError as error:
        raise InputError(f"{which}: {error}") from None


def _polygons(segmentation: Any, which: str) -> Polygon | MultiPolygon:
    """The unchecked area of the polygons of a segmentation."""
    if not isinstance(segmentation, list):
        raise InputError(f"{which}: segmentation is neither polygons nor a run-length code")
    flat = not isinstance(segmentation[0], list | tuple)
    parts = []
    for numbers in [segmentation] if flat else segmentation:
        try:
            points = np.asarray(numbers, dtype=np.float64)
        except (TypeError, ValueError, OverflowError):
            raise InputError(f"{which}: segmentation holds what is no number") from None
        if points.ndim != 1 or points.size % 2:
            raise InputError(f"{which}: a polygon wants numbers x1, y1, x2, y2 … in pairs")
        parts.append(document.polygon([points.reshape(-1, 2)]))
    areas = [part for part in parts if not part.is_empty]
    return MultiPolygon(areas) if len(areas) > 1 else areas[0] if areas else Polygon()


def _ids(rows: Sequence[Mapping[str, Any]], where: str) -> list[int]:
    """Our ids where the file has them, else those of the annotations; a copy gets a new one."""
    ids = [row.get(INSTANCE_ID, row.get("id")) for row in rows]
    numbers = [number if isinstance(number, int) else None for number in ids]
    made = unique_ids(numbers)
    copies = sum(old is not None and old != new for old, new in zip(numbers, made, strict=True))
    if copies:
        document.log.warning("%s: %d annotation ids occur twice: given new ones", where, copies)
    return made


def _rest(annotation: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that we do not read; also a score that is none (above 1, say)."""
    known = {*READ, INSTANCE_ID} - ({"score"} if np.isnan(_score(annotation)) else set())
    return {key: value for key, value in annotation.items() if key not in known}


def _score(annotation: Mapping[str, Any]) -> float:
    score = annotation.get("score")
    return float(score) if isinstance(score, int | float) and 0 <= score <= 1 else float("nan")


def _size(image: Mapping[str, Any], where: str | Path) -> tuple[int, int] | None:
    height, width = image.get("height"), image.get("width")
    if height is None or width is None:
        return None
    if not (isinstance(height, int) and isinstance(width, int) and height > 0 and width > 0):
        raise InputError(
            f"{where}: the image {image['file_name']} has height {height!r} and width {width!r}; "
            "wanted whole numbers above 0"
        )
    return height, width


def _table(
    content: Mapping[str, Any],
    key: str,
    wanted: Sequence[str],
    where: str | Path,
    *,
    optional: bool = False,
) -> list[Mapping[str, Any]]:
    """A list of objects that all have the wanted keys."""
    rows = content.get(key, [] if optional else None)
    if not isinstance(rows, list):
        raise InputError(f"{where} has no list {key!r}, which a COCO file wants")
    for number, row in enumerate(rows, start=1):
        missing = [name for name in wanted if not isinstance(row, Mapping) or name not in row]
        if missing:
            raise InputError(f"{_which(row, number, where, key)} has no {missing[0]!r}")
        unhashable = [
            name for name in row if name.endswith("id") and isinstance(row[name], list | dict)
        ]
        if unhashable:
            raise InputError(f"{_which(row, number, where, key)}: {unhashable[0]!r} is no id")
    return rows


def _which(row: Any, number: int, where: str | Path, key: str = "annotations") -> str:
    name = key.removesuffix("s") if key != "categories" else "category"
    number_or_id = (
        row.get("id", f"number {number}") if isinstance(row, Mapping) else f"number {number}"
    )
    return f"{where}: {name} {number_or_id}"


def _numbered(
    key: str, names: Sequence[str], earlier: Any, default: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Rows `{"id", key: name, …}`: as in the earlier document where it has the name."""
    known = {row[key]: dict(row) for row in reversed(earlier or [])}
    taken = {row["id"] for row in known.values()}
    free = (number for number in range(1, len(names) + len(taken) + 1) if number not in taken)
    return [known.get(name) or {"id": next(free), key: name, **default} for name in names]


def _recognise(file: OutlineFile) -> bool:
    if file.json_keys:
        lists = [
            file.json_keys.get(name) == "[" for name in ("images", "annotations", "categories")
        ]
        return any(lists) or "image_id" in file.json_keys
    return file.numbered_in is not None and file.json == []  # no results


FORMAT = Format(
    name="coco",
    title="COCO JSON",
    endings=(".coco.json", ".json"),
    read=read,
    write=write,
    relabel=relabel,
    recognise=_recognise,
    several_images=True,
    needs_size="holes",
)
