"""The file name of the image that outlines are of, where their own file does not say it.

Programs find the image by it: labelme by `imagePath`, what reads COCO by `file_name`.
"""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from kontur import formats
from kontur.data.file_names import is_label_name, partner_name, stem
from kontur.data.prediction_record import predicted_images
from kontur.formats import ImageAnnotation
from kontur.images.image_file import IMAGE_ENDINGS, is_image
from kontur.wording import printable


def with_image_names(entries: Sequence[ImageAnnotation], path: Path) -> list[ImageAnnotation]:
    """The entries of one image with the name of its file, where that is known, in their folders."""
    name = image_file_name(path)
    if name is None or any(is_image(entry.file_name) for entry in entries):
        return list(entries)
    return [
        entry._replace(file_name=str(PurePosixPath(entry.file_name or name).with_name(name)))
        for entry in entries
    ]


def image_file_name(path: Path) -> str | None:
    """The image of a file of outlines: that of which `predict.json` says so, or that beside it.

    None where neither is there, or several images of the name are.
    """
    own = formats.name_of(path)
    for folder in path.parents:  # predictions of folders lie in folders below the record
        name = path.with_name(own).relative_to(folder).as_posix()
        noted = predicted_images(folder).get(printable(name))
        if noted is not None and noted.source is not None:
            return PurePosixPath(noted.source.replace("\\", "/")).name
    name = partner_name(own)
    beside = [path.with_name(name + ending) for ending in IMAGE_ENDINGS]
    images = [file for file in beside if file != path and is_image(file) and file.is_file()]
    images = [file for file in images if not is_label_name(stem(file))]
    return images[0].name if len(images) == 1 else None
