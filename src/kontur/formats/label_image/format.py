"""Label images: 0 is background, every other number one object and its id.

Exact to the pixel: an outline along pixel edges comes back as it was, any other as the pixels
whose centres it covers; a second export changes nothing. Negative numbers are regions to ignore.
What a label image cannot hold is lost: scores, class names, what other programs wrote, and overlaps
(the pixel goes to the object with the higher score, of equals to the later one, and to any object
before regions to ignore).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Integer, Shaped

from kontur.errors import InputError
from kontur.files import atomic
from kontur.files.tiff_density import density
from kontur.formats import label_ids, masks
from kontur.formats.format import Format
from kontur.formats.image_annotation import ImageAnnotation
from kontur.formats.label_image import ome
from kontur.formats.label_image.photograph import is_photograph
from kontur.formats.lazy_sequence import LazySequence
from kontur.formats.masks import Task
from kontur.formats.outline_file import OutlineFile
from kontur.images import image_file
from kontur.instances import Instances
from kontur.instances.label_image import smallest_type
from kontur.instances.plane import Plane

LARGEST_IMAGE = 2**33  # pixels; label images of 32 bits are then of 32 GiB
OME = (".ome.tif", ".ome.tiff")
MOST_STEPS = 1e5  # between 0 and the largest label, where a scale factor is looked for


def read(file: OutlineFile) -> list[ImageAnnotation]:
    """The objects of a PNG or TIFF label image, ids kept, or those of a mask by `file.task`.

    With `components` and `semantic` every connected region is an object, see `masks`. Errors as in
    `read_array`, `Instances.from_label_image` and `masks.objects`.
    """
    (task, classes), stored = file.meaning, image_file.read_stored(file.path, page=file.page)
    array = whole_numbers(stored.pixels, file.path, task)
    instances = masks.objects(array, task, where=file.path, class_of_value=classes)
    return [
        ImageAnnotation(
            file.path.stem,
            instances.size,
            instances.replace(plane=stored.plane),
            pixel_size=stored.pixel_size,
        )
    ]


def read_array(
    path: str | Path, *, page: int | None = None, task: str = "instances"
) -> Integer[np.ndarray, "h w"]:
    """A label image as integers `(h, w)`: of PNG, palette or 1 bit too, or TIFF of any number type.

    Floats that are whole numbers count. Raises `InputError` for fractions (a label image that was
    resized with interpolation), NaN, colours, photographs, and what `image_file.read_image`
    refuses. For the task `semantic` an image of few values is no photograph.
    """
    return whole_numbers(image_file.read_stored(path, page=page).pixels, path, task)


def of_planes(
    pages: Sequence[int | None],
    array: Callable[[int | None], Integer[np.ndarray, "h w"]],
    plane: Callable[[int | None], Plane | None],
    meaning: tuple[Task, Mapping[int, str] | None],
    *,
    where: str | Path,
) -> list[Instances]:
    """The objects of every page that has some, by their `meaning`, see `OutlineFile`.

    Classes without names are those of all these pages, and unless values are ids no region has the
    id of one of another plane. Where no page has any, the first one as it is, of no plane.
    """
    task, names = meaning
    if task == "semantic" and names is None:
        values = set().union(*(np.unique(array(page)).tolist() for page in pages))
        names = masks.class_names({value for value in values if value > 0})
    kinds = set[np.dtype[Any]]()

    def objects(page: int | None) -> Instances:
        labels = array(page)
        kinds.add(labels.dtype)
        read = masks.objects(labels, task, where=where, class_of_value=names)
        return read.replace(plane=plane(page))

    planes = [objects(page) for page in pages]
    if len(planes) == 1:
        return planes
    if task == "instances" and len(kinds) == 1:  # of one plane alone they may not show it
        ids = np.concatenate([one.ids for one in planes])
        masks.check_ids_did_not_run_over(ids, kinds.pop(), where)
    planes = planes if task == "instances" else label_ids.different_ids(planes)
    return [one for one in planes if len(one)] or [planes[0].replace(plane=None)]


def whole_numbers(
    stored: Shaped[np.ndarray, "h w c"], path: str | Path, task: str = "instances"
) -> Integer[np.ndarray, "h w"]:
    """Pixels as the integers of a label image; `InputError` where they are none.

    Photographs are none, see `is_photograph`. With the task `semantic` those of so few values that
    these may be classes are taken, for classes may change from pixel to pixel.
    """
    if stored.shape[2] > 1 and (stored != stored[:, :, :1]).any():
        raise InputError(
            f"{path} is a colour image of {stored.shape[2]} channels; wanted a label image, "
            "one integer per pixel"
        )
    image = _as_integers(stored[:, :, 0], path)
    if is_photograph(image) and not (
        task == "semantic" and len(np.unique(image)) <= masks.MOST_VALUES
    ):
        raise InputError(
            f"{path} is a photograph and no label image: its values change from pixel to pixel, "
            "where an object is a connected region of one number (labels are resized by the "
            "nearest neighbour); give outlines or label images, which kontur predict makes of "
            "photographs; classes of pixels are read with --task "
            'semantic (in Python task="semantic"), and small objects where each has a number of '
            "its own"
        )
    return image


def _as_integers(image: Shaped[np.ndarray, "h w"], path: str | Path) -> Integer[np.ndarray, "h w"]:
    """Pixels of any type of number as integers, if they are whole."""
    if image.dtype.kind in "iu":
        return np.ascontiguousarray(image)
    image_file.check_finite(image, where=path)
    fractions = image != np.rint(image)
    if fractions.any():
        raise InputError(
            f"{path}: {int(fractions.sum())} pixels are no whole numbers (such as "
            f"{image[fractions][0]:g}), so the label image {_why_fractions(image)}"
        )
    if np.abs(image).max() >= 2.0**63:
        raise InputError(f"{path} holds the value {np.abs(image).max():g}; ids must be below 2^63")
    return image.astype(np.int64)


def _why_fractions(image: Float[np.ndarray, "h w"]) -> str:
    """What made fractions of labels, and what to do."""
    step = float(np.abs(image[image != 0]).min())
    is_factor = (
        float(np.abs(image).max()) < step * MOST_STEPS
    )  # of floats beyond, all are multiples
    if is_factor and np.allclose(image / step, np.rint(image / step), rtol=0, atol=1e-3):
        return (
            f"was multiplied by a scale factor, perhaps {step:g} (in NIfTI the slope, scl_slope), "
            "or holds probabilities; divide by the factor, and save whole numbers"
        )
    return (
        "was resized with interpolation, holds probabilities, or was saved with a scale factor "
        "(in NIfTI the slope, scl_slope); resize it with the nearest neighbour, and save whole "
        "numbers without a factor"
    )


def write(path: Path, entries: Sequence[ImageAnnotation], *, overwrite: bool = True) -> None:
    """Write a compressed TIFF or, by the ending .png, a 16-bit PNG; needs the image's size.

    A TIFF has the side of a pixel where it is known, and is OME-TIFF then or called `.ome.tif`.
    uint16, uint32 where an id is above 65535, signed where regions are to be ignored. Ids are kept
    unless one cannot be stored (zero, negative, more than 32 bits): then all become 1 … K. Raises
    `InputError` without a size, for several images, and for a PNG that would need more than 16
    bits or a sign.
    """
    check_one_image(entries)
    size = known_size(entries[0], path)
    found = entries[0].instances
    (ids,) = label_ids.storable_ids([found])
    array = painted(found.replace(ids=ids, size=size))
    if path.suffix.lower() == ".png":
        if array.dtype != np.uint16:
            raise InputError(
                f"a PNG holds ids from 1 to 65535 and no regions to ignore; {path} would need "
                f"{array.dtype}: write a .tif instead"
            )
        from PIL import Image

        with atomic.replacing(path, overwrite=overwrite) as beside:
            Image.fromarray(array).save(beside, format="PNG")
        return
    import tifffile

    side = entries[0].pixel_size
    options: dict[str, Any] = {"metadata": {"axes": "YX"}}
    if side is not None or path.name.lower().endswith(OME):
        options = {"description": ome.describe(array, side), "metadata": None}
    options |= density(side)
    with atomic.replacing(path, overwrite=overwrite) as beside:
        tifffile.imwrite(beside, array, compression="zlib", photometric="minisblack", **options)


def check_one_image(entries: Sequence[ImageAnnotation], *, planes: bool = False) -> None:
    """`InputError` for other than one image; with `planes`, several of one may be planes of it."""
    stacked = planes and entries and all(entry.instances.plane is not None for entry in entries)
    if len(entries) != 1 and not stacked:
        raise InputError(
            f"a label image is of one image, and there are {len(entries)}; name one of them with "
            "--image NAME (in Python image=NAME)"
        )


def known_size(entry: ImageAnnotation, path: Path) -> tuple[int, int]:
    """The image's (height, width); `InputError` where it is not known or too large."""
    size = entry.size or entry.instances.size
    if size is None:
        raise InputError(
            f"{path}: a label image needs the image's size, which is not known; give it with "
            "--size HxW or --image FILE (in Python replace(size=(height, width)))"
        )
    if size[0] * size[1] > LARGEST_IMAGE:
        raise InputError(f"{path}: an image of {size[0]}×{size[1]} is too large for a label image")
    return size


def planes_to_write(
    entries: Sequence[ImageAnnotation], size: tuple[int, int], path: Path
) -> Sequence[Instances]:
    """The objects of each plane with ids that can be stored, one plane in memory at a time.

    Raises `InputError` where one of them is taken that is known to have another size.
    """
    ids = label_ids.storable_ids(entry.instances for entry in entries)

    def plane(number: int) -> Instances:
        entry = entries[number]
        known = entry.size or entry.instances.size
        if known is not None and known != size:
            raise InputError(f"{path}: the outlines are of {known} pixels, and the image of {size}")
        return entry.instances.replace(ids=ids[number], size=size)

    return LazySequence(len(entries), plane)


def painted(instances: Instances) -> Integer[np.ndarray, "h w"]:
    """The objects as pixels, of the smallest type that holds the ids which cover one."""
    array = instances.label_image()
    written = np.array([array.min(), array.max()], dtype=np.int64)
    return array.astype(smallest_type(written), copy=False)


def type_of_all(kinds: Iterable[np.dtype[Any]]) -> np.dtype[Any]:
    """The type for all planes of a stack whose ids are of `label_ids.storable_ids`.

    NumPy takes 64 bits for unsigned 32 beside signed, and ids beside regions to ignore need 31.

    >>> type_of_all([np.dtype(np.uint32), np.dtype(np.int16)])
    dtype('int32')
    """
    kind = np.result_type(*kinds)
    return np.dtype(np.int32) if kind == np.int64 else kind


def type_of_ids(plane: Instances) -> np.dtype[Any]:
    """The smallest type that holds the ids that cover a pixel."""
    kind = smallest_type(plane.ids)
    return kind if kind == np.uint16 else painted(plane).dtype


FORMAT = Format(
    name="labels",
    title="label image",
    endings=(".labels.tif", ".ome.tif", ".tif", ".tiff", ".png"),
    shared_endings=(".jpg", ".jpeg"),  # masks of two values are saved so, if badly
    read=read,
    write=write,
    raster=True,
    precision="pixel",
    overlaps=False,
    classes=False,
    scores=False,
    pixel_size=True,
    needs_size="always",
)
