"""Inspect: read a whole folder once, count what it holds and find common mistakes.

Nothing stops at the first bad file: what cannot be read becomes an issue. Images are read in
threads and only numbers are kept of them, so that large folders fit into memory.
"""

from collections import Counter
from collections.abc import Callable

import numpy as np

from kontur import formats
from kontur.data.checks.dataset_report import DatasetReport
from kontur.data.checks.find_issues import find_issues
from kontur.data.checks.image_statistics import ImageStatistics, image_statistics
from kontur.data.checks.mask_checks import KINDS
from kontur.data.concurrently import concurrently
from kontur.data.folder import Folder
from kontur.data.working_scale import STRIDE, WorkingScale, choose_scale
from kontur.errors import InputError


def inspect(
    folder: Folder,
    *,
    stride: int = STRIDE,
    progress: Callable[[int, int], None] | None = None,
) -> DatasetReport:
    """Count what a folder holds and look for mistakes; reads every file once.

    `stride` is that of the network to be trained, image pixels per output pixel: objects smaller
    than two output pixels are reported. `progress(done, total)` is called after each image.
    """
    samples = folder.samples
    images: list[ImageStatistics] = []
    unreadable: list[tuple[str, str]] = []

    def measure(index: int) -> ImageStatistics | InputError:
        try:
            return image_statistics(samples, index, stride=stride)
        except InputError as error:
            return error

    for index, result in enumerate(concurrently(measure, range(len(samples)))):
        if isinstance(result, InputError):
            unreadable.append((folder.names[index], str(result)))
        else:
            images.append(result)
        if progress is not None:
            progress(index + 1, len(samples))
    return _report(folder, images, unreadable, stride)


def _report(
    folder: Folder, images: list[ImageStatistics], unreadable: list[tuple[str, str]], stride: int
) -> DatasetReport:
    area = sum(height * width for height, width in (image.size for image in images))
    none = np.empty(0)
    labels = np.concatenate([image.labels for image in images]) if images else none.astype(np.int64)
    areas = np.concatenate([image.areas for image in images]) if images else none
    per_class = np.bincount(labels, minlength=len(folder.classes))
    columns = dict.fromkeys(column for row in folder.metadata.values() for column in row)
    return DatasetReport(
        path=folder.path,
        layout=_described_layout(folder),
        task=folder.task,
        names=tuple(image.name for image in images),
        splits={split: len(names) for split, names in folder.splits.items()},
        sizes=Counter(image.size for image in images),
        pixels=Counter(image.pixels for image in images),
        pixel_sizes=Counter(image.pixel_size for image in images),
        objects=np.array([len(image.labels) for image in images], dtype=np.int64),
        classes=dict(zip(folder.classes, per_class.tolist(), strict=True)),
        diameters=2 * np.sqrt(areas / np.pi),
        scale=_working_scale(images),
        ignored=sum(image.ignored for image in images),
        ignored_share=min(sum(image.ignored_area for image in images) / area, 1.0) if area else 0.0,
        columns=tuple(columns),
        issues=(
            *(issue for issue in folder.issues if issue.kind not in KINDS),
            *find_issues(images, unreadable, folder.classes, stride=stride),
        ),
    )


def _working_scale(images: list[ImageStatistics]) -> WorkingScale:
    """What a training on the folder would choose, by its `train` part if it has one."""
    learned = [image for image in images if image.split == "train"] or images
    if not any(len(image.areas) for image in learned):
        return choose_scale(None, None)
    sides = np.sqrt(np.concatenate([image.areas for image in learned]))
    across = np.concatenate([image.widths for image in learned])
    side, width = float(np.median(sides)), float(np.median(across))
    chosen, other = (choose_scale(side, width, photographs=each) for each in (False, True))
    if other.scale == chosen.scale:
        return chosen
    begun = (
        f"{other.scale:g} where a training begins with a network that knows photographs, as it "
        "does by itself for few colour images"
    )
    return chosen._replace(reason=f"{chosen.reason} ({begun})")


def _described_layout(folder: Folder) -> str:
    """The layout, with the formats of its outlines: `outlines: labelme JSON`."""
    outlined = [item.annotation for item in folder.annotated if item.kind == "outlines"]
    found = map(formats.find_format, outlined)
    titles = list(dict.fromkeys(one.title for one in found if one is not None))
    return f"{folder.layout}: {', '.join(titles)}" if titles else folder.layout
