"""Figures of a study: scores, predictions, importance, learning curve, lasso path."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kontur.evaluate.figure import COLOURS, GREY
from kontur.measure.learn.report.calibration import calibration_bins
from kontur.measure.learn.report.confusion import confusion
from kontur.measure.learn.report.section import SHOWN, headline, unit_word
from kontur.measure.learn.result import Study
from kontur.measure.learn.scores import HEADLINE
from kontur.measure.plots import style

LABELLED = 10  # columns of the lasso's path that are named
CROWD = 3000  # points beyond which a scatter is drawn as counts
FAINT = 0.25
POSSIBLE = {"accuracy": (0.0, 1.0), "r2": (-np.inf, 1.0)}  # of the scores whose bands are drawn
WORST = -0.3  # R² down to which a figure shows


def _new(width: float, height: float, *, grid: str | None = None) -> tuple[Figure, Axes]:
    """An empty figure in inches."""
    figure = style.figure(width, height)
    axes = figure.add_subplot()
    style.tidy(axes, grid=grid)
    return figure, axes


def _scores(study: Study) -> Figure:
    """Each fold a point, the mean a line, the interval over groups a bar."""
    head = HEADLINE[study.task.kind]
    results = list(study.results.values())[::-1]
    figure, axes = _new(6.2, 0.8 + 0.45 * len(results), grid="x")
    for place, result in enumerate(results):
        colour = COLOURS[0] if result.name in study.families else GREY
        low, high = result.intervals[head]
        axes.plot([low, high], [place, place], color=colour, lw=7, alpha=FAINT, zorder=1)
        folds = [fold[head] for fold in result.by_fold]
        axes.plot(folds, [place] * len(folds), "o", color=colour, ms=4, alpha=0.7, zorder=2)
        axes.plot([np.nanmean(folds)], [place], "|", color="black", ms=16, mew=2, zorder=3)
    axes.set_yticks(range(len(results)), [result.name for result in results])
    axes.set_ylim(-0.6, len(results) - 0.4)
    names, word = study.task.resampling_units
    axes.set_xlabel(
        f"{headline(study).name} of held-out rows\npoints: folds; line: their mean; "
        f"band: 95 % interval by resampling {len(np.unique(names)):,} {word}s"
    )
    return figure


def _confusion(study: Study) -> Figure:
    """Shares of each true class as shades, counts as text."""
    counts = confusion(study.best, study.task)
    names = list(map(str, study.task.classes))
    side = 1.4 + 0.6 * len(names)
    figure, axes = _new(side + 1.6, side)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(counts.shape):
        colour = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, f"{counts[row, column]:,}", ha="center", va="center", color=colour)
    axes.set_xticks(range(len(names)), names)
    if max(map(len, names)) > 8:
        for label in axes.get_xticklabels():
            label.set(rotation=30, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), names)
    axes.set(
        xlabel=f"predicted while held out ({study.best.name})", ylabel=f"true {study.task.target}"
    )
    figure.colorbar(image, ax=axes, label="share of the true class", shrink=0.8)
    return figure


def _calibration(study: Study) -> Figure:
    """The share of correct objects over the probability of the predicted class, by bin."""
    bins = calibration_bins(study)
    figure, axes = _new(4.2, 3.6)
    axes.plot([0, 1], [0, 1], color=GREY, lw=1)
    size = [4 + 8 * np.sqrt(part.number / len(study.task.truth)) for part in bins]
    axes.plot([b.probability for b in bins], [b.correct for b in bins], color=COLOURS[0], lw=1)
    for part, diameter in zip(bins, size, strict=True):
        axes.plot(part.probability, part.correct, "o", color=COLOURS[0], ms=diameter)
    low = min(min(part.probability, part.correct) for part in bins)
    axes.set(
        xlim=(max(0.0, low - 0.05), 1.02),
        ylim=(max(0.0, low - 0.05), 1.02),
        xlabel=f"probability of the predicted class ({study.best.name})",
        ylabel="share of correct objects",
    )
    axes.set_title("line: perfect; larger point: more objects", fontsize="medium")
    return figure


def _predicted(study: Study) -> Figure:
    """The predicted amount over the true one."""
    task = study.task
    unit = f" ({task.unit})" if task.unit else ""
    figure, axes = _new(4.6, 4.2)
    truth, predicted = task.truth, study.best.outputs[:, 0]
    if len(truth) > CROWD:
        drawn = axes.hexbin(truth, predicted, gridsize=60, bins="log", cmap="Blues", mincnt=1)
        figure.colorbar(drawn, ax=axes, label="objects")
    else:
        axes.plot(truth, predicted, "o", color=COLOURS[0], ms=3, alpha=0.4, mec="none")
    ends = [min(truth.min(), predicted.min()), max(truth.max(), predicted.max())]
    axes.plot(ends, ends, color=GREY, lw=1)
    axes.set(
        xlabel=f"true {task.target}{unit}",
        ylabel=f"{task.target}{unit} predicted while held out ({study.best.name})",
    )
    return figure


def _importance(study: Study) -> Figure:
    """How far the score drops when a cluster of columns is shuffled."""
    clusters = study.importance[:SHOWN][::-1]
    figure, axes = _new(6.2, 1 + 0.28 * len(clusters), grid="x")
    for place, cluster in enumerate(clusters):
        axes.barh(place, cluster.drop.mean, color=COLOURS[0], alpha=0.6, height=0.7)
        axes.plot(
            [
                cluster.drop.mean - cluster.drop.deviation,
                cluster.drop.mean + cluster.drop.deviation,
            ],
            [place, place],
            color="black",
            lw=1,
        )
        axes.plot(cluster.column_drops[0].mean, place, "o", color=COLOURS[1], ms=4)
    axes.axvline(0, color="black", lw=0.8)
    axes.set_yticks(range(len(clusters)), [cluster.name for cluster in clusters])
    axes.set_xlabel(
        f"drop of {headline(study).name} on held-out rows when shuffled ({study.best.name})\n"
        "bar: all correlated ones together, line: ± sd over folds\ndot: the named one alone"
    )
    return figure


def _curve(study: Study) -> Figure:
    """The score of each family over the number of groups that were learned from."""
    score = HEADLINE[study.task.kind]
    figure, axes = _new(6.2, 3.6, grid="y")
    for colour, (name, points) in zip(COLOURS, study.curve.families.items(), strict=False):
        x = np.array([point.groups for point in points])
        mean = np.array([point.scores[score].mean for point in points])
        deviation = np.nan_to_num([point.scores[score].deviation for point in points])
        axes.plot(x, mean, "o-", color=colour, label=name, ms=4)
        band = np.clip([mean - deviation, mean + deviation], *POSSIBLE[score])
        axes.fill_between(x, *band, color=colour, alpha=0.12, lw=0)
    axes.set(
        xlabel=f"{unit_word(study.task)}s learned from",
        ylabel=f"{headline(study).name} of held-out rows, mean ± sd over folds",
    )
    if score == "r2":  # with few groups far below 0, which only means worse than the mean
        axes.set_ylim(bottom=max(axes.get_ylim()[0], WORST))
    axes.legend(frameon=False)
    return figure


def _path(study: Study) -> Figure:
    """Every coefficient over the strength of the lasso; below it the held-out loss."""
    path = study.lasso
    figure = style.figure(6.2, 5)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[2.2, 1])
    last = path.coefficients[path.chosen]
    named = [place for place in np.argsort(-np.abs(last))[:LABELLED].tolist() if last[place]]
    for place in range(len(path.names)):
        if place not in named:
            above.plot(path.strengths, path.coefficients[:, place], color=GREY, lw=0.6, alpha=0.5)
    for order, place in enumerate(named):
        above.plot(
            path.strengths,
            path.coefficients[:, place],
            color=COLOURS[order % 6],
            ls="-" if order < 6 else "--",
            label=path.names[place],
        )
    size = np.abs(path.coefficients[: path.chosen + 4]).max(initial=0) * 1.4 or 1
    above.set_ylim(-size, size)  # far right the coefficients of alike columns run away
    two = len(study.task.classes) == 2
    above.set_ylabel("coefficient of the standardised column")
    if two:
        above.set_title(
            f"above 0: speaks for {study.task.classes[1]}, below for {study.task.classes[0]}",
            fontsize="medium",
        )
    if named:
        above.legend(
            frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1, 1), title="kept"
        )
    if len(path.loss):
        mean = path.loss.mean(axis=0)
        error = path.loss.std(axis=0) / np.sqrt(max(1, len(path.loss) - 1))  # of the mean
        below.plot(path.strengths, mean, "o-", color="black", ms=3)
        below.fill_between(
            *(path.strengths, np.maximum(mean - error, 0), mean + error),  # a loss is above 0
            **{"color": GREY, "alpha": FAINT, "lw": 0},
        )
    below.set_xscale("log")
    below.invert_xaxis()
    below.set(
        xlabel="strength of the lasso: strong, few columns → weak, all columns",
        ylabel="held-out " + ("log loss" if study.task.classes else "squared error"),
    )
    for axes in (above, below):
        axes.axvline(path.strengths[path.chosen], color="black", lw=0.8, ls=":")
        style.tidy(axes)
    return figure


OF_CLASSES = {"confusion.png": _confusion, "calibration.png": _calibration}
OF_AMOUNTS = {"predicted.png": _predicted}
FIRST = {"scores.png": _scores}
LAST = {"importance.png": _importance, "learning-curve.png": _curve, "lasso-path.png": _path}
NAMES = (*FIRST, *OF_CLASSES, *OF_AMOUNTS, *LAST)  # of the files


def figures(study: Study) -> dict[str, Figure]:
    """Every figure by the name of its file."""
    draw = FIRST | (OF_CLASSES if study.task.classes else OF_AMOUNTS) | LAST
    return {name: function(study) for name, function in draw.items()}
