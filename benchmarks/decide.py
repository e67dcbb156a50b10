"""What outlines tell: which wells are dead, of which modality an image is, how large an object is.

`worms`: the state of each worm by its shape alone, folds by well, against the best single
measurement; or, with `--study`, the same where a network drew the outlines. Networks of a study of
`kontur compare` are taken, so that each well's outlines come from a network that has
not seen it, and the state is told by a model of true outlines that has not seen it either. Worms
that were found (IoU of at least 0.5 with a true one) are told from both outlines: the difference
is what the outlines cost.
`dsb2018`: the modality of an image from its objects, and an object's area from its other columns,
with and without those that are lengths or areas themselves; the settings are chosen by the folds
that judge them (plain, not nested: of thousands of objects that is quick, and little kinder).
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from report import heading, table

import kontur
from kontur.data.folder import open_folder
from kontur.evaluate.comparison import compare
from kontur.evaluate.matching import match
from kontur.instances import Instances
from kontur.measure.learn.evaluation.intervals import (
    draw_bootstrap,
    percentile_interval,
    wilson_interval,
)
from kontur.measure.learn.study import Study, learn
from kontur.measure.learn.trained.table_model import TableModel
from kontur.measure.measure_many import measure_many
from kontur.measure.sources.find_sources import find_sources

FOUND = 0.5  # IoU from which a drawn worm is a true one
COLUMNS = ["family", "accuracy", "95 % interval", "beyond the single one", "images by vote"]


def main() -> None:
    options = _options()
    heading(__doc__.partition("\n\n")[0])
    if options.worms:
        _worms(options)
    if options.nuclei:
        _nuclei(options)


def _worms(options: argparse.Namespace) -> None:
    truth = _measured(options.worms)
    if options.study:
        for kind in options.kinds:
            print(f"\n## State of worms by the shape of the outlines of {kind}\n")
            print(_drawn(options, truth, kind), flush=True)
        return
    for words, columns in {
        "the shape of true outlines": ["form"],
        "shape, brightness and neighbours": None,
    }.items():
        print(f"\n## State of worms by {words}\n")
        print(_table(learn(truth, "state", columns=columns, folds=options.folds)), flush=True)


def _drawn(options: argparse.Namespace, truth: pd.DataFrame, kind: str) -> str:
    folder = open_folder(options.worms)
    samples = dict(zip(folder.names, folder.samples, strict=True))
    rows = []
    for job in sorted(options.study.glob(f"fits/{kind}/fold-*/judge.json")):
        said = json.loads(job.read_text(encoding="utf-8"))
        names = said["names"]
        predictor = kontur.load(said["model"])
        decision = learn(
            truth[~truth["image"].isin(names)], "state", columns=["form"], families=["linear"]
        ).decision
        for name in names:
            found = predictor.predict(samples[name].image)
            rows.append(_told(decision, name, truth, samples[name].instances, found))
    told = pd.concat(rows, ignore_index=True)
    found = told[told["found"]]
    lines = [
        ["true, all", *_accuracy(told[~told["drawn"]])],
        ["drawn, all", *_accuracy(told[told["drawn"]])],
        ["true, of worms that were found", *_accuracy(found[~found["drawn"]])],
        ["drawn, of the same worms", *_accuracy(found[found["drawn"]])],
    ]
    return table(["outlines", "worms", "right", "95 % interval", "wells by vote"], lines)


def _told(
    decision: TableModel, name: str, truth: pd.DataFrame, true: Instances, found: Instances
) -> pd.DataFrame:
    """A row for each true and each drawn worm of a well: told rightly, and whether a pair."""
    own = truth[truth["image"] == name]
    state = own["state"].iloc[0]
    measured = kontur.measure(found, name=name)
    shared = compare(true, found)
    pairs = match(shared.rows, shared.cols, shared.iou, FOUND)
    parts = []
    sides = (own, False, shared.rows[pairs]), (measured, True, shared.cols[pairs])
    for which, drawn, objects in sides:
        told = decision.predict(which) if len(which) else np.empty(0, str)
        is_found = np.zeros(len(which), bool)
        is_found[objects] = True
        parts.append(
            pd.DataFrame({"image": name, "drawn": drawn, "found": is_found, "right": told == state})
        )
    return pd.concat(parts)


def _accuracy(told: pd.DataFrame) -> list[str]:
    """How many, the share that is right with its interval by wells, and the wells' votes."""
    drawn = draw_bootstrap(told["image"].to_numpy(), np.random.default_rng(0))
    right = np.bincount(drawn.member, weights=told["right"])
    count = np.bincount(drawn.member)
    shares = percentile_interval((drawn.counts @ right) / (drawn.counts @ count))
    votes = int((right > count / 2).sum())
    low, high = wilson_interval(votes, len(count))
    return [
        f"{len(told)}",
        f"{told['right'].mean():.3f}",
        str(shares),
        f"{votes} of {len(count)} ({low:.2f} … {high:.2f})",
    ]


def _nuclei(options: argparse.Namespace) -> None:
    measured = _measured(options.nuclei, options.images)
    print("\n## Modality of an image from its objects\n")
    study = learn(measured, "modality", folds=options.folds, nested=False)
    print(_table(study), flush=True)
    print("\n## Area of an object from its other columns\n")
    units = measured.attrs["units"]
    sized = [name for name, unit in units.items() if "px" in unit and name != "area"]
    for words, without in (("all others", ()), ("those without a length or an area", sized)):
        print(f"\n{words}\n")
        study = learn(measured, "area", without=without, folds=options.folds, nested=False)
        print(_table(study), flush=True)


def _table(study: Study) -> str:
    head = "accuracy" if study.task.kind == "classify" else "r2"
    rows = []
    for name, result in study.results.items():
        rows.append(
            [
                name,
                f"{result.overall[head]:.3f}",
                str(result.intervals[head]),
                str(result.beyond_single),
                "–" if result.majority is None else str(result.majority),
            ]
        )
    task = study.task
    print(
        f"{len(task.truth)} objects of {task.images} images, {len(study.splits)} folds, "
        f"{len(task.columns)} columns\n"
    )
    return table([COLUMNS[0], head, *COLUMNS[2:]], rows)


def _measured(folder: Path, most: int | None = None) -> pd.DataFrame:
    """The table of a folder, or of so many images of each modality, the same in every call."""
    sources = find_sources(folder).images
    if most is not None:
        order = np.random.default_rng(0).permutation(len(sources))
        kinds: dict[str, list[int]] = {}
        for index in order.tolist():
            kinds.setdefault(sources[index].metadata["modality"], []).append(index)
        sources = tuple(
            sources[i] for i in sorted(i for each in kinds.values() for i in each[:most])
        )
    return measure_many(sources)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worms", type=Path, help="the folder of worms, with its metadata.csv")
    parser.add_argument("--study", type=Path, help="a study of `kontur compare` on these worms")
    parser.add_argument("--kinds", nargs="+", default=["snake"], help="whose networks draw")
    parser.add_argument("--nuclei", type=Path, help="the folder dsb2018, or one of its parts")
    parser.add_argument("--images", type=int, default=15, help="so many of each modality, at most")
    parser.add_argument("--folds", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
