"""COCO JSON: the objects of one image or of many in one file.

Outlines without holes are written as polygons, one list per part: exact, see `rounding`. COCO
polygons cannot have holes and its crowds are masks, so objects with holes and regions to ignore are
written as run-length codes: exact to the pixel. A second export changes nothing. Keys that we do
not read stay with their object; info, licences, category ids and other keys of images and
categories stay where the earlier document is given as `like`. A list of results, which names images
and categories by their ids alone, is read too. After the COCO data format.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kontur.errors import InputError
from kontur.files import json_document
from kontur.formats import outline_repair
from kontur.formats.coco.reader import as_list, from_document, images_of, read_document, rows_of
from kontur.formats.coco.writer import numbered, to_document
from kontur.formats.format import Format
from kontur.formats.image_annotation import (
    ClassPrediction,
    ImageAnnotation,
    check_count,
    without_probabilities,
)
from kontur.formats.outline_file import OutlineFile
from kontur.formats.rounding import rounded_score
from kontur.instances import CLASSES
from kontur.wording import counted, listed

PROBABILITIES = "probabilities"  # a key of Kontur's: of each class, where a classifier gave one

__all__ = ["FORMAT", "from_document", "to_document", "with_classes"]


def read(file: OutlineFile) -> list[ImageAnnotation]:
    """Every image of a COCO file, or of results and the file that they were made for."""
    content = file.json
    if isinstance(content, list) and file.numbered_in is not None:
        content = _numbered_results(content, file)
    return from_document(content, where=file.path)


def write(path: Path, entries: Sequence[ImageAnnotation], *, overwrite: bool = True) -> None:
    """Write the objects of many images into one file; see `to_document`."""
    json_document.dump(path, to_document(entries), overwrite=overwrite)


def relabel(
    file: OutlineFile, predicted: Sequence[Sequence[ClassPrediction]], classes: Sequence[str]
) -> str:
    """The text of the file with other categories of its objects; see `with_classes`."""
    return json_document.to_text(with_classes(file.json, predicted, where=file.path))


def with_classes(
    content: Any,
    predicted: Sequence[Sequence[ClassPrediction]],
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
    read = read_document(content, where)
    _, kept = outline_repair.repaired([one.shape for one in read.annotations], where)
    check_count(read.images, predicted, where)
    annotations = [dict(row) for row in as_list(content["annotations"])]  # checked as read
    categories = list(content.get("categories") or [])
    # Once there are categories each annotation must have one.
    names = {} if categories else dict.fromkeys(range(len(annotations)), CLASSES[0])
    for image, of_image in zip(read.images, predicted, strict=True):
        objects = [number for number in read.of_image[image["id"]] if kept[number]]
        check_count(objects, of_image, f"{where}: {image['file_name']}")
        for number, prediction in zip(objects, of_image, strict=True):
            annotations[number] = without_probabilities(annotations[number])
            annotations[number].pop(PROBABILITIES, None)  # of an earlier classifier
            if prediction.name is None:
                continue
            names[number] = prediction.name
            if prediction.probabilities:
                shares = prediction.probabilities.items()
                annotations[number][PROBABILITIES] = {k: rounded_score(v) for k, v in shares}
    known = {str(category["name"]) for category in categories}
    new = [name for name in dict.fromkeys(names.values()) if name not in known]
    categories += numbered("name", new, categories, {"supercategory": ""})
    ids = {str(category["name"]): category["id"] for category in reversed(categories)}
    for number, name in names.items():
        annotations[number]["category_id"] = ids[name]
    return {**content, "annotations": annotations, "categories": categories}


def _numbered_results(results: list[Any], file: OutlineFile) -> dict[str, Any]:
    """COCO results with the images and categories of the one JSON file that has all their numbers.

    Every image of that file is then in the dataset, for a list of results does not mention
    images without predictions.
    """
    if not file.numbered_in:
        raise InputError(
            f"{file.path} is a list of COCO results, which name images by numbers; evaluate it "
            "against the COCO JSON that has these numbers, or write a dataset with images and "
            "annotations"
        )
    rows = rows_of({"annotations": results}, "annotations", ("image_id",), file.path)
    wanted = {row["image_id"] for row in rows}
    unknown: list[str] = []
    for path in file.numbered_in:
        dataset = json_document.load(path)
        if not isinstance(dataset, Mapping):
            continue
        missing = wanted - {image["id"] for image in images_of(dataset, path)}
        if not missing:
            annotations = [{"id": number, **row} for number, row in enumerate(rows, start=1)]
            return {**dataset, "annotations": annotations}
        unknown += sorted(map(str, missing))
    raise InputError(
        f"{file.path} has results for {counted(unknown, 'image number')} that "
        f"{listed([path.name for path in file.numbered_in])} does not have; give the JSON that the "
        "results were made for"
    )


def _recognise(file: OutlineFile) -> bool:
    if file.json_keys.get("data") == "{":  # a task of Label Studio, with annotations too
        return False
    if file.json_keys:
        lists = [
            file.json_keys.get(name) == "[" for name in ("images", "annotations", "categories")
        ]
        return any(lists) or "image_id" in file.json_keys
    return file.numbered_in is not None and file.json == []  # no results


def _attributes(content: Mapping[str, Any], *_: Any) -> dict[str, Any]:
    nested = content.get("attributes")
    rest = {name: value for name, value in content.items() if name != "attributes"}
    return {**(nested if isinstance(nested, Mapping) else {"attributes": nested}), **rest}


def _image_attributes(content: Mapping[str, Any]) -> dict[str, Any]:
    own = ("id", "file_name", "height", "width")
    image = {name: v for name, v in content.get("image", {}).items() if name not in own}
    return {**content.get("file", {}), **image}


FORMAT = Format(
    name="coco",
    title="COCO JSON",
    endings=(".coco.json", ".json"),
    shared_endings=(".json",),
    native_ending=".json",
    read=read,
    write=write,
    extras="coco",
    attributes=_attributes,
    image_attributes=_image_attributes,
    relabel=relabel,
    recognise=_recognise,
    holes="pixels",
    several_images=True,
    needs_size="holes",
)
