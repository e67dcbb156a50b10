"""What a network that makes no errors gives of objects in several parts and with holes.

The snake's outline of an object is one ring: of several parts it learns the largest, and a hole is
filled. The U-Nets say what every pixel is; what hangs together becomes an object. Both decode their
own training targets of DATA here, as if a network had learned them by heart, so what is missing is
missing whatever the network: the IoU of every true object with the best outline.

    python benchmarks/single_rings.py DATA           # a folder of images with annotations
    python benchmarks/single_rings.py --scenes 40    # drawn: a third of the objects have a hole
"""

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import shapely
from jaxtyping import Float
from report import heading, table

from kontur.data.folder import open_folder
from kontur.data.synthetic import scene
from kontur.evaluate import evaluate_all
from kontur.evaluate.comparison import compare
from kontur.geometry import ring
from kontur.geometry.polygons import largest_part, polygons_from_rings
from kontur.instances import Instances
from kontur.models import catalog
from kontur.models.card import Thresholds
from kontur.models.resolve import resolve
from kontur.models.snake.contour_targets import even_contours

KINDS = ("in several parts", "with holes", "in one part without holes")
IOUS = (0.5, 0.7, 0.9)
EVERYTHING = Thresholds(score=0.0, overlap=1.0)


def main() -> None:
    options = _options()
    given = f"{options.scenes} drawn scenes" if options.scenes else options.data
    heading(f"Objects of {given} decoded from their own training targets")
    truths = [_whole(each) for each in _truths(options)]
    ways = {"one ring each (snake)": snake, "connected pixels (U-Nets)": unet}
    rows = []
    for name, decode in ways.items():
        found = [decode(truth) for truth in truths]
        best = np.concatenate([_best_iou(*pair) for pair in zip(truths, found, strict=True)])
        kinds = np.concatenate([_kinds(truth) for truth in truths])
        summary = evaluate_all(list(zip(truths, found, strict=True)), metrics=("ap",))
        for number, kind in enumerate(KINDS):
            own = best[kinds == number]
            numbers = [f"{own.mean():.3f}", f"{(own < 0.7).mean():.3f}"] if len(own) else ["–", "–"]
            rows.append([f"{name}, {kind}", f"{len(own):,}", *numbers, *["–"] * len(IOUS)])
        ap = [f"{summary.ap(iou):.3f}" for iou in IOUS]
        all_of_them = [f"{best.mean():.3f}", f"{(best < 0.7).mean():.3f}", *ap]
        rows.append([f"{name}, all", f"{len(best):,}", *all_of_them])
    head = ["", "objects", "mean IoU", "share below 0.7", *(f"AP {iou}" for iou in IOUS)]
    print(table(head, rows))


def snake(truth: Instances) -> Instances:
    """The contours that the snake learns, as polygons."""
    config = catalog.config("snake", {"classes": truth.classes})
    rings = [
        ring.smooth(shapely.get_coordinates(largest_part(each).exterior)[:-1], config.smooth)
        for each in truth.polygons
    ]
    polygons, _ = polygons_from_rings(even_contours(rings, config).astype(float), truth.size)
    outlined = ~shapely.is_empty(polygons)
    return truth[outlined].replace(polygons=polygons[outlined])


def unet(truth: Instances) -> Instances:
    """The objects of the pixels' true classes."""
    family = catalog.family("unet")
    config = catalog.config("unet", {"classes": truth.classes})
    classes = family.encode(truth, config, None).pixels[0]
    pixels = (classes == np.arange(3)[:, None, None]).astype(np.float32)
    graphs = {"segment": lambda _: (pixels[None],)}
    assert truth.size is not None
    images = np.zeros((1, 1, *truth.size), np.float32)
    (candidates,) = family.propose(graphs, images, config, 0.0, [truth.size])
    return resolve(candidates, EVERYTHING).instances


def _best_iou(truth: Instances, found: Instances) -> Float[np.ndarray, " k"]:
    pairs = compare(truth, found)
    best = np.zeros(len(truth))
    np.maximum.at(best, pairs.rows, pairs.iou)
    return best


def _kinds(truth: Instances) -> Float[np.ndarray, " k"]:
    several = shapely.get_num_geometries(truth.polygons) > 1
    holes = [
        any(shapely.get_num_interior_rings(shapely.get_parts(each)) > 0) for each in truth.polygons
    ]
    return np.where(several, 0, np.where(holes, 1, 2))


def _whole(truth: Instances) -> Instances:
    """Objects that count, all of one class: how sure a class is found is no matter here."""
    objects = truth[~truth.ignore]
    return Instances.of(list(objects.polygons), size=truth.size)


def _truths(options: argparse.Namespace) -> Iterable[Instances]:
    if options.scenes:
        return _drawn(options.scenes)
    return (sample.instances for sample in open_folder(options.data).samples)


def _drawn(count: int) -> Iterator[Instances]:
    rng = np.random.default_rng(0)
    for _ in range(count):
        yield scene(rng, size=(512, 512), count=40, radius=(10, 30), holes=1 / 3).instances


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("data", type=Path, nargs="?", help="a folder of images with annotations")
    given.add_argument("--scenes", type=int, help="how many to draw")
    return parser.parse_args()


if __name__ == "__main__":
    main()
