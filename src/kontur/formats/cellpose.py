"""Cellpose's `NAME_seg.npy`: objects of the masks that its window saves beside an image. Only read.

The outlines are those of the masks (`images.cellpose_masks`), exact to the pixel, with holes and
parts; the file's own list of outlines has neither. Results saved as `NAME_cp_masks.png` or `.tif`
are label images (`label_image`).
"""

from kontur.formats.format import Format
from kontur.formats.image_annotation import ImageAnnotation
from kontur.formats.outline_file import OutlineFile
from kontur.images.cellpose_masks import masks_of_page, place_of, stored_masks
from kontur.images.image_file import SEGMENTATION
from kontur.instances import Instances


def read(file: OutlineFile) -> list[ImageAnnotation]:
    """The objects of `file.page` of a stack, or of every plane that has some.

    Raises `InputError` for other files, and for a page that is not there.
    """
    stored, name = stored_masks(file.path)
    alone = file.page is not None or stored.ndim == 2 or len(stored) == 1
    pages = [file.page] if alone else list(range(len(stored)))
    planes = [masks_of_page(stored, page, file.path) for page in pages]
    if len(planes) > 1:
        full = [number for number, masks in enumerate(planes) if masks.any()] or [0]
        pages, planes = [pages[number] for number in full], [planes[number] for number in full]
    found = [
        Instances.from_label_image(masks).replace(plane=place_of(page, stored))
        for page, masks in zip(pages, planes, strict=True)
    ]
    return [ImageAnnotation(name or FORMAT.stem(file.path), one.size, one) for one in found]


FORMAT = Format(
    name="cellpose",
    title="Cellpose _seg.npy",
    endings=(SEGMENTATION,),
    read=read,
    raster=True,
    precision="pixel",
    planes=True,
    overlaps=False,
    classes=False,
    scores=False,
)
