"""An image laid out of pieces, beside the same pieces predicted alone.

Tiles give the objects of the whole image; the whole image is no collection of its pieces. This
says how far the two agree: for each layout the score of both against the truth, and the share of
the objects of the pieces that the whole has as well, of all and of those away from a border. With
one range of intensities for the whole and the pieces (--contrast) what is left of the difference
is what lies beyond the border, and where the cells of the network lie. With --cut the pieces are
larger squares, cut out of the image that was laid out: some of their objects are farther from the
border than the network sees.

    python benchmarks/mosaic.py DATA
    python benchmarks/mosaic.py DATA --contrast 2,116
    python benchmarks/mosaic.py DATA --contrast 2,116 --cut 1024 --inside 320
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shapely
from large_images import found_share, pieces
from report import heading, table

import kontur
from kontur.data.normalisation.normalise import to_channels
from kontur.infer.options import PredictOptions, parse_contrast

IOUS = (0.5, 0.9, 0.99)


def main() -> None:
    options = _options()
    heading(f"{options.count}² pieces of {options.piece} pixels in one image, and each alone")
    network = kontur.load(options.model, device="cpu", threads=options.threads)
    parts = pieces(options.data, options.piece)
    images = [to_channels(part.image, 1)[..., 0] for part in parts]
    how = PredictOptions(contrast=options.contrast)
    truth = [part.instances.polygons for part in parts]
    grid = (options.count, options.count)
    chosen = np.random.default_rng(0).integers(0, len(parts), grid)
    layouts = {
        "different pieces, side by side": 0,
        "different pieces, 64 pixels apart": 64,
        "different pieces, 61 pixels apart": 61,
    }
    if options.cut is not None:
        layouts = {f"cut into squares of {options.cut} pixels": 0}
    rows = []
    for name, gap in layouts.items():
        step = options.piece + gap
        side = options.count * step
        whole = np.full((side, side), np.median(images[chosen[0, 0]]), np.uint8)
        for (row, column), i in np.ndenumerate(chosen):
            y, x = row * step, column * step
            whole[y : y + options.piece, x : x + options.piece] = images[i]
        found = network.predict(whole, how, tile=600).polygons
        true, shown, laid = _placed(truth, chosen, step), images, chosen
        if options.cut is not None:
            step = options.cut
            laid = np.arange((side // step) ** 2).reshape(side // step, -1)
            shown = [
                whole[y * step : (y + 1) * step, x * step : (x + 1) * step]
                for y, x in np.ndindex(laid.shape)
            ]
        own = [network.predict(each, how).polygons for each in shown]
        inside = [outlines[_is_inside(outlines, shown[0], options.inside)] for outlines in own]
        alone, deep = _placed(own, laid, step), _placed(inside, laid, step)
        rows.append(
            [
                name,
                *(f"{found_share(true, each):.3f}" for each in (found, alone)),
                *(f"{_found_again(alone, found, iou):.3f}" for iou in IOUS),
                len(deep),
                *(f"{_found_again(deep, found, iou):.3f}" for iou in IOUS),
            ]
        )
        print(" ", *rows[-1], flush=True)
    again = [f"again at {iou}" for iou in IOUS]
    deep_again = [f"{options.inside} pixels inside", *again]
    print(table(["layout", "AP 0.5", "alone", *again, *deep_again], rows))


def _placed(outlines: Sequence[np.ndarray], laid: np.ndarray, step: int) -> np.ndarray:
    """The outlines of the pieces where these lie."""
    moved = [
        shapely.transform(
            outlines[i], lambda points, at=(x, y): points + np.array(at, float) * step
        )
        for (y, x), i in np.ndenumerate(laid)
    ]
    return np.concatenate(moved)


def _is_inside(outlines: np.ndarray, piece: np.ndarray, margin: int) -> np.ndarray:
    """Which outlines lie so many pixels away from the border of their piece."""
    x0, y0, x1, y1 = shapely.bounds(outlines).reshape(-1, 4).T
    return (np.minimum(x0, y0) > margin) & (np.maximum(x1, y1) < len(piece) - margin)


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
    parser.add_argument("--contrast", type=parse_contrast, metavar="P|LOW,HIGH")
    parser.add_argument("--cut", type=int, metavar="PIXELS", help="sides of the pieces in place")
    parser.add_argument("--inside", type=int, default=40, help="pixels from a border")
    parser.add_argument("--model", default="nuclei")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
