"""What a model misses and what it finds wrongly, counted, so that a change shows what it moved.

For images with true outlines: AP; what is missed, by the size of the object; whether a candidate of
what is missed was there, and what threw it away; what the false outlines are; whole clumps that are
missed; the AP of the same candidates, were they ranked by how good they are; and how much outlines
turn from point to point beside the true ones. `--json` keeps the numbers, `--beside` prints those
that were kept before the new ones.

    python benchmarks/errors.py nuclei dsb2018/val --json before.json
    python benchmarks/errors.py better dsb2018/val --beside before.json

An object is found where a returned outline has an IoU of 0.5 with it. Candidates are what
thresholds are tuned on: all that the network outlines from a very low score on.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import shapely
from jaxtyping import Bool, Float, Int
from options import of_model_and_data
from report import heading, table
from scipy.sparse import coo_array  # type: ignore[import-untyped]
from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped]

from kontur.data.folder import open_folder
from kontur.evaluate import evaluate_all, tune_thresholds
from kontur.evaluate.comparison import Comparison, compare
from kontur.evaluate.matching import match
from kontur.geometry import ring
from kontur.geometry.overlap import suppress
from kontur.geometry.polygons import largest_part
from kontur.infer.load import load
from kontur.infer.predict import Predictor
from kontur.instances import Instances

IOUS = (0.5, 0.6, 0.7, 0.8, 0.9)
FOUND = 0.5  # IoU from which an object is found
NEARLY = 0.4  # IoU of a candidate that nearly fits
SIZES = (0, 20, 50, 100, 400, 1000, np.inf)  # square pixels
HALF = 0.5  # of an area: so much of it is in an object, or so much of an object is covered
POINTS = 64  # of an outline whose turning is measured, evenly spaced
STAIRCASE = 2.0  # pixels of arc over which a pixel mask's outline is averaged, as in training
SHARP = 45.0  # degrees; a turn of a jagged outline
GAP = 1.0  # pixels between objects that touch
CLUMP = 3  # objects that touch, at least

Numbers = dict[str, dict[str, float]]  # of a table: row → column → value


@dataclass(frozen=True, eq=False)
class Image:
    """The k true objects of an image, what was found, and the candidates that it came from."""

    truth: Instances
    found: Instances
    candidates: Instances

    @cached_property
    def found_overlaps(self) -> Comparison:
        """The true objects and the found ones."""
        return compare(self.truth, self.found)

    @cached_property
    def candidate_overlaps(self) -> Comparison:
        """The true objects and the candidates."""
        return compare(self.truth, self.candidates)

    @cached_property
    def matched_iou(self) -> Float[np.ndarray, " k"]:
        """The IoU of each true object with the outline that found it; 0 where it is missed."""
        pairs = self.matched_pairs
        iou = np.zeros(len(self.found_overlaps.true_labels))
        iou[self.found_overlaps.rows[pairs]] = self.found_overlaps.iou[pairs]
        return iou

    @cached_property
    def missed(self) -> Bool[np.ndarray, " k"]:
        """Which true objects were not found."""
        return self.matched_iou == 0

    @cached_property
    def false(self) -> Int[np.ndarray, " f"]:
        """The places of found outlines that found no object."""
        alone = ~self.found_overlaps.excused
        alone[self.found_overlaps.cols[self.matched_pairs]] = False
        return np.flatnonzero(alone)

    @cached_property
    def matched_pairs(self) -> Int[np.ndarray, " p"]:
        """The pairs of `found_overlaps` in which an object is found, as AP counts them."""
        pairs = np.flatnonzero(_same_class(self.found_overlaps))
        rows, cols, iou = (
            values[pairs]
            for values in (
                self.found_overlaps.rows,
                self.found_overlaps.cols,
                self.found_overlaps.iou,
            )
        )
        return pairs[match(rows, cols, iou, FOUND)]


def main() -> None:
    options = _options()
    folder = open_folder(options.data).where(options.where)
    predictor = load(options.model, device="cpu", threads=1)
    before = json.loads(options.beside.read_text()) if options.beside else {}
    thresholds = predictor.card.thresholds
    heading(
        f"Errors of {options.model}, score {thresholds.score:g}, overlap {thresholds.overlap:g}, "
        f"on {len(folder)} images {' '.join(options.where)}"
        + (f", after those of {options.beside}" if before else "")
    )
    images = [
        Image(
            sample.instances,
            predictor.predict(sample.image),
            predictor.predict_unfiltered(sample.image),
        )
        for sample in folder.samples
    ]
    tables = {
        "AP": rankings(images, predictor),
        "true objects, by square pixels": sizes(images),
        "missed objects, by their best candidate": candidates(images, predictor),
        "false outlines": false_outlines(images),
        f"{CLUMP} and more true objects that touch": clumps(images),
        f"degrees of turning a point, of {POINTS}": turning(images),
    }
    for title, rows in tables.items():
        print(_table(title, rows, before.get(title, {})), end="\n\n")
    if options.json:
        options.json.write_text(json.dumps(tables, indent=1))


def rankings(images: Sequence[Image], predictor: Predictor) -> Numbers:
    """AP as it is, and of the same candidates and suppression with other scores.

    There the score threshold is the one that is best at IoU 0.5.
    """
    true_iou = [_best_iou(image) for image in images]
    scores = [image.candidates.scores for image in images]
    joint = [np.sqrt(s * iou) for s, iou in zip(scores, true_iou, strict=True)]
    return {
        "as it is": _ap([(image.truth, image.found) for image in images]),
        "ranked by the score": _ranked_ap(images, scores, predictor),
        "ranked by √(score · true IoU)": _ranked_ap(images, joint, predictor),
        "ranked by the true IoU": _ranked_ap(images, true_iou, predictor),
    }


def _ranked_ap(
    images: Sequence[Image], scores: Sequence[Float[np.ndarray, " l"]], predictor: Predictor
) -> dict[str, float]:
    overlap = predictor.card.thresholds.overlap
    truths = [image.truth for image in images]
    ranked = [image.candidates.replace(scores=s) for image, s in zip(images, scores, strict=True)]
    best = tune_thresholds(truths, ranked, overlaps=(overlap,), ious=(FOUND,)).score
    kept = [each[each.scores >= best] for each in ranked]
    left = [each[suppress(each.polygons, each.scores, overlap)] for each in kept]
    return _ap(list(zip(truths, left, strict=True)))


def _ap(pairs: Sequence[tuple[Instances, Instances]]) -> dict[str, float]:
    summary = evaluate_all(pairs, metrics=("ap",))
    return {f"AP {iou}": summary.ap(iou) for iou in IOUS}


def sizes(images: Sequence[Image]) -> Numbers:
    """How many are missed, and how well the found ones are outlined."""
    area = np.concatenate([image.found_overlaps.true_areas for image in images])
    iou = np.concatenate([image.matched_iou for image in images])
    rows = {}
    for low, high in [*pairwise(SIZES), (0, np.inf)]:
        members = iou[(area >= low) & (area < high)]
        name = "all" if (low, high) == (0, np.inf) else f"{low:g} to {high:g}"
        rows[name if high < np.inf or not low else f"from {low:g}"] = {
            "objects": len(members),
            "missed": int((members == 0).sum()),
            "share missed": float((members == 0).mean()) if len(members) else np.nan,
            "median IoU of found": float(np.median(members[members > 0]))
            if (members > 0).any()
            else np.nan,
        }
    return rows


def candidates(images: Sequence[Image], predictor: Predictor) -> Numbers:
    """Whether a candidate would have found what is missed, and what threw it away.

    Suppression threw away what had a fitting candidate at or above the score threshold.
    """
    threshold = predictor.card.thresholds.score
    best, best_sure = [], []
    for image in images:
        pairs, missed = image.candidate_overlaps, image.missed
        sure = image.candidates.scores[pairs.cols] >= threshold
        best.append(_best_of_true(pairs, np.ones(len(sure), bool))[missed])
        best_sure.append(_best_of_true(pairs, sure)[missed])
    iou, sure_iou = np.concatenate(best), np.concatenate(best_sure)
    fits, suppressed = iou >= FOUND, sure_iou >= FOUND
    nearly = (iou >= NEARLY) & ~fits
    counts = {
        f"IoU {FOUND} or more": fits,
        "  below the score threshold": fits & ~suppressed,
        "  suppressed": suppressed,
        f"IoU {NEARLY} to {FOUND}": nearly,
        "none": ~fits & ~nearly,
        "all": np.ones(len(iou), bool),
    }
    return {name: {"missed objects": int(which.sum())} for name, which in counts.items()}


def false_outlines(images: Sequence[Image]) -> Numbers:
    """What each false outline is, the first of these that it is."""
    counts = dict.fromkeys(
        (
            "cover half or more of several objects",
            "half or more inside an object that is found",
            "half or more inside an object that is missed",
            "less than half inside any object",
            "in no object",
        ),
        0,
    )
    several, double, piece, loose, elsewhere = counts
    for image in images:
        pairs = image.found_overlaps
        for outline in image.false:
            own = pairs.cols == outline
            objects, shared = pairs.rows[own], pairs.intersections[own]
            covered = shared >= HALF * pairs.true_areas[objects]
            inside = shared >= HALF * pairs.predicted_areas[outline]
            if covered.sum() > 1:
                counts[several] += 1
            elif inside.any():
                counts[piece if image.missed[objects[inside]].all() else double] += 1
            else:
                counts[loose if len(objects) else elsewhere] += 1
    counts["all"] = sum(counts.values())
    return {name: {"outlines": count} for name, count in counts.items()}


def clumps(images: Sequence[Image]) -> Numbers:
    """Groups of objects that touch, whole ones of which nothing was found, and their objects."""
    rows: Numbers = {
        "all": {"groups": 0, "objects": 0},
        "not one of them is found": {"groups": 0, "objects": 0},
        "no outline lies on them": {"groups": 0, "objects": 0},
        "touching ones that are missed": {"groups": 0, "objects": 0},
    }
    whole, unfound, blank, missed = rows.values()
    for image in images:
        truth = image.truth[~image.truth.ignore]
        outlined = np.isin(np.arange(len(truth)), image.found_overlaps.rows)
        for group in _touching(truth):
            _add(whole, group)
            if image.missed[group].all():
                _add(unfound, group)
            if not outlined[group].any():
                _add(blank, group)
        places = np.flatnonzero(image.missed)
        for group in _touching(truth[image.missed]):
            _add(missed, places[group])
    return rows


def turning(images: Sequence[Image]) -> Numbers:
    """How much outlines turn at their points, of found objects and of what found them.

    All outlines are resampled alike, with and without the staircase of pixel masks averaged out. A
    convex outline turns once around in all; a jagged one turns more, there and back.
    """
    true, found = [], []
    for image in images:
        pairs = image.matched_pairs
        true += [image.truth.polygons[place] for place in image.found_overlaps.rows[pairs]]
        found += [image.found.polygons[place] for place in image.found_overlaps.cols[pairs]]
    rows = {}
    for window, how in ((0.0, "as they are"), (STAIRCASE, f"averaged over {STAIRCASE:g} pixels")):
        for name, polygons in (("true", true), ("found", found)):
            turns = [_turns(each, window) for each in polygons] or [np.full(POINTS, np.nan)]
            angles = np.stack(turns)
            rows[f"{name}, {how}"] = {
                "median": float(np.median(angles)),
                "90 of 100 below": float(np.quantile(angles, 0.9)),
                "99 of 100 below": float(np.quantile(angles, 0.99)),
                f"share above {SHARP:g}": float((angles > SHARP).mean()),
                "times around in all": float(angles.sum(axis=1).mean() / 360),
            }
    return rows


def _turns(polygon: shapely.Geometry, window: float) -> Float[np.ndarray, " n"]:
    """The angle by which the outline of the largest part turns at each point, in degrees."""
    closed = shapely.get_coordinates(shapely.get_exterior_ring(largest_part(polygon)))
    points = ring.resample(ring.smooth(closed[:-1], window), POINTS)
    steps = np.roll(points, -1, axis=0) - points
    way = np.arctan2(steps[:, 1], steps[:, 0])
    turn = (np.roll(way, -1) - way + np.pi) % (2 * np.pi) - np.pi
    return np.degrees(np.abs(turn))


def _add(row: dict[str, float], group: Int[np.ndarray, " g"]) -> None:
    row["groups"] += 1
    row["objects"] += len(group)


def _touching(objects: Instances) -> list[Int[np.ndarray, " g"]]:
    """The groups of `CLUMP` and more objects that hang together."""
    i, j = shapely.STRtree(objects.polygons).query(objects.polygons, "dwithin", GAP)
    links = coo_array((np.ones(len(i)), (i, j)), shape=(len(objects), len(objects)))
    count, group = connected_components(links, directed=False)
    groups = [np.flatnonzero(group == number) for number in range(count)]
    return [members for members in groups if len(members) >= CLUMP]


def _best_iou(image: Image) -> Float[np.ndarray, " l"]:
    """The largest IoU of each candidate with a true object of its class."""
    pairs = image.candidate_overlaps
    same = _same_class(pairs)
    best = np.zeros(len(pairs.predicted_labels))
    np.maximum.at(best, pairs.cols[same], pairs.iou[same])
    return best


def _best_of_true(pairs: Comparison, among: Bool[np.ndarray, " e"]) -> Float[np.ndarray, " k"]:
    """The largest IoU of each true object with a candidate of its class among some pairs."""
    among = among & _same_class(pairs)
    best = np.zeros(len(pairs.true_labels))
    np.maximum.at(best, pairs.rows[among], pairs.iou[among])
    return best


def _same_class(pairs: Comparison) -> Bool[np.ndarray, " e"]:
    return pairs.true_labels[pairs.rows] == pairs.predicted_labels[pairs.cols]


def _table(title: str, rows: Numbers, before: Mapping[str, Mapping[str, float]]) -> str:
    """The numbers as Markdown; where an earlier one differs, it stands first in the cell."""
    columns = list(next(iter(rows.values())))
    cells = [
        [name, *(_moved(row[column], before.get(name, {}).get(column)) for column in columns)]
        for name, row in rows.items()
    ]
    return table([title, *columns], cells)


def _moved(value: float, before: float | None) -> str:
    texts = [_text(each) for each in (before, value) if each is not None]
    return " → ".join(dict.fromkeys(texts))


def _text(value: float) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return "–" if np.isnan(value) else f"{value:.3f}"


def _options() -> argparse.Namespace:
    parser = of_model_and_data(__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to keep the numbers")
    parser.add_argument(
        "--beside", type=Path, metavar="FILE", help="earlier numbers, to be printed before the new"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
