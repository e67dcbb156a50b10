"""Label volumes of NIfTI, `.nii` and `.nii.gz`: the ids of objects, or classes, on every plane.

An id that comes again on another plane is the same object there. Only read; the pages are those of
the image of the same grid, see `nifti`.
"""

import numpy as np

from kontur.formats import images, labels, masks, nifti
from kontur.formats.format import Format
from kontur.formats.image_annotation import ImageAnnotation
from kontur.formats.nifti_header import ENDINGS, PACKED
from kontur.formats.outline_file import OutlineFile


def read(file: OutlineFile) -> list[ImageAnnotation]:
    """The objects of a page, or of every plane that has some, by `file.task` as in `labels.read`.

    Classes without names are those of all planes. Errors as of `labels.read_array`, and
    `masks.objects`.
    """
    task, volume = masks.choose_task(file.task), nifti.open_volume(file.path)
    alone = file.page is not None or volume.pages == 1
    pages = [file.page] if alone else list(range(volume.pages))

    def array(page: int | None) -> np.ndarray:
        return labels.whole_numbers(images.read_stored(file.path, page=page).pixels, file.path)

    names = file.class_of_value
    if task == "semantic" and names is None:
        values = set().union(*(np.unique(array(page)).tolist() for page in pages))
        names = masks.class_names({value for value in values if value > 0})
    planes = [
        masks.objects(array(page), task, where=file.path, class_of_value=names).replace(
            plane=volume.plane(page)
        )
        for page in pages
    ]
    if len(planes) > 1:
        planes = [one for one in planes if len(one)] or [planes[0].replace(plane=None)]
    name, side = FORMAT.stem(file.path), volume.pixel_size
    return [ImageAnnotation(name, one.size, one, pixel_size=side) for one in planes]


FORMAT = Format(
    name="nifti",
    title="NIfTI label volume",
    endings=(PACKED, *ENDINGS[:1]),
    read=read,
    raster=True,
    precision="pixel",
    overlaps=False,
    classes=False,
    scores=False,
    planes=True,
    pixel_size=True,
)
