"""Recognise the layout of a training folder without configuration.

| layout     | what is there                                                              |
| ---------- | -------------------------------------------------------------------------- |
| `labels`   | `images/` and `labels/` or `masks/` with one label image per image, or       |
|            | `NAME_masks.tif` beside `NAME.tif` (StarDist, Cellpose)                    |
| `masks`    | `images/` and `masks/NAME/*.png`, one mask per object (overlaps are kept)   |
| `outlines` | `NAME.geojson`, or another file with the outlines of one image, beside the  |
|            | image or in `outlines/`, `labels/`, `masks/`, `annotations/`, or a folder    |
|            | `NAME/` of `.roi` files there                                              |
| `coco`     | COCO JSON: a file, or a folder with JSON files, and their images; tables   |
|            | of outlines too (`csv`), and files that name their image (`labelme`)       |

Each may stand below `train/`, `val/` and `test/`, or have those below `images/` and `labels/`; the
cases of the Data Science Bowl (`NAME/images/NAME.png`, `NAME/masks/*.png`) are `masks`. A folder
of folders that are data sets, such as the tasks of CVAT, is all of them.
Recognising lists folders and reads no image, so that a folder of 10,000 images opens at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from kontur import formats
from kontur.data.file_names import (
    IMAGE_FOLDERS,
    by_partner,
    image_files,
    images_of_folder,
    is_label_name,
    is_mask,
    is_raster,
    partner_name,
    stem,
    walk,
)
from kontur.data.layouts import coco_layout, nnunet_cases, yolo_splits
from kontur.data.layouts.layout import AnnotatedImage, AnnotationKind, Layout, join_layouts
from kontur.data.layouts.other_programs import annotations_sentence, images_sentence
from kontur.errors import InputError
from kontur.images import zarr_store
from kontur.select.split_names import SPLITS, split_of
from kontur.wording import counted, listed, plural

LABEL_FOLDERS = ("labels", "masks", "outlines", "annotations", "label", "mask", nnunet_cases.LABELS)
IGNORE_FOLDER = "ignore"
SERVED = (
    ".kontur"  # the end of the names of what `kontur serve` writes beside a foreign NAME.geojson
)
CORRECTED = "; to use what was corrected there in kontur serve or QuPath, move the other away"
WRITTEN = ".labels"  # the end of the names of label images that `kontur predict` writes

KNOWN = (
    "images/ + labels/ (label images), images/ + masks/NAME/*.png (one mask per object), "
    "NAME.tif + NAME_masks.tif in one folder, images and NAME.geojson (or labelme, ImageJ ROIs, "
    "YOLO), or a file that lists images (COCO JSON, CVAT, VIA) with them; each also below train/ "
    "and val/"
)
TRAINING = f"training data is {KNOWN}"


def recognise_layout(path: Path, *, wanted: str = TRAINING) -> Layout:
    """The layout of a training folder or COCO JSON; `wanted` ends the sentence on a folder of none.

    Raises `InputError` where the path is missing, empty or holds no known layout, and where a name
    is ambiguous. Images without annotation and the reverse stand in the layout, not dropped in
    silence.
    """
    if not path.exists():
        raise InputError(f"there is no folder {path}")
    if path.is_file():
        if not coco_layout.lists_images(path):
            raise InputError(
                f"training data is a folder, or a file that lists images (COCO JSON, a table of "
                f"outlines); got the file {path}"
            )
        return _with_splits(coco_layout.read_file(path))
    layout = find_layout(path)
    if layout is None:
        raise InputError(_why_not(path, wanted))
    return layout


def find_layout(path: Path) -> Layout | None:
    """What is annotated in a folder; None where nothing is. Raises `InputError` as above."""
    return find_one(path) or _parts(path)


def find_one(path: Path) -> Layout | None:
    """The layout of a single data set."""
    for find in (_splits, _pairs, _listed, _cases):
        layout = find(path)
        if layout is not None:
            return layout
    return None


def _is_yolo(layout: Layout) -> bool:
    """Whether labels are in text files, and no folders tell the splits."""
    unsplit = (item for item in layout.annotated if item.split is None)
    return any(item.annotation.suffix == ".txt" for item in unsplit)


def _listed(path: Path) -> Layout | None:
    """Files that list images, with the images that they name."""
    layout = coco_layout.find(path)
    return None if layout is None else _with_splits(layout)


def _parts(path: Path) -> Layout | None:
    """Folders that are data sets, such as the tasks of CVAT; or files that name their image."""
    folders = [child for child in sorted(path.iterdir()) if zarr_store.is_folder(child)]
    found = {child.name: find_one(child) for child in folders if not child.name.startswith(".")}
    layouts = [layout.below(name) for name, layout in found.items() if layout is not None]
    if not layouts:
        return coco_layout.find_named(path)
    layout = join_layouts(layouts)
    unused = [
        f"{name}/ holds no annotated images and is not used" for name in found if not found[name]
    ]
    return replace(layout, notes=(*layout.notes, *unused))


def _splits(path: Path) -> Layout | None:
    """`train/` and `val/` (and `test/`), each with a layout of its own."""
    layouts: list[Layout] = []
    unknown: list[str] = []
    for split, folders in SPLITS.items():
        for folder in folders:
            if (path / folder).is_dir():
                layout = find_layout(path / folder)
                if layout is None:
                    unknown.append(f"{folder}/ holds no annotated images and is not used")
                else:
                    layouts.append(layout.below(folder, split=split))
    if not layouts:
        return None
    layout = join_layouts(layouts)
    return replace(layout, notes=(*layout.notes, *unknown))


def _pairs(path: Path) -> Layout | None:
    """`images/` and a folder of annotations, or annotations beside the images."""
    folder = next((path / name for name in IMAGE_FOLDERS if (path / name).is_dir()), path)
    annotated = {
        name for place in LABEL_FOLDERS if (path / place).is_dir() for name, _ in walk(path / place)
    }
    if folder == path:
        images = image_files(path, deep=False)
    else:
        images = images_of_folder(folder, annotated)
    paired: Layout | None = None
    notes: list[str] = []
    for place in dict.fromkeys([*(path / name for name in LABEL_FOLDERS), folder, path]):
        if not place.is_dir():
            continue
        layout = _pair(images, _annotations(place, images, beside=place in (folder, path)))
        layout = nnunet_cases.with_classes(layout, place)
        if layout.annotated and paired is None:
            paired = layout
        elif layout.annotated:
            outlined = place in (folder, path) and "outlines" in layout.kind
            corrected = CORRECTED if outlined else ""
            notes.append(f"{place.name}/ holds annotations too and is not used{corrected}")
    if paired is None:
        return None
    layout = replace(paired, notes=(*paired.notes, *notes, *_unused_coco(path)))
    layout = _with_splits(_with_ignore(layout, path / IGNORE_FOLDER))
    return yolo_splits.with_splits(layout, path) if _is_yolo(layout) else layout


def _unused_coco(path: Path) -> tuple[str, ...]:
    """A note on files that list images beside better annotations, if there are any."""
    files = coco_layout.files_in(path)
    if not files:
        return ()
    title = formats.format_of(files[0]).title
    if len(files) == 1:
        return (f"{files[0].name} is {title} and is not used",)
    return (f"{counted([file.name for file in files], f'{title} file')} not used",)


def _cases(path: Path) -> Layout | None:
    """One folder an image: `NAME/images/NAME.png` and `NAME/masks/*.png`."""
    annotated: list[AnnotatedImage] = []
    unannotated: list[str] = []
    for case in sorted(path.iterdir()):
        if case.name.startswith(".") or not (case / "images").is_dir():
            continue
        images = image_files(case / "images", deep=False)
        if len(images) != 1:
            return None
        (image,) = images.values()
        masks = case / "masks"
        if masks.is_dir():
            annotated.append(
                AnnotatedImage(name=case.name, image=image, kind="masks", annotation=masks)
            )
        else:
            unannotated.append(case.name)
    if not annotated:
        return None
    return Layout(kind="masks", annotated=tuple(annotated), unannotated=tuple(unannotated))


def _annotations(
    place: Path, images: Mapping[str, Path], *, beside: bool
) -> dict[str, list[tuple[AnnotationKind, Path]]]:
    """The annotations in one folder by the name of their image, the best one first.

    A folder of the image's name holds a mask, or an ImageJ ROI, for each object. Beside the images
    only a name such as `a_masks.png` or `a.geojson` is an annotation; elsewhere every image file
    is. A name may have the image's ending too: `a.tif.geojson`, as scripts of QuPath write it. A
    folder of masks is better than a label image, that than outlines, and those than the label image
    that `kontur predict` wrote with them: outlines get corrected.
    """
    own = set(images.values())
    files = [(n, p) for n, p in walk(place, stop=images, deep=not beside) if p not in own]
    full_names = {
        f"{name}{path.name.removeprefix(stem(path))}": name for name, path in images.items()
    }
    whole = {full: name for full, name in full_names.items() if full not in images}
    if place.name == nnunet_cases.LABELS:
        whole |= nnunet_cases.images_of_cases(images, {name for name, _ in files})
    labels = [
        (whole.get(n, n), p)  # `a.jpg.png` of `a.jpg`
        for n, p in files
        if is_raster(p) and (is_label_name(n) or not beside or n in whole)
    ]
    outlines = [
        (whole.get(name, name), p)
        for name, p in ((_name_of(n, p), p) for n, p in files)
        if _is_outlines(p)
    ]
    named = {name for name, _ in outlines}
    outlines = [
        (n if n in images or (base := n.removesuffix(SERVED)) in named else base, p)
        for n, p in outlines
    ]
    annotations: dict[str, list[tuple[AnnotationKind, Path]]] = {}
    for name in images:
        if (place / name).is_dir():
            kind = "outlines" if formats.find_format(place / name) else "masks"
            if kind == "outlines" or not beside:
                annotations[name] = [(kind, place / name)]
    written = [(n, p) for n, p in labels if n.lower().endswith(WRITTEN)]
    drawn = [(n, p) for n, p in labels if not n.lower().endswith(WRITTEN)]
    for name, path in by_partner(drawn, what="label image of", known=images).items():
        annotations.setdefault(name, []).append(("labels", path))
    for name, path in by_partner(outlines, what="outlines of", known=images).items():
        annotations.setdefault(name, []).append(("outlines", path))
    for name, path in by_partner(written, what="label image of", known=images).items():
        annotations.setdefault(name, []).append(("labels", path))
    for name, path in images.items():  # OME-Zarr has the labels of an image in the image's store
        if path.parent == place and zarr_store.is_store(path) and _is_outlines(path):
            annotations.setdefault(name, []).append(("outlines", path))
    return annotations


def _name_of(name: str, path: Path) -> str:
    """The name of a file of outlines without the whole ending: `a` of `a.rois.zip`."""
    return name.removesuffix(stem(path)) + formats.name_of(path)


def _is_outlines(path: Path) -> bool:
    """Whether a file has the outlines of the one image of its name; a label image is none."""
    if is_mask(path):
        return False
    file_format = formats.find_format(path)
    return file_format is not None and not file_format.several_images


def _pair(
    images: Mapping[str, Path], candidates: Mapping[str, list[tuple[AnnotationKind, Path]]]
) -> Layout:
    """Entries for the images that have an annotation, by the first one; the rest by name."""
    annotations = {name: files[0] for name, files in candidates.items()}
    several = [files for files in candidates.values() if len(files) > 1]
    annotated = tuple(
        AnnotatedImage(
            name=name, image=image, kind=annotations[name][0], annotation=annotations[name][1]
        )
        for name, image in images.items()
        if name in annotations
    )
    kinds = sorted({item.kind for item in annotated})
    served = [name for name in annotations if name.removesuffix(SERVED) in images.keys() - {name}]
    orphans = [name for name in annotations if name not in images and name not in served]
    if "masks" in kinds:  # masks/X/01.png, masks/X/02.png … of a missing image X are one orphan
        orphans = list(dict.fromkeys(name.rpartition("/")[0] or name for name in orphans))
    return Layout(
        kind=" + ".join(kinds),
        annotated=annotated,
        unannotated=tuple(name for name in images if name not in annotations),
        orphans=tuple(orphans),
        notes=(
            *_of_others(
                [files[0][1] for files in several], [files[1][1] for files in several], images
            ),
            *_of_served([annotations[name][1].name for name in served]),
        ),
    )


def _of_others(
    first: Sequence[Path], second: Sequence[Path], images: Mapping[str, Path]
) -> tuple[str, ...]:
    """A note on second annotations of images, which are not used."""
    if not second:
        return ()
    beside = {image.parent for image in images.values()}
    served = any(file.name.endswith(".geojson") and file.parent in beside for file in second)
    files = counted([file.name for file in second], "annotation")
    whose = "its image has" if len(second) == 1 else "their images have"
    used = listed(file.name for file in first)
    way = CORRECTED if served else "; to use the other, move that away"
    return (f"{files} not used, since {whose} another one, which is used: {used}{way}",)


def _of_served(files: Sequence[str]) -> tuple[str, ...]:
    """A note on files of `kontur serve` beside those of another program, which are used."""
    if not files:
        return ()
    return (
        f"{counted(files, 'annotation')} of kontur serve not used, since another program's has the "
        f"image's name; to use what was corrected, rename it to NAME.geojson in its place",
    )


def _with_ignore(layout: Layout, folder: Path) -> Layout:
    """Every image with its mask of regions to ignore, `ignore/NAME.png`."""
    if not folder.is_dir():
        return layout
    files = [(name, path) for name, path in walk(folder) if is_raster(path)]
    known = {item.name for item in layout.annotated}
    masks = by_partner(files, what="ignore mask of", known=known)
    unused = tuple(f"{IGNORE_FOLDER}/{name}" for name in masks if name not in known)
    annotated = tuple(item.replace(ignore=masks.get(item.name)) for item in layout.annotated)
    return replace(layout, annotated=annotated, orphans=(*layout.orphans, *unused))


def _with_splits(layout: Layout) -> Layout:
    """Splits from the first folder of the names, where all have one (`images/train/a.png`)."""
    splits = [split_of(e.name) if "/" in e.name else None for e in layout.annotated]
    if not all(splits):
        return layout
    annotated = (e.replace(split=s) for e, s in zip(layout.annotated, splits, strict=True))
    return replace(layout, annotated=tuple(annotated))


def _why_not(path: Path, wanted: str) -> str:
    """Why no layout was recognised, in one sentence that ends with what is wanted."""
    children = [child for child in sorted(path.iterdir()) if not child.name.startswith(".")]
    if not children:
        return f"{path} is empty; {wanted}"
    folder = next((path / name for name in IMAGE_FOLDERS if (path / name).is_dir()), None)
    images = images_of_folder(folder) if folder is not None else image_files(path, deep=False)
    labels = [path / name for name in LABEL_FOLDERS if (path / name).is_dir()]
    annotations = [partner_name(name) for place in labels for name, _ in walk(place)]
    beside = [file.name for file in children if file.is_file() and _is_outlines(file)]
    files = [file for _, file in walk(path)]
    of_other_programs = annotations_sentence(files)
    if of_other_programs is not None:
        return f"{path} holds {of_other_programs}"
    if images and annotations:
        return (
            f"none of the {len(images)} images in {folder or path} has an annotation of its name: "
            f"images are {listed(images, most=3)}, but {labels[0].name}/ holds "
            f"{listed(annotations, most=3)}; give partners the same name"
        )
    if images and beside:
        return (
            f"none of the {len(images)} images in {folder or path} has outlines of its name: they "
            f"are {listed(images, most=3)}, and outlines {listed(beside, most=3)}; give partners "
            "the same name, such as NAME.zip for NAME.tif"
        )
    if images:
        return (
            f"{folder or path} holds {plural(len(images), 'image')} ({listed(images, most=3)}) "
            f"but no annotation was found; {wanted}"
        )
    unsupported = images_sentence(files)
    if unsupported is not None:
        return f"{path} holds {unsupported}"
    held = listed(child.name + "/" * child.is_dir() for child in children)
    return f"found no images in {path} (it holds {held}); {wanted}"
