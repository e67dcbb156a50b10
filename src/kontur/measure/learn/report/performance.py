"""Performance of the families on held-out rows: scores, intervals, and the learning curve."""

from collections import Counter

import numpy as np

from kontur.measure.learn.evaluation.intervals import LEVEL
from kontur.measure.learn.families.baselines import CONSTANT, SINGLE
from kontur.measure.learn.report.section import (
    Section,
    amount,
    groups_word,
    headline,
    short,
    unit_word,
)
from kontur.measure.learn.result import Study
from kontur.measure.learn.scores import ALL, HEADLINE, OF_AMOUNTS, OF_CLASSES
from kontur.select import spread
from kontur.wording import plural

WORTH = 0.01  # least rise of accuracy or R² that is worth labelling twice as many images
FURTHER = 1.5  # times as many groups at the second step at least
STEPS = 0.5, 1.0  # shares of the groups between which the rise is measured
FOLD_TERMS = {
    "fold": "a part of the data that is held out while a model is trained on the rest, so that "
    "every row is predicted once by a model that has not seen it",
}
BASELINE_TERMS = {
    "classify": {
        CONSTANT["classify"]: "always predicts the commonest class of the training rows",
        SINGLE: "the best single column, cut where it separates the classes best",
    },
    "regress": {
        CONSTANT["regress"]: "always predicts the mean of the training rows",
        SINGLE: "a straight line on the best single column",
    },
}
INTERVAL_TERMS = {
    "95 % interval": "the range in which the score would lie for 95 of 100 other samples of "
    "images, estimated by drawing whole images with replacement 1,000 times (bootstrap)",
    "beyond one measurement": "by how much the score exceeds that of the best single column; if "
    "the interval includes 0, that column may be enough",
}
MAJORITY_TERMS = {
    "vote": "the class predicted for most objects of an image or group is taken for all of it",
    "Wilson's interval": "the 95 % interval of a count, such as 13 of 18; it does not claim "
    "certainty where all are correct",
}


def task_section(study: Study) -> Section:
    """The numbers of rows, groups and images, the classes, and the folds."""
    task = study.task
    number = len(np.unique(task.groups))
    held = sorted(len(split.held) for split in study.splits)
    size = f"{held[0]:,}" if held[0] == held[-1] else f"{held[0]:,} to {held[-1]:,}"
    basis = f"{len(task.truth):,} objects of {groups_word(task, number)}"
    if task.images is None:
        basis += "; the table has no column image"
    elif task.group != "image":
        basis += f", {task.images:,} image{'s' * (task.images != 1)}"
    how = (
        "settings are chosen within each fold (nested)."
        if study.nested
        else "settings are chosen by the same folds that evaluate them (plain): the scores of "
        "families are a little too good."
    )
    sentences = [
        f"{basis}.",
        f"{len(study.splits)} folds, each holding out {size} {unit_word(task)}"
        f"{'s' * (held[-1] != 1)} that no model of the fold was trained on; {how}",
        f"{plural(len(task.columns), 'column')} to learn from.",
    ]
    title = f"Predicting {task.target} from measurements"
    if task.classes:
        rows = [[task.target, "objects", f"{unit_word(task)}s"]]
        for index, name in enumerate(task.classes):
            own = task.truth == index
            of_groups = len(np.unique(task.groups[own]))
            rows.append([str(name), f"{own.sum():,}", f"{of_groups:,}"])
        return Section(title, rows, sentences, terms=FOLD_TERMS)
    low, middle, high = (
        amount(value, task.unit) for value in np.quantile(task.truth, [0.05, 0.5, 0.95])
    )
    sentences.append(f"{task.target}: median {middle}, nine tenths from {low} to {high}.")
    return Section(title, [], sentences, terms=FOLD_TERMS)


def scores_section(study: Study) -> Section:
    """Every score of every family over the folds, and which family is best."""
    known = OF_CLASSES if study.task.classes else OF_AMOUNTS
    rows = [["", *(_heading(study, name) for name in known)]]
    for result in study.results.values():
        spreads = [spread(fold[name] for fold in result.by_fold) for name in known]
        rows.append([result.name, *map(short, spreads)])
    title = "Scores: mean ± standard deviation over the folds"
    terms = {
        "±": "standard deviation over the folds: how much the score changes with the images that "
        "are held out",
        **BASELINE_TERMS[study.task.kind],
        **{ALL[name].name: ALL[name].meaning for name in known},
    }
    return Section(title, rows, _verdict(study), "scores.png", terms)


def intervals_section(study: Study) -> Section:
    """The headline score of all held-out rows together with its interval, and majority votes."""
    headline_name = HEADLINE[study.task.kind]
    rows = [["", headline(study).name, "95 % interval", "beyond one measurement"]]
    if study.best.majority is not None:
        rows[0] += [f"{study.task.group}s by vote", "95 % interval"]
    for result in study.results.values():
        beyond = str(result.beyond_single) if result.name in study.families else ""
        rows.append([result.name, f"{result.overall[headline_name]:.3f}"])
        rows[-1] += [str(result.intervals[headline_name]), beyond]
        if result.majority is not None:
            rows[-1] += [str(result.majority), str(result.majority.interval)]
    names, word = study.task.resampling_units
    sentences = [
        f"The intervals ({100 * LEVEL:.0f} %) resample the {len(np.unique(names)):,} {word}s"
        + (", not the objects, which are alike within one." if word != "row" else ".")
    ]
    beyond_single = study.best.beyond_single
    what = f"{headline(study).name} higher by {beyond_single}."
    if beyond_single.low > 0:
        sentences.append(
            f"{study.best.name} is better than {SINGLE} by more than the {word}s vary: {what}"
        )
    else:
        sentences.append(f"{study.best.name} is not surely better than {SINGLE}: {what}")
    sentences.append(single_measurement_sentence(study))
    terms = dict(INTERVAL_TERMS)
    if study.best.majority is not None:
        terms |= MAJORITY_TERMS
    return Section("All held-out rows together", rows, sentences, terms=terms)


def curve_section(study: Study) -> Section:
    """The headline score by the number of groups to learn from."""
    score = HEADLINE[study.task.kind]
    families = list(study.curve.families)
    cells: dict[float, dict[str, str]] = {}
    groups: dict[float, str] = {}
    for name, points in study.curve.families.items():
        for point in points:
            cells.setdefault(point.share, {})[name] = short(point.scores[score])
            # The mean over folds: of few groups two shares would often be one whole number.
            groups.setdefault(point.share, f"{point.groups:.1f}".removesuffix(".0"))
    rows = [
        (groups[share], *(cells[share].get(name, "") for name in families))
        for share in sorted(cells)
    ]
    heading = [f"{unit_word(study.task)}s", *families]
    return Section(
        "Learning curve",
        [heading, *map(list, rows)],
        [more_groups_sentence(study)],
        "learning-curve.png",
        {"learning curve": f"the score by the number of {unit_word(study.task)}s to learn from"},
    )


def single_measurement_sentence(study: Study) -> str:
    """The best single measurement, and its thresholds."""
    fitted = study.single
    model, names = fitted.model, fitted.preparation.get_feature_names_out()
    name = str(names[model.column_])
    text = f"The best single measurement of all rows is {name}"
    column = next((c for c in fitted.preparation.recipe()["columns"] if c["name"] == name), None)
    if study.task.classes and column is not None:
        unit = study.task.table.attrs.get("units", {}).get(name, "")
        thresholds = [
            amount(value * column["scale"] + column["mean"], unit) for value in model.thresholds_
        ]
        text += f", cut at {' and '.join(thresholds)}" if thresholds else ""
    return f"{text}; in each fold it is chosen anew, from the fold's training rows."


def more_groups_sentence(study: Study) -> str:
    """Whether more groups would help the best family: the rise of its score from half to all."""
    points = {point.share: point for point in study.curve.families[study.best.name]}
    score = HEADLINE[study.task.kind]
    few = f"There are too few {unit_word(study.task)}s for a learning curve."
    if not set(STEPS) <= set(points):
        return few
    half, whole = (points[share] for share in STEPS)
    if whole.groups < FURTHER * half.groups:  # of two, 1.7 on average: no half
        return few
    known: dict[float, dict[int, float]] = {share: {} for share in STEPS}
    for trial, values, _ in study.curve.outcomes:
        if values and trial.setting == study.best.name and trial.share in known:
            known[trial.share][trial.fold or 0] = values[score]
    rise = spread(
        known[1.0][fold] - value for fold, value in known[0.5].items() if fold in known[1.0]
    )
    text = (
        f"From {half.groups:.0f} to {whole.groups:.0f} {unit_word(study.task)}s to learn from, the "
        f"{headline(study).name} of {study.best.name} changes by {rise}: "
    )
    if rise.mean > max(rise.deviation, WORTH):
        return f"{text}it still rises, more of them are likely to help."
    return f"{text}no clear rise, more of the same would add little."


def _heading(study: Study, name: str) -> str:
    """A score's name with the target's unit, where it has it."""
    unit = study.task.unit if name in ("mae", "rmse") else ""
    return ALL[name].name + (f", {unit}" if unit else "")


def _verdict(study: Study) -> list[str]:
    """The best family, the next one, and the settings that were chosen."""
    verdict, best = study.verdict, study.best
    score = ALL[study.ranking]
    reached = spread(fold[study.ranking] for fold in best.by_fold)
    sentences = [f"{best.name} is best by {score.name}, {short(reached)}."]
    if verdict.second is not None:
        clear = f"{'a' if verdict.clear else 'no'} clear difference (paired t-test, 95 %)."
        sentences.append(
            f"{verdict.second} comes next; {best.name} is better in {verdict.wins} of "
            f"{verdict.difference.number} folds, by {short(verdict.difference)}: {clear}"
        )
    constant = study.results[CONSTANT[study.task.kind]]
    if score.sign * (best.overall[study.ranking] - constant.overall[study.ranking]) <= 0:
        sentences.append(
            f"! By {score.name} it is no better than {constant.name}, which uses no column: these "
            f"columns do not predict {study.task.target}."
        )
    sentences.append(f"Fitted on all rows: {best.setting}.")
    if study.nested:
        counts = Counter(best.chosen).most_common()
        sentences.append(
            f"Chosen within the folds: {', '.join(f'{name} ({n})' for name, n in counts)}."
        )
    return sentences
