"""Told: what a study found as tables and sentences, the same on a terminal and on a page."""

import math
from collections import Counter
from typing import NamedTuple

import numpy as np

from kontur.measure.learn.baselines import CONSTANT, SINGLE
from kontur.measure.learn.intervals import LEVEL
from kontur.measure.learn.scores import ALL, OF_AMOUNTS, OF_CLASSES, Score
from kontur.measure.learn.study import HEAD, Learned, Result
from kontur.measure.learn.task import Question
from kontur.select import spread
from kontur.wording import listed, plural

SHOWN = 10  # bundles of columns, survivors and wrong votes that are told; the rest is in files
WORTH = 0.01  # of accuracy or R²: a rise of less is not worth the labels of twice the images
ALIKE = 3  # columns of a bundle that are named
STEPS = 0.5, 1.0  # shares of the groups whose scores say whether more would help


class Section(NamedTuple):
    """A part of the report: its title, a table with its head, sentences, and a figure's name."""

    title: str
    rows: list[list[str]]
    sentences: list[str]
    figure: str | None = None


def sections(learned: Learned) -> list[Section]:
    """The report from top to bottom; long tables are cut to `SHOWN` rows."""
    question = learned.question
    parts = [
        _rests_on(learned),
        Section(
            "Mean ± standard deviation over the folds",
            _scores(learned),
            _verdict(learned),
            "scores.png",
        ),
        Section("All held-out rows together", _together(learned), _intervals(learned)),
    ]
    if question.classes:
        parts.append(
            Section(
                f"{learned.best.name}: {question.target}, and what was told",
                confusion_rows(learned),
                _votes(learned),
                "confusion.png",
            )
        )
    else:
        parts.append(Section(f"{learned.best.name}: true and told", [], [], "told.png"))
    parts += [
        Section(
            "What it rests on: columns shuffled in held-out rows",
            _importance(learned),
            [
                f"Columns whose ranks correlate by more than 0.8 are shuffled together; alone: the "
                f"first of them by itself. The drop is that of the {_head(learned).name}."
            ],
            "importance.png",
        ),
        Section("Learning curve", _curve(learned), [more_groups(learned)], "learning-curve.png"),
        Section("Lasso", _survivors(learned), [_lasso(learned)], "lasso-path.png"),
    ]
    return parts


def groups_word(question: Question, number: int) -> str:
    """`53 images`, `12 groups of well`.

    Groups are called by their column; without one every row stands for itself.
    """
    if question.group is None:
        return f"{number:,} row{'s' * (number != 1)}, each by itself"
    return f"{number:,} {question.group}{'s' * (number != 1)}"


def amount(value: float, unit: str) -> str:
    """A number with its unit."""
    return f"{value:.4g}{' ' if unit else ''}{unit}"


def single_told(learned: Learned) -> str:
    """Which single measurement is best, and where it is cut."""
    fitted = learned.single
    model, names = fitted.model, fitted.preparation.get_feature_names_out()
    name = str(names[model.column_])
    text = f"The best single measurement of all rows is {name}"
    column = next((c for c in fitted.preparation.recipe()["columns"] if c["name"] == name), None)
    if learned.question.classes and column is not None:
        unit = learned.question.table.attrs.get("units", {}).get(name, "")
        cuts = [amount(cut * column["scale"] + column["mean"], unit) for cut in model.cuts_]
        text += f", cut at {' and '.join(cuts)}" if cuts else ""
    return f"{text}; in each fold it is chosen anew, from what the fold leaves."


def more_groups(learned: Learned) -> str:
    """Whether more groups would help the best family: the rise from half of them to all."""
    points = {point.share: point for point in learned.curve.families[learned.best.name]}
    score = HEAD[learned.question.task]
    if not set(STEPS) <= set(points):
        return "There are too few groups for a learning curve."
    half, whole = (points[share] for share in STEPS)
    known: dict[float, dict[int, float]] = {share: {} for share in STEPS}
    for trial, found, _ in learned.curve.outcomes:
        if found and trial.setting == learned.best.name and trial.share in known:
            known[trial.share][trial.fold or 0] = found[score]
    rise = spread(
        known[1.0][fold] - value for fold, value in known[0.5].items() if fold in known[1.0]
    )
    said = (
        f"From {half.groups:.0f} to {whole.groups:.0f} {learned.question.group or 'row'}s to learn "
        f"from, the {_head(learned).name} of {learned.best.name} changes by {rise}: "
    )
    if rise.mean > max(rise.deviation, WORTH):
        return f"{said}it still rises, more of them are likely to help."
    return f"{said}no clear rise, more of the same would add little."


def confusion(result: Result, question: Question) -> np.ndarray:
    """How many rows of each class (k) were told as each class (k), while held out."""
    number = len(question.classes)
    table = np.zeros((number, number), dtype=int)
    np.add.at(table, (question.truth, result.outputs.argmax(axis=1)), 1)
    return table


def confusion_rows(learned: Learned) -> list[list[str]]:
    """The confusion matrix of the best family as a table."""
    names = list(map(str, learned.question.classes))
    counts = confusion(learned.best, learned.question)
    rows = [[learned.question.target, *(f"told {name}" for name in names), "right"]]
    for name, line in zip(names, counts, strict=True):
        share = line[names.index(name)] / line.sum()
        rows.append([name, *(f"{count:,}" for count in line), f"{share:.3f}"])
    return rows


def _head(learned: Learned) -> Score:
    return ALL[HEAD[learned.question.task]]


def _names(learned: Learned) -> dict[str, Score]:
    return OF_CLASSES if learned.question.classes else OF_AMOUNTS


def _rests_on(learned: Learned) -> Section:
    """How many rows, groups and images; what of; what was left out."""
    question = learned.question
    number = len(np.unique(question.groups))
    held = sorted(len(split.held) for split in learned.splits)
    size = f"{held[0]:,}" if held[0] == held[-1] else f"{held[0]:,} to {held[-1]:,}"
    images = question.images
    resting = f"{len(question.truth):,} objects of {groups_word(question, number)}"
    if images is None:
        resting += "; the table does not say of how many images"
    elif question.group != "image":
        resting += f", {images:,} image{'s' * (images != 1)}"
    lines = [
        f"{resting}.",
        f"{len(learned.splits)} folds, each holding out {size} "
        f"{question.group or 'row'}s that nothing was learned from; "
        + (
            "settings are chosen within each fold (nested)."
            if learned.nested
            else "settings are chosen by the same folds that judge them (plain): the scores of "
            "families are a little too good."
        ),
        f"{plural(len(question.columns), 'column')} to learn from.",
    ]
    rows = []
    if question.classes:
        rows = [[question.target, "objects", f"{question.group or 'row'}s"]]
        for index, name in enumerate(question.classes):
            its = question.truth == index
            its_groups = len(np.unique(question.groups[its]))
            rows.append([str(name), f"{its.sum():,}", f"{its_groups:,}"])
    else:
        low, middle, high = np.quantile(question.truth, [0.05, 0.5, 0.95])
        told = " to ".join(amount(value, question.unit) for value in (low, high))
        lines.append(
            f"{question.target}: median {amount(middle, question.unit)}, nine tenths from {told}."
        )
    return Section(f"{question.target} told from measurements", rows, lines)


def _scores(learned: Learned) -> list[list[str]]:
    known = _names(learned)
    rows = [["", *(_heading(learned, name) for name in known)]]
    for result in learned.results.values():
        spreads = [spread(fold[name] for fold in result.by_fold) for name in known]
        rows.append([result.name, *map(_short, spreads)])
    return rows


def _heading(learned: Learned, name: str) -> str:
    """A score's name with the target's unit, where it has it."""
    unit = learned.question.unit if name in ("mae", "rmse") else ""
    return ALL[name].name + (f", {unit}" if unit else "")


def _short(value: object) -> str:
    """A spread of large numbers without needless digits."""
    mean, deviation = value.mean, value.deviation  # type: ignore[attr-defined]
    if math.isnan(mean) or abs(mean) < 10:
        return str(value)
    return f"{mean:.4g}" if math.isnan(deviation) else f"{mean:.4g} ± {deviation:.2g}"


def _together(learned: Learned) -> list[list[str]]:
    """Scores of all held-out rows with intervals; votes."""
    head = HEAD[learned.question.task]
    voting = learned.best.votes is not None
    rows = [["", _head(learned).name, "95 % interval", "beyond one measurement"]]
    rows[0] += [f"{learned.question.group}s by vote", "95 % interval"] if voting else []
    for result in learned.results.values():
        cells = [f"{result.overall[head]:.3f}", str(result.intervals[head])]
        beyond = "" if result.name not in learned.families else str(result.beyond_single)
        rows.append([result.name, *cells, beyond])
        if result.votes is not None:
            rows[-1] += [str(result.votes), str(result.votes.interval)]
    return rows


def _verdict(learned: Learned) -> list[str]:
    """Which family is best, and the next."""
    verdict, best = learned.verdict, learned.best
    score = ALL[learned.rank]
    reached = spread(fold[learned.rank] for fold in best.by_fold)
    lines = [f"{best.name} is best by {score.name}, {_short(reached)}."]
    if verdict.second is not None:
        clear = (
            "a clear difference (paired t-test, 95 %)."
            if verdict.clear
            else "no clear difference (paired t-test, 95 %)."
        )
        lines.append(
            f"{verdict.second} comes next; {best.name} is better in {verdict.wins} of "
            f"{verdict.difference.number} folds, by {_short(verdict.difference)}: {clear}"
        )
    blind = learned.results[CONSTANT[learned.question.task]]
    if score.sign * (best.overall[learned.rank] - blind.overall[learned.rank]) <= 0:
        lines.append(
            f"! By {score.name} it is no better than {blind.name}, which looks at no column: these "
            f"columns do not tell {learned.question.target}."
        )
    lines.append(f"Fitted on all rows: {best.setting}.")
    if learned.nested:
        counts = Counter(best.chosen)
        picks = ", ".join(f"{name} ({number})" for name, number in counts.most_common())
        lines.append(f"Chosen within the folds: {picks}.")
    return lines


def _intervals(learned: Learned) -> list[str]:
    """What the intervals rest on, and whether a single measurement would do."""
    question = learned.question
    names, word = question.resampled
    what = f"{word}s"
    lines = [
        f"The intervals ({100 * LEVEL:.0f} %) resample the {len(np.unique(names)):,} {what}"
        + (", not the objects, which are alike within one." if word != "row" else ".")
    ]
    beyond = learned.best.beyond_single
    if beyond.low > 0:
        lines.append(
            f"{learned.best.name} is better than {SINGLE} by more than the {what} vary: "
            f"{_head(learned).name} higher by {beyond}."
        )
    else:
        lines.append(
            f"{learned.best.name} is not surely better than {SINGLE}: {_head(learned).name} "
            f"higher by {beyond}."
        )
    return [*lines, single_told(learned)]


def _votes(learned: Learned) -> list[str]:
    found = learned.best.votes
    if found is None:
        return []
    wrong = [str(name) for name in found.names[found.told != found.truth]]
    told = f"; wrong: {', '.join(wrong[:SHOWN])}{' …' * (len(wrong) > SHOWN)}" if wrong else ""
    return [
        f"By vote of its objects {found} {learned.question.group}s are told rightly "
        f"(95 % interval {found.interval}, Wilson's){told}."
    ]


def _importance(learned: Learned) -> list[list[str]]:
    rows = [["column", "drop", "alone", "shuffled with it"]]
    for bundle in learned.importance[:SHOWN]:
        first, *others = bundle.columns
        alone = str(bundle.alone[0]) if others else ""
        rows.append([first, str(bundle.drop), alone, listed(others, most=ALIKE)])
    return rows


def _curve(learned: Learned) -> list[list[str]]:
    score = HEAD[learned.question.task]
    of_share: dict[float, list[str]] = {}
    for name, points in learned.curve.families.items():
        for point in points:
            row = of_share.setdefault(point.share, [f"{point.groups:.0f}"])
            row += [""] * ([*learned.curve.families].index(name) + 1 - len(row))
            row.append(_short(point.scores[score]))
    head = [f"{learned.question.group or 'row'}s", *learned.curve.families]
    rows = [of_share[share] for share in sorted(of_share)]
    rows = [row + [""] * (len(head) - len(row)) for row in rows]
    return [head, *map(list, dict.fromkeys(map(tuple, rows)))]  # two shares of few may be one


def _survivors(learned: Learned) -> list[list[str]]:
    folds = len(learned.path.loss)
    rows = [["column", "coefficient", "folds"]]
    for kept in learned.path.survivors[:SHOWN]:
        rows.append([kept.name, f"{kept.coefficient:+.3f}", f"{kept.folds} of {folds}"])
    return rows


def _lasso(learned: Learned) -> str:
    found = learned.path
    strength = found.strengths[found.marked]
    number = len(found.survivors)
    sign = ""
    if len(learned.question.classes) == 2:
        sign = f" A coefficient above 0 speaks for {learned.question.classes[1]}."
    elif learned.question.classes:
        sign = " A coefficient is that of the class against the others where it is largest."
    part = (
        f" The path is of {found.rows:,} of the rows."
        if found.rows < len(learned.question.truth)
        else ""
    )
    return (
        f"{number} of {len(found.names)} columns survive at the strongest lasso ({strength:.3g}) "
        f"whose held-out loss is within one standard error of the best; folds: in how many it "
        f"survives there too.{sign}{part}"
    )
