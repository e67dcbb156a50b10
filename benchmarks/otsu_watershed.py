"""What a threshold reaches on the same images: the floor that a trained model has to leave behind.

scikit-image, nothing learned: Otsu's threshold on the smoothed image, then every connected region
an object; or touching regions parted by a watershed of the distance to the background (the classic
recipe for nuclei). For images with bright objects. The watershed's smoothing is one of `SIGMAS`,
the one that does best on these very images: the recipe gets every advantage.
"""

# scikit-image says no types:
# mypy: disallow-untyped-calls=False

import time
from collections.abc import Callable, Sequence

import numpy as np
from options import of_data
from report import heading, table
from scipy import ndimage  # type: ignore[import-untyped]
from skimage import feature, filters, measure, morphology, segmentation

from kontur.data.folder import open_folder
from kontur.data.sample import Sample
from kontur.evaluate import Summary, evaluate_all
from kontur.instances import Instances

IOUS = (0.5, 0.6, 0.7, 0.8, 0.9)
SIGMAS = (1.0, 1.5, 2.0, 3.0)  # pixels, of the distance's smoothing
SMALLEST = 20  # pixels; smaller regions are specks


def main() -> None:
    options = of_data(__doc__).parse_args()
    folder = open_folder(options.data).where(options.where)
    heading(f"Pooled AP without learning on {len(folder)} images {' '.join(options.where)}")
    samples = list(folder.samples)
    rows = [_row("Otsu, connected regions", samples, regions)]
    watersheds = [
        _row(f"Otsu, watershed of the distance (smoothed over {sigma:g})", samples, parted(sigma))
        for sigma in SIGMAS
    ]
    rows.append(max(watersheds, key=lambda row: row[1]))
    print(table(["", *(f"AP {iou}" for iou in IOUS), "ms an image"], rows))


def foreground(image: np.ndarray) -> np.ndarray:
    """Otsu's threshold on the mean of the channels, smoothed over a pixel; specks removed."""
    smooth = filters.gaussian(image.astype(float).mean(axis=-1), sigma=1)
    if smooth.min() == smooth.max():
        return np.zeros(smooth.shape, bool)
    filled = ndimage.binary_fill_holes(smooth > filters.threshold_otsu(smooth))
    return morphology.remove_small_objects(filled, max_size=SMALLEST - 1)


def regions(image: np.ndarray) -> np.ndarray:
    """A label image: each connected region of the foreground."""
    return measure.label(foreground(image))


def parted(sigma: float) -> Callable[[np.ndarray], np.ndarray]:
    """A label image: regions parted where the smoothed distance has several tops."""

    def labels(image: np.ndarray) -> np.ndarray:
        mask = foreground(image)
        distance = ndimage.gaussian_filter(ndimage.distance_transform_edt(mask), sigma)
        tops = feature.peak_local_max(distance, min_distance=3, labels=measure.label(mask))
        seeds = np.zeros(mask.shape, np.int32)
        seeds[tuple(tops.T)] = np.arange(1, len(tops) + 1)
        return segmentation.watershed(-distance, seeds, mask=mask)

    return labels


def _row(
    name: str, samples: Sequence[Sample], find: Callable[[np.ndarray], np.ndarray]
) -> list[str]:
    start = time.perf_counter()
    found = [find(sample.image) for sample in samples]
    spent = (time.perf_counter() - start) * 1000 / len(samples)
    pairs = [
        (sample.instances, Instances.from_label_image(labels))
        for sample, labels in zip(samples, found, strict=True)
    ]
    summary: Summary = evaluate_all(pairs)
    return [name, *(f"{summary.ap(iou):.3f}" for iou in IOUS), f"{spent:.0f}"]


if __name__ == "__main__":
    main()
