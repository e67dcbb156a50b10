"""How good an outline is after how many clicks, beside the untouched prediction.

For every true object there is one prompt: a click, a box, four extremes, or a rough polygon of any
start and direction. Its points are off by normal steps of a share of the object's side (the square
root of its area), but on the image. The first row is what the model found without a prompt.
Milliseconds are the processor's for one outline, after the session has begun, on one thread.

    python benchmarks/clicks.py nuclei dsb2018/val
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import shapely
from jaxtyping import Float, Shaped
from options import of_model_and_data
from report import heading, table

from kontur.data.folder import open_folder
from kontur.evaluate.comparison import compare
from kontur.geometry import raster, ring
from kontur.geometry.overlap import shared_pixels
from kontur.geometry.polygons import largest_part
from kontur.infer.load import load
from kontur.instances import Instances

NOISES = (0.0, 0.05, 0.1, 0.2)  # of the object's side
SHOWN = 0.05  # the noise of the columns that have one value
AIM = 0.15  # of the side: how far from the middle a person clicks
CORNERS = (6, 8, 12)  # of a rough polygon
FOUND = 0.5  # IoU

Miss = Callable[[Float[np.ndarray, "n 2"]], Float[np.ndarray, "n 2"]]  # points, a little off
Hand = Callable[[shapely.Polygon, Miss, np.random.Generator], dict[str, Any]]  # → a prompt


def click_anywhere(
    polygon: shapely.Polygon, miss: Miss, rng: np.random.Generator
) -> dict[str, Any]:
    """A pixel of the object, any alike."""
    return {"click": rng.choice(_pixels(polygon))}


def click_near_the_middle(
    polygon: shapely.Polygon, miss: Miss, rng: np.random.Generator
) -> dict[str, Any]:
    """The pixel of the object that is nearest to where a person aims."""
    pixels = _pixels(polygon)
    aim = pixels.mean(axis=0) + rng.normal(0, AIM, 2) * np.sqrt(len(pixels))
    return {"click": pixels[((pixels - aim) ** 2).sum(axis=1).argmin()]}


def box(polygon: shapely.Polygon, miss: Miss, rng: np.random.Generator) -> dict[str, Any]:
    """Two opposite corners."""
    corners = np.reshape(polygon.bounds, (2, 2))
    low, high = np.sort(miss(corners), axis=0)
    return {"box": [*low, *np.maximum(high, low + 1)]}


def extremes(polygon: shapely.Polygon, miss: Miss, rng: np.random.Generator) -> dict[str, Any]:
    """Top, right, bottom and left."""
    points = ring.extremes(_outer(polygon))
    return {"extremes": miss(points)}


def rough_polygon(corners: int) -> Hand:
    """So many points around the object, from anywhere, this way or that."""

    def hand(polygon: shapely.Polygon, miss: Miss, rng: np.random.Generator) -> dict[str, Any]:
        fine = ring.resample(_outer(polygon), 512)
        points = ring.resample(np.roll(fine, rng.integers(512), axis=0), corners)
        return {"polygon": miss(points)[:: rng.choice([-1, 1])]}

    return hand


HANDS: dict[str, tuple[int, tuple[float, ...], Hand]] = {  # clicks, noises
    "a click anywhere inside": (1, (SHOWN,), click_anywhere),
    "a click near the middle": (1, (SHOWN,), click_near_the_middle),
    "a box": (2, NOISES, box),
    "four extremes": (4, NOISES, extremes),
    **{f"a polygon of {k} points": (k, NOISES, rough_polygon(k)) for k in CORNERS},
}


def main() -> None:
    options = of_model_and_data(__doc__).parse_args()
    folder = open_folder(options.data).where(options.where)
    predictor = load(options.model, device="cpu", threads=1)
    scores: dict[tuple[str, float], list[np.ndarray]] = {}
    milliseconds: dict[str, list[float]] = {}
    untouched: list[np.ndarray] = []
    for number, sample in enumerate(folder.samples):
        truth = sample.instances[~sample.instances.ignore]
        objects = [largest_part(each) for each in truth.polygons]
        session = predictor.session(sample.image)
        untouched.append(_found_iou(truth, session.instances))
        for name, (_, noises, hand) in HANDS.items():
            for noise in noises:
                rng = np.random.default_rng(number)
                prompts = [
                    hand(each, _miss(each, noise, sample.size, rng), rng) for each in objects
                ]
                start = time.process_time()
                drawn = np.array([session.outline(**prompt) for prompt in prompts], dtype=object)
                took = 1000 * (time.process_time() - start) / max(len(prompts), 1)
                milliseconds.setdefault(name, []).append(took)
                iou = _iou(truth.polygons, drawn, sample.size)
                scores.setdefault((name, noise), []).append(iou)
    before = np.concatenate(untouched)
    heading(
        f"Outlines of {options.model} from prompts, {len(before):,} objects on {len(folder)} "
        f"images {' '.join(options.where)}"
    )
    head = ["prompt", "clicks", *(f"mean IoU, off by {noise:.0%}" for noise in NOISES)]
    head += ["median IoU", f"IoU {FOUND} or more", "mean IoU of the missed", "ms"]
    missed = before < FOUND
    rows = [["none", "0", "", _text(before.mean()), "", "", *_shown(before, missed), ""]]
    for name, (clicks, noises, _) in HANDS.items():
        joined = {noise: np.concatenate(scores[name, noise]) for noise in noises}
        means = [_text(joined[noise].mean()) if noise in joined else "" for noise in NOISES]
        speed = f"{np.median(milliseconds[name]):.1f}"
        rows.append([name, str(clicks), *means, *_shown(joined[SHOWN], missed), speed])
    print(table(head, rows))
    print(
        f"\nThe other columns: off by {SHOWN:.0%}. Missed without a prompt: {missed.sum()} objects."
    )


def _shown(iou: Float[np.ndarray, " m"], missed: Shaped[np.ndarray, " m"]) -> list[str]:
    values = [np.median(iou), (iou >= FOUND).mean(), iou[missed].mean() if missed.any() else 0.0]
    return [_text(value) for value in values]


def _text(value: float) -> str:
    return f"{value:.3f}"


def _found_iou(truth: Instances, found: Instances) -> Float[np.ndarray, " m"]:
    """The largest IoU of each true object with a found one."""
    pairs = compare(truth, found)
    best = np.zeros(len(truth))
    np.maximum.at(best, pairs.rows, pairs.iou)
    return best


def _iou(
    truth: Shaped[np.ndarray, " m"], drawn: Shaped[np.ndarray, " m"], size: tuple[int, int]
) -> Float[np.ndarray, " m"]:
    """IoU of each true object with its own outline, counted in pixels."""
    first, second = (raster.spans(polygons, size) for polygons in (truth, drawn))
    areas = [
        np.bincount(side.owner, side.stop - side.start, minlength=len(truth))
        for side in (first, second)
    ]
    pairs = shared_pixels(first, second, size[1])
    own = pairs.first == pairs.second
    shared = np.zeros(len(truth))
    shared[pairs.first[own]] = pairs.area[own]
    return shared / (areas[0] + areas[1] - shared)


def _pixels(polygon: shapely.Polygon) -> Float[np.ndarray, "p 2"]:
    """The middles of an object's pixels."""
    inside, (top, left) = raster.rasterize_window(polygon)
    rows, columns = np.nonzero(inside)
    return np.stack([columns + left, rows + top], axis=1) + 0.5


def _outer(polygon: shapely.Polygon) -> Float[np.ndarray, "n 2"]:
    return shapely.get_coordinates(polygon.exterior)[:-1]


def _miss(
    polygon: shapely.Polygon, noise: float, size: tuple[int, int], rng: np.random.Generator
) -> Miss:
    """A hand that is off by a share of an object's side and stays on the image."""

    def miss(points: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
        steps = rng.normal(0, noise, points.shape) * np.sqrt(polygon.area)
        return np.clip(points + steps, 0, size[::-1])

    return miss


if __name__ == "__main__":
    main()
