"""What thresholds chosen on a few images give on others: what chance made worse is as good, or not.

Of the images of a folder some are drawn at random, thresholds are chosen on them, and AP (the mean
over IoU 0.5 to 0.9) is measured on all others: with the very best pair, and with the middle of the
pairs that are worse by no more than chance, and with the one of these nearest the pair that is
usual of such models, as training does where one is known. "The best" is chosen on those others
themselves.

    python benchmarks/few_to_tune.py nuclei dsb2018/val --images 2 3 5 10
"""

import argparse
from pathlib import Path

import numpy as np
from report import heading, table

from kontur.data.folder import open_folder
from kontur.evaluate import tune
from kontur.infer.load import load
from kontur.models import catalog


def main() -> None:
    options = _options()
    heading(__doc__.partition("\n\n")[0])
    predictor = load(options.model)
    samples = list(open_folder(options.data).samples)
    counts = np.array(
        [tune.count(s.instances, predictor.predict_unfiltered(s.image)) for s in samples]
    )
    card = predictor.card
    known = catalog.family(card.kind).usual_thresholds(catalog.config(card.kind, card.config))
    usual = None if known is None else (known.score, known.overlap)
    rng, rows = np.random.default_rng(0), []
    for number in (each for each in options.images if each < len(counts)):
        results = np.array([_drawn(counts, number, usual, rng) for _ in range(options.draws)])
        rows.append([str(number), *(f"{c.mean():.3f} ± {c.std():.3f}" for c in results.T)])
    names = [
        "images to choose on",
        "the very best",
        "the middle",
        "the usual",
        "the best of the others",
    ]
    print(table(names, rows))


def _drawn(
    counts: np.ndarray, number: int, usual: tuple[float, float] | None, rng: np.random.Generator
) -> tuple[float, ...]:
    """AP on the others: of the very best pair, of the chosen ones, and of their own best."""
    order = rng.permutation(len(counts))
    seen = counts[order[:number]].sum(axis=0)
    middle = tune.best_thresholds(seen)
    nearest = tune.best_thresholds(seen, usual=usual)
    others = tune.best_thresholds(counts[order[number:]].sum(axis=0)).grid
    best = np.unravel_index(np.nanargmax(middle.grid), others.shape)
    chosen = [
        others[tune.SCORES.index(each.score), tune.OVERLAPS.index(each.overlap)]
        for each in (middle, nearest)
    ]
    return float(others[best]), *map(float, chosen), float(others.max())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model")
    parser.add_argument("data", type=Path)
    parser.add_argument("--images", nargs="+", type=int, default=[2, 3, 5])
    parser.add_argument("--draws", type=int, default=300)
    return parser.parse_args()


if __name__ == "__main__":
    main()
