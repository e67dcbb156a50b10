"""Annotations of images by their names, of all that may lie in one folder: the best of each."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from kontur import formats
from kontur.data.file_names import by_partner, is_label_name, is_mask, is_raster, stem, walk
from kontur.data.layouts import nnunet_cases
from kontur.data.layouts.layout import AnnotatedImage, AnnotationKind, Layout
from kontur.images import zarr_store
from kontur.wording import counted, listed

SERVED = (
    ".kontur"  # the end of the names of what `kontur serve` writes beside a foreign NAME.geojson
)
CORRECTED = "; to use what was corrected there in kontur serve or QuPath, move the other away"
WRITTEN = ".labels"  # the end of the names of label images that `kontur predict` writes


def annotations_in(
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
        if is_outlines(p)
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
        if path.parent == place and zarr_store.is_store(path) and is_outlines(path):
            annotations.setdefault(name, []).append(("outlines", path))
    return annotations


def _name_of(name: str, path: Path) -> str:
    """The name of a file of outlines without the whole ending: `a` of `a.rois.zip`."""
    return name.removesuffix(stem(path)) + formats.name_of(path)


def is_outlines(path: Path) -> bool:
    """Whether a file has the outlines of the one image of its name; a label image is none."""
    if is_mask(path):
        return False
    file_format = formats.find_format(path)
    return file_format is not None and not file_format.several_images


def pair_images(
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
            *_unused_note(
                [files[0][1] for files in several], [files[1][1] for files in several], images
            ),
            *_served_note([annotations[name][1].name for name in served]),
        ),
    )


def _unused_note(
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


def _served_note(files: Sequence[str]) -> tuple[str, ...]:
    """A note on files of `kontur serve` beside those of another program, which are used."""
    if not files:
        return ()
    return (
        f"{counted(files, 'annotation')} of kontur serve not used, since another program's has the "
        f"image's name; to use what was corrected, rename it to NAME.geojson in its place",
    )
