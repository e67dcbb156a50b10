"""Files that list images as a layout, COCO JSON above all, and where their images are.

`formats` recognises such files by their content. Images are looked for beside the file, in
`images/` there or one folder up, in a folder that the file is named after
(`annotations/instances_train2017.json` and `train2017/`), and by their name alone, where only one
image below has it, also behind the letters that Label Studio puts before uploaded ones. Several
files are read together.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path, PurePosixPath

import numpy as np
import shapely

from kontur import formats
from kontur.data.file_names import IMAGE_FOLDERS, image_files, stem, walk
from kontur.data.layouts.layout import AnnotatedImage, Layout
from kontur.errors import InputError
from kontur.formats import Format
from kontur.formats.label_studio.format import UPLOADED
from kontur.images import embedded_picture, zarr_store
from kontur.images.image_file import is_image
from kontur.instances import CLASSES, Instances
from kontur.select.split_names import split_of
from kontur.wording import counted, listed, plural

JSON_FOLDERS = ("", "annotations", "labels", "outlines", "masks")
INSTANCES = "instances_"  # the COCO project's own file names: captions and keypoints lie beside


class NoImagesFoundError(InputError):
    """None of the images that files describe is there; `described` is what was read of them."""

    def __init__(self, sentence: str, described: Sequence[formats.ImageAnnotation] = ()):
        super().__init__(sentence)
        self.described = tuple(described)


def find(path: Path) -> Layout | None:
    """The layout of the files in a folder that list images, None if there are none."""
    files = files_in(path)
    return read(files, path) if files else None


def find_named(path: Path) -> Layout | None:
    """The layout of files that name the one image that they describe, wherever in the folder."""
    known = ((file, formats.find_format(file)) for _, file in walk(path))
    files = [file for file, one in known if one is not None and one.names_image]
    return read(files, path) if files else None


def files_in(path: Path) -> list[Path]:
    """The files of one format that list images, of a folder or the first of its folders with some.

    Of several formats only the first is used: the others hold the same objects again.
    """
    for name in JSON_FOLDERS:
        place = path / name
        if not place.is_dir():
            continue
        known = [(file, _format(file)) for file in sorted(place.iterdir())]
        for file_format in formats.FORMATS.values():
            files = [file for file, of in known if of is file_format]
            if files:
                return [file for file in files if file.name.startswith(INSTANCES)] or files
    return []


def lists_images(path: Path) -> bool:
    """Whether a file describes images by name, with their objects."""
    return _format(path) is not None


def read_file(path: Path) -> Layout:
    """The layout of one file, whose images may also be beside its folder."""
    above = path.parent.name in JSON_FOLDERS
    return read([path], path.absolute().parent.parent if above else path.parent)


def read(files: Sequence[Path], root: Path) -> Layout:
    """All images of files of one format, with their objects; `root` is the folder that was opened.

    Classes are those of all files by name, in the order of the files. Raises `InputError`
    where no image is found (`NoImagesFoundError`), or two files annotate the same one.
    """
    kind = formats.format_of(files[0]).name
    annotated: dict[Path, AnnotatedImage] = {}
    missing: list[formats.ImageAnnotation] = []
    classes: dict[str, None] = {}
    bare: dict[str, Mapping[str, int]] = {}
    for file in files:
        split = split_of(stem(file)) if len(files) > 1 else None
        find_image = _finder(file, root)
        for described in formats.read_images(file):
            if len(described.instances) or described.instances.classes != CLASSES:
                classes.update(dict.fromkeys(described.instances.classes))
            image = find_image(described.file_name)
            if image is None and embedded_picture.is_in(file):
                image = file
            if image is None:
                missing.append(described)
                continue
            if image in annotated:
                raise InputError(
                    f"{image} is annotated in {annotated[image].annotation.name} and in "
                    f"{file.name}, or twice in one of them; keep one"
                )
            name = _name(described.file_name, image)
            annotated[image] = AnnotatedImage(
                name=name if split is None else f"{split}/{name}",
                image=image,
                kind=kind,
                annotation=file,
                instances=_with_boxes(described),
                extras=described.extras,
                split=split,
            )
            if described.without_outline:
                bare[annotated[image].name] = described.without_outline
    names = [described.file_name for described in missing]
    if not annotated:
        raise NoImagesFoundError(
            f"none of the {len(missing)} images of {listed([file.name for file in files])} was "
            f"found ({listed(names, most=2)}); put them into {root / 'images'}",
            missing,
        )
    places = sorted({image.parent for image in annotated})
    present = [path for place in places for path in image_files(place, deep=False).values()]
    return Layout(
        kind=kind,
        annotated=tuple(sorted(annotated.values(), key=lambda item: item.name)),
        classes=tuple(classes) or CLASSES,
        unannotated=tuple(stem(path) for path in present if path not in annotated),
        orphans=tuple(names),
        notes=_without_outline(bare),
    )


def _with_boxes(described: formats.ImageAnnotation) -> Instances:
    """The objects of an image, and boxes without an outline as regions to ignore.

    A box shows that an object is there, so its inside is no background; its shape is unknown.
    """
    boxes = [shapely.box(*box) for box in described.boxes]
    areal = np.array([box for box in boxes if box.area > 0], dtype=object)
    instances = described.instances
    if not len(areal):
        return instances
    unsure = Instances.of_valid(
        areal,
        ignore=np.ones(len(areal), dtype=bool),
        size=instances.size,
        classes=instances.classes,
    )
    return Instances.concat([instances, unsure])


def _without_outline(by_image: Mapping[str, Mapping[str, int]]) -> tuple[str, ...]:
    """The sentence on objects that have no outline, if there are any."""
    kinds: Counter[str] = Counter()
    for of_image in by_image.values():
        kinds.update(of_image)
    if not kinds:
        return ()
    total = plural(kinds.total(), "object")
    listed_kinds = ", ".join(f"{name}: {count:,}" for name, count in sorted(kinds.items()))
    return (
        f"{total} of {counted([*by_image], 'image')} without an outline ({listed_kinds}): a box is "
        "a region to ignore, neither object nor background, and what has none is left out; give "
        "them outlines to learn from them",
    )


def _format(file: Path) -> Format | None:
    """The format of a visible file that lists images, None of any other."""
    if file.name.startswith(".") or not file.is_file():
        return None
    one = formats.find_format(file)
    return one if one is not None and one.several_images else None


def _finder(file: Path, root: Path) -> Callable[[str], Path | None]:
    """A function that finds an image by its name in the file: its path, else its last part."""
    tops = list(dict.fromkeys([file.parent, root]))
    tops += [top / name for top in tops for name in IMAGE_FOLDERS]
    tops = [top for top in tops if top.is_dir()]
    named = [
        child
        for top in tops
        for child in sorted(top.iterdir())
        if child.is_dir() and child.name.lower() in re.split(r"[._-]", file.stem.lower())
    ]
    places = [*named, *tops]

    @cache
    def by_stem() -> dict[str, Path]:
        return {
            name: path
            for place in reversed(places)
            for name, path in image_files(place, deep=False).items()
        }

    @cache
    def below() -> dict[str, list[Path]]:
        images: dict[str, list[Path]] = {}
        for _, path in walk(root):
            if is_image(path):
                for name in {path.name, UPLOADED.sub("", path.name)}:
                    images.setdefault(name, []).append(path)
        return images

    def find_image(file_name: str) -> Path | None:
        written = file_name.replace("\\", "/")
        for place in places:
            for path in (place / written, place / PurePosixPath(written).name):
                if zarr_store.is_file(path) and is_image(path):
                    return path
        near = by_stem().get(written) or by_stem().get(stem(Path(written)))
        alone = below().get(PurePosixPath(written).name, []) if near is None else []
        return alone[0] if len(alone) == 1 else near

    return find_image


def _name(file_name: str, image: Path) -> str:
    """The image's name: its path in the JSON, without the ending and without `images/`."""
    folders = PurePosixPath(file_name.replace("\\", "/")).parent.parts
    inside = [part for part in folders if part not in (*IMAGE_FOLDERS, "/", "..")]
    return "/".join([*inside, stem(image)]) if not Path(file_name).is_absolute() else stem(image)
