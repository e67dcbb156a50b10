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

from dataclasses import replace
from pathlib import Path

from kontur import formats
from kontur.data.file_names import (
    IMAGE_FOLDERS,
    by_partner,
    image_files,
    images_of_folder,
    is_raster,
    partner_name,
    walk,
)
from kontur.data.layouts import coco_layout, nnunet_cases, yolo_splits
from kontur.data.layouts.annotations_by_name import (
    CORRECTED,
    annotations_in,
    is_outlines,
    pair_images,
)
from kontur.data.layouts.layout import AnnotatedImage, Layout, join_layouts
from kontur.data.layouts.other_programs import annotations_sentence, images_sentence
from kontur.errors import InputError
from kontur.images import zarr_store
from kontur.select.split_names import SPLITS, split_of
from kontur.wording import counted, listed, plural

LABEL_FOLDERS = ("labels", "masks", "outlines", "annotations", "label", "mask", nnunet_cases.LABELS)
IGNORE_FOLDER = "ignore"

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
        raise InputError(_why_unrecognised(path, wanted))
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
        layout = pair_images(images, annotations_in(place, images, beside=place in (folder, path)))
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


def _why_unrecognised(path: Path, wanted: str) -> str:
    """Why no layout was recognised, in one sentence that ends with what is wanted."""
    children = [child for child in sorted(path.iterdir()) if not child.name.startswith(".")]
    if not children:
        return f"{path} is empty; {wanted}"
    folder = next((path / name for name in IMAGE_FOLDERS if (path / name).is_dir()), None)
    images = images_of_folder(folder) if folder is not None else image_files(path, deep=False)
    labels = [path / name for name in LABEL_FOLDERS if (path / name).is_dir()]
    annotations = [partner_name(name) for place in labels for name, _ in walk(place)]
    beside = [file.name for file in children if file.is_file() and is_outlines(file)]
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
