"""An image laid out of pieces, beside the same pieces predicted alone.

Tiles give the objects of the whole image; the whole image is no collection of its pieces. This
says how far the two agree: for each layout the score of both against the truth, and the share of
the objects of the pieces that the whole has as well, of all and of those away from a border.

    python benchmarks/mosaic.py DATA
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shapely
from large_images import found_share, pieces
from report import heading, table

import kontur
from kontur.data.normalise import to_channels

INSIDE = 40  # pixels from a border, from which what lies beyond it is hardly seen
IOUS = (0.5, 0.9)


def main() -> None:
    options = _options()
    heading(f"{options.count}² pieces of {options.piece} pixels in one image, and each alone")
    network = kontur.load(options.model, device="cpu", threads=options.threads)
    parts = pieces(options.data, options.piece)
    images = [to_channels(part.image, 1)[..., 0] for part in parts]
    own = [network.predict(image).polygons for image in images]
    truth = [part.instances.polygons for part in parts]
    grid = (options.count, options.count)
    chosen = np.random.default_rng(0).integers(0, len(parts), grid)
    layouts = {
        "different pieces, side by side": (chosen, 0),
        "different pieces, 64 pixels apart": (chosen, 64),
        "different pieces, 61 pixels apart": (chosen, 61),
    }
    rows = []
    for name, (laid, gap) in layouts.items():
        step = options.piece + gap
        whole = np.full(
            (options.count * step, options.count * step), np.median(images[laid[0, 0]]), np.uint8
        )
        for (row, column), i in np.ndenumerate(laid):
            y, x = row * step, column * step
            whole[y : y + options.piece, x : x + options.piece] = images[i]
        found = network.predict(whole, tile=600).polygons
        true, alone = _placed(truth, laid, step), _placed(own, laid, step)
        inside = [outlines[_is_inside(outlines, options.piece)] for outlines in own]
        rows.append(
            [
                name,
                *(f"{found_share(true, each):.3f}" for each in (found, alone)),
                *(f"{_found_again(alone, found, iou):.2f}" for iou in IOUS),
                *(f"{_found_again(_placed(inside, laid, step), found, iou):.2f}" for iou in IOUS),
            ]
        )
        print(" ", *rows[-1], flush=True)
    again = [f"{where} again at {iou}" for where in ("found", "inside") for iou in IOUS]
    print(table(["layout", "AP 0.5", "alone", *again], rows))


def _placed(outlines: Sequence[np.ndarray], laid: np.ndarray, step: int) -> np.ndarray:
    """The outlines of the pieces where these lie."""
    moved = [
        shapely.transform(
            outlines[i], lambda points, at=(x, y): points + np.array(at, float) * step
        )
        for (y, x), i in np.ndenumerate(laid)
    ]
    return np.concatenate(moved)


def _is_inside(outlines: np.ndarray, side: int) -> np.ndarray:
    """Which outlines lie away from the border of their piece."""
    x0, y0, x1, y1 = shapely.bounds(outlines).reshape(-1, 4).T
    return (np.minimum(x0, y0) > INSIDE) & (np.maximum(x1, y1) < side - INSIDE)


def _found_again(expected: np.ndarray, found: np.ndarray, iou: float) -> float:
    """The share of outlines that one of the found ones has at least this IoU with."""
    i, j = shapely.STRtree(found).query(expected)
    common = shapely.area(shapely.intersection(expected[i], found[j]))
    ious = common / (shapely.area(expected)[i] + shapely.area(found)[j] - common)
    return len(np.unique(i[ious >= iou])) / len(expected)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--piece", type=int, default=256)
    parser.add_argument("--count", type=int, default=8, help="of pieces along a side")
    parser.add_argument("--model", default="nuclei")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
