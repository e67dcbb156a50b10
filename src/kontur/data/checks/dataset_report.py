"""Dataset report: what a data set holds, in numbers, and the text that `kontur inspect` prints."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from kontur.data.issue import Issue
from kontur.data.working_scale import WorkingScale, describe_scale
from kontur.wording import plural

BAR = 40  # characters of the longest bar
SIZES_SHOWN = 4  # of image sizes and pixel kinds, the most frequent first
CLASSES_SHOWN = 12


@dataclass(frozen=True, eq=False)
class DatasetReport:
    """What a folder holds, as counted by `inspect`.

    Attributes:
        path: what was opened.
        layout: the recognised layout, see `recognise_layout`.
        task: what the values of a mask file mean.
        names: names of the images that could be read.
        splits: number of images of each split; empty where there are none.
        sizes: number of images of each `(height, width)`.
        pixels: number of images of each `(dtype, channels)`.
        pixel_sizes: number of images of each pixel size in µm, None where it is unknown.
        objects: number of objects in each image, regions to ignore not counted.
        classes: number of objects of each class.
        diameters: for each object, the diameter in pixels of the circle of equal area.
        scale: the working scale that a training would choose.
        ignored: number of regions to ignore.
        ignored_share: their share of the area of all images.
        columns: of `metadata.csv`.
        issues: what is wrong or left out.
    """

    path: Path
    layout: str
    task: str
    names: tuple[str, ...]
    splits: Mapping[str, int]
    sizes: Mapping[tuple[int, int], int]
    pixels: Mapping[tuple[str, int], int]
    pixel_sizes: Mapping[float | None, int]
    objects: Int[np.ndarray, " images"]
    classes: Mapping[str, int]
    diameters: Float[np.ndarray, " objects"]
    scale: WorkingScale
    ignored: int
    ignored_share: float
    columns: tuple[str, ...]
    issues: tuple[Issue, ...]

    def text(self) -> str:
        """The report as plain text; it ends with the issues, or states that there are none."""
        rows = {
            "images": f"{len(self.names):,} (layout {self.layout}, task {self.task})",
            "splits": ", ".join(f"{name} {count:,}" for name, count in self.splits.items()),
            "sizes": _most({f"{h}×{w}": n for (h, w), n in self.sizes.items()}),
            "pixels": _most({_pixels(*kind): n for kind, n in self.pixels.items()}),
            "pixel size": _most({_microns(size): n for size, n in self.pixel_sizes.items()}),
            "objects": self._objects(),
            "classes": self._classes(),
            "ignored": f"{plural(self.ignored, 'region')}, {self.ignored_share:.1%} of the area"
            if self.ignored
            else "",
            "metadata": ", ".join(self.columns),
        }
        lines = [str(self.path), *(f"  {key:<11}{row}" for key, row in rows.items() if row)]
        if len(self.diameters):
            median = float(np.median(self.diameters))
            lines += ["", f"  diameter of the objects in pixels (median {median:.3g})"]
            lines += [f"  {line}" for line in histogram(self.diameters)]
            lines += ["", f"  {describe_scale(self.scale)}"]
        lines.append("")
        for issue in self.issues:
            lines += [f"  ! {issue}", *(f"      {detail}" for detail in issue.details)]
        if not self.issues:
            lines.append("  nothing looks wrong")
        return "\n".join(lines)

    def _objects(self) -> str:
        if len(self.objects) == 0:
            return "0"
        empty = int((self.objects == 0).sum())
        return (
            f"{int(self.objects.sum()):,}, median {np.median(self.objects):g} an image "
            f"({self.objects.min()} to {self.objects.max()})"
            + (f", {plural(empty, 'image')} without any" if empty else "")
        )

    def _classes(self) -> str:
        used = {name: count for name, count in self.classes.items() if count}
        missing = [name for name, count in self.classes.items() if not count]
        if not used:
            return ""
        text = _most(used, show=CLASSES_SHOWN, always=True)
        return text + (f"; {len(missing)} declared but without objects" if missing else "")


def histogram(values: Float[np.ndarray, " n"]) -> list[str]:
    """Counts between 1, 2, 3, 4, 6, 8, 12, 16 … as bars of `#`.

    >>> print("\\n".join(histogram(np.array([2.5, 5, 5.5, 7, 7.5]))))
        2 to 3      1 ####################
        3 to 4      0
        4 to 6      2 ########################################
        6 to 8      2 ########################################
    """
    edges = [1.0, 2.0, 3.0]
    while edges[-1] <= values.max(initial=0):
        edges.append(edges[-2] * 2)
    edges = [0.0, *edges]
    counts, _ = np.histogram(values, bins=edges)
    filled = np.flatnonzero(counts)
    width = max(len(f"{counts.max():,}"), 6)
    return [
        f"{edges[k]:5g} to {edges[k + 1]:<4g} {counts[k]:>{width},} "
        f"{'#' * int(np.ceil(BAR * counts[k] / counts.max()))}".rstrip()
        for k in range(filled[0], filled[-1] + 1)
    ]


def _most(counts: Mapping[str, int], *, show: int = SIZES_SHOWN, always: bool = False) -> str:
    """The most frequent with their counts, and how many more kinds; a single one without count."""
    ordered = sorted(counts.items(), key=lambda pair: -pair[1])
    if len(ordered) == 1 and not always:
        return ordered[0][0]
    text = ", ".join(f"{name} ({count:,})" for name, count in ordered[:show])
    return text + (f" and {len(ordered) - show} more" if len(ordered) > show else "")


def _pixels(dtype: str, channels: int) -> str:
    return f"{dtype}, {plural(channels, 'channel')}"


def _microns(size: float | None) -> str:
    return "unknown" if size is None else f"{size:.4g} µm"
