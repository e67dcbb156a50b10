"""Labels of OME-Zarr 0.4 and 0.5: label images with classes, scores and the size of a pixel.

`NAME.labels.ome.zarr` is a store of its own; `IMAGE.ome.zarr/labels/NAME` lies in that of its
image, in its version and with as many levels, and the image stays as it is. Exact to the pixel as
other label images are, on any planes of a stack. Classes, scores and tracks stand in the properties
of each value, where napari shows them. Stores are written anew, whole or not at all. Needs zarr
(extra `zarr`). After the OME-Zarr specification.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from kontur import extra
from kontur.errors import InputError
from kontur.files import atomic, json_rows
from kontur.formats import masks
from kontur.formats.format import Format
from kontur.formats.image_annotation import ImageAnnotation
from kontur.formats.label_image import format as labels
from kontur.formats.ome_zarr import levels as label_levels
from kontur.formats.ome_zarr.levels import LabelLevels
from kontur.formats.ome_zarr.properties import (
    EXTRAS,
    classes_of_values,
    image_label,
    takes,
    with_properties,
)
from kontur.formats.outline_file import OutlineFile
from kontur.images import zarr_store
from kontur.images.ome_zarr import image as ome_zarr
from kontur.images.ome_zarr.label_images import GROUP, label_image, metadata, names_in
from kontur.instances import Instances

VERSIONS = ("0.4", "0.5")
CHUNK = 1024  # pixels a side


def read(file: OutlineFile) -> list[ImageAnnotation]:
    """The objects of a label image, or of the only one that lies in an image, by plane.

    With another task than `instances` regions of a value, of the class that the file names for it,
    if it does.
    Raises `InputError` where there is none or several are, and as `ome_zarr.open_image` does.
    """
    place = label_image(file.path)
    image = ome_zarr.open_image(place)
    words = metadata(image.path).get("image-label")
    pages = [file.page] if file.page is not None or image.pages == 1 else list(range(image.pages))
    task, names = file.meaning

    def array(page: int | None) -> np.ndarray:
        return labels.whole_numbers(image.read(page=page), place, task)

    def named() -> dict[int, str]:
        values = set().union(*(np.unique(array(n)).tolist() for n in range(image.pages)))
        known = classes_of_values(words)
        return {value: known.get(value, "") for value in values if value > 0}

    if task == "semantic" and names is None:
        found = named()
        names = masks.class_names({*found}) | {v: name for v, name in found.items() if name}
    planes = labels.of_planes(pages, array, image.plane, (task, names), where=place)
    if task == "instances":
        planes = [with_properties(one, words, place) for one in planes]
    if task == "components" and classes_of_values(words):
        classes = tuple({*named().values()})  # of a binary mask one, which may have no name
        if len(classes) == 1 and classes[0]:
            planes = [one.replace(classes=classes) for one in planes]
    name, side = name_of(place), image.pixel_sizes[0]
    return [ImageAnnotation(name, one.size, one, pixel_size=side) for one in planes]


def name_of(path: Path) -> str:
    """The name of a label image: of its place in an image, or of its store without the ending."""
    place = zarr_store.place_of(path)
    return path.name if place is not None and place.inside else FORMAT.stem(path)


def write(
    path: Path,
    entries: Sequence[ImageAnnotation],
    *,
    overwrite: bool = True,
    version: str = VERSIONS[-1],
) -> None:
    """Write one image, or planes of one; needs its size, or the image in whose store they lie.

    `version` is 0.4 or 0.5, for stores of their own. Ids and types are those of other label images,
    see `labels.write`. Raises `InputError` without a size, for several images, where sizes or
    planes are not those of the image, and where a store holds an image, which is never replaced.
    """
    zarr = extra.package("zarr", extra="zarr", what="OME-Zarr")
    if version not in VERSIONS:
        raise InputError(f"labels are written as OME-Zarr {' or '.join(VERSIONS)}, not {version}")
    labels.check_one_image(entries, planes=True)
    image = _image_around(path)
    if image is None:
        levels = _new_levels(path, entries)
    else:
        levels = label_levels.of_image(image, path.name)
        version = VERSIONS[0] if zarr_store.opened(image.path).metadata.zarr_format == 2 else "0.5"
    *_, height, width = levels.shapes[0]
    planes = labels.planes_to_write(entries, (height, width), path)
    kind, form = labels.type_of_all(map(labels.type_of_ids, planes)), 2 if version == "0.4" else 3
    with atomic.replacing_folder(path, overwrite=overwrite) as beside:
        group = zarr.create_group(str(beside), zarr_format=form)
        arrays = [
            group.create_array(
                str(number),
                shape=shape,
                dtype=kind,
                chunks=(*(1 for _ in shape[:-2]), *(min(n, CHUNK) for n in shape[-2:])),
                dimension_names=None if form == 2 else list(levels.axes.lower()),
                chunk_key_encoding={"name": "v2" if form == 2 else "default", "separator": "/"},
            )
            for number, shape in enumerate(levels.shapes)
        ]
        label = image_label(_painted(planes, arrays, levels, path))
        label |= {} if image is None else {"source": {"image": "../../"}}
        _write_attributes(beside, form, _metadata(version, levels.multiscale, label))
    if image is not None:
        _list_in_image(zarr, path, version)


def _image_around(path: Path) -> ome_zarr.OmeZarrImage | None:
    """The image in whose store labels are to lie; None of a store of their own."""
    place = zarr_store.place_of(path)
    if place is None or not place.store.name.lower().endswith(zarr_store.ENDING):
        raise InputError(f"{path}: labels are written as a folder NAME{FORMAT.ending}")
    if place.store.is_file():
        raise InputError(f"{place.store} is an archive, into which labels cannot be written")
    if place.inside:
        if path.parent.name != GROUP:
            raise InputError(
                f"labels of an image lie in IMAGE.ome.zarr/{GROUP}/NAME, and {path} does not"
            )
        return ome_zarr.open_image(path.parent.parent)
    if zarr_store.exists(path) and "image-label" not in metadata(path):
        raise InputError(
            f"{path} holds something else than labels, which is not replaced; write the labels "
            f"into it, as {path}/{GROUP}/NAME, or to another place"
        )
    return None


def _new_levels(path: Path, entries: Sequence[ImageAnnotation]) -> LabelLevels:
    size = labels.known_size(entries[0], path)
    planes = [entry.instances.plane for entry in entries]
    return label_levels.of_planes(
        size, planes, entries[0].pixel_size, Path(entries[0].file_name).stem
    )


def _painted(
    planes: Iterable[Instances], arrays: Sequence[Any], levels: LabelLevels, path: Path
) -> Iterator[Instances]:
    """Paint each plane at its place of every level, and give the objects that cover a pixel.

    They come in the order of their ids, as they are read again.
    """
    for plane in planes:
        painted, place = labels.painted(plane), levels.place_of(plane.plane, path)
        for array in arrays:
            array[place] = label_levels.sampled(painted, array.shape[-2:]).astype(array.dtype)
        starts = painted[:, 1:][painted[:, 1:] != painted[:, :-1]]
        values = np.unique(np.concatenate([painted[:, 0], starts]).astype(np.int64))
        order = np.argsort(plane.ids)
        yield plane[order[np.isin(plane.ids[order], values)]]


def _metadata(
    version: str, multiscale: Mapping[str, Any], label: Mapping[str, Any]
) -> dict[str, Any]:
    if version == "0.4":  # each part has the version
        return {
            "multiscales": [{"version": version, **multiscale}],
            "image-label": {"version": version, **label},
        }
    return {"ome": {"version": version, "multiscales": [multiscale], "image-label": label}}


def _write_attributes(group: Path, form: int, attributes: dict[str, Any]) -> None:
    """Write what is said of a group, row by row: zarr holds several copies of it, indented."""
    place, content = group / ".zattrs", attributes
    if form == 3:
        place = group / "zarr.json"
        content = {**json.loads(place.read_text(encoding="utf-8")), "attributes": attributes}
    with place.open("w", encoding="utf-8") as file:
        file.writelines(json_rows.chunks(content))


def _list_in_image(zarr: ModuleType, path: Path, version: str) -> None:
    """Name the labels in the group that lists those of an image."""
    form = 2 if version == "0.4" else 3
    group = zarr.open_group(str(path.parent), mode="a", zarr_format=form)
    names = list(dict.fromkeys([*names_in(path.parent.parent), path.name]))
    group.attrs.update({GROUP: names} if form == 2 else {"ome": {"version": version, GROUP: names}})
    top = str(path.parent.parent)
    if zarr.open_group(top, mode="r").metadata.consolidated_metadata is not None:
        zarr.consolidate_metadata(top)  # warns that Zarr 3 has no words for it, as it did before


def _recognise(file: OutlineFile) -> bool:
    """Whether it is a label image or an image in which one lies; images end in .zarr too."""
    if not zarr_store.is_store(file.path) or not zarr_store.exists(file.path):
        return False
    words = metadata(file.path)
    return "image-label" in words or bool(names_in(file.path))


FORMAT = Format(
    name="ome-zarr",
    title="OME-Zarr labels",
    package="zarr",
    extra="zarr",
    endings=(".labels.ome.zarr", ".ome.zarr", ".zarr"),
    shared_endings=(".ome.zarr", ".zarr", *zarr_store.ZIPPED),
    read=read,
    write=write,
    recognise=_recognise,
    raster=True,
    precision="pixel",
    overlaps=False,
    planes=True,
    pixel_size=True,
    needs_size="always",
    extras=EXTRAS,
    attributes=lambda content, *_: dict(content),
    takes=takes,
)
