"""The report of a comparison: tables, figures and conclusions."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from kontur.evaluate.figure import draw_lines
from kontur.files.atomic import replacing, write_text
from kontur.infer.held_out import CLASS_AGNOSTIC, MEAN_OVER_CLASSES
from kontur.select import Outcome, Spread, Verdict, decide, paired, ranked, spread
from kontur.select.verdict import by_fold
from kontur.train.study.candidates import BASELINE
from kontur.train.study.study_files import REPORTS, Result
from kontur.wording import listed

ACCURACY = {  # column: score
    "AP .5": "AP50",
    "AP .75": "AP75",
    "AP": "AP",
    "PQ": "PQ",
    "Dice": "Dice",
    "boundary IoU": "boundary IoU",
}
BY_CLASS = (MEAN_OVER_CLASSES, CLASS_AGNOSTIC)  # columns too, where there are several classes
RANKED = ("AP", "AP50", "AP75", "PQ", "AJI", "Dice", "boundary IoU", *BY_CLASS)  # scores to rank by
OF_ONE_CLASS = "AP of "  # followed by the name of a class
UNEQUAL = 1.25  # ratio of the steps of two folds from which a warning is printed
TEST = "paired t-test, 95 %"  # see `kontur.select.verdict`


@dataclass(frozen=True)
class Comparison:
    """The outcomes of all fits.

    Attributes:
        names: the rows, in the order given.
        outcomes: of all trials.
        rank: the score to rank by.
        refit_failure: why the training on all images failed, if it did.
    """

    names: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    rank: str = "AP"
    refit_failure: str | None = None

    @property
    def order(self) -> list[str]:
        """The rows from best to worst."""
        return ranked(self._by_fold)

    @property
    def verdict(self) -> Verdict | None:
        """The best row and its difference to the next; None where no fit was finished."""
        return decide(self._by_fold)

    @property
    def best(self) -> str | None:
        """The row to train on all images; None where no fit was finished, or all scores are 0."""
        verdict = self.verdict
        return verdict.best if verdict and self.scores(verdict.best)[self.rank].mean > 0 else None

    @property
    def failures(self) -> list[str]:
        """A sentence for every fit that failed."""
        failed = [(o.trial, o.failure) for o in self.outcomes if o.failure is not None]
        lines = [f"{t.setting}, fold {(t.fold or 0) + 1}: {why}" for t, why in failed]
        more = [f"the training on all images: {self.refit_failure}"] if self.refit_failure else []
        return lines + more

    def scores(self, name: str, *, share: float = 1.0) -> dict[str, Spread]:
        """Each score and cost of a row over the folds."""
        results = self._results(name, share)
        keys = dict.fromkeys(key for result in results for key in result)
        return {key: spread(result.get(key) for result in results) for key in keys}

    def accuracy_rows(self) -> list[list[str]]:
        """A table of the scores, best row first: mean ± standard deviation over the folds.

        With several classes also the mean AP over classes, and that of the outlines alone; the AP
        of each class is in the CSV.
        """
        known = {key for outcome in self.outcomes for key in outcome.scores or {}}
        columns = {**ACCURACY, **{key: key for key in BY_CLASS if key in known}}
        rows = [["", "folds", *columns]]
        for name in self.order:
            scores = self.scores(name)
            cells = [str(scores.get(key, spread([]))) for key in columns.values()]
            rows.append([name, str(len(self._results(name))), *cells])
        return rows

    def cost_rows(self) -> list[list[str]]:
        """A table of the costs in the same order: means over the folds."""
        gpu = any("gpu_memory" in (outcome.scores or {}) for outcome in self.outcomes)
        head = ["", "parameters", "s per step", "steps", "ms per image", "MB to train"]
        head.append("MB to predict")
        rows = [[*head, *(["GPU MB to train"] if gpu else []), "minutes per fit"]]
        for name in self.order:
            mean = {key: score.mean for key, score in self.scores(name).items()}
            cells = [
                _count(mean.get("parameters")),
                _decimal(mean.get("step_seconds"), 3),
                _range(self._steps(name)),
                _decimal(mean.get("milliseconds"), 0),
                _decimal(mean.get("train_memory"), 0),
                _decimal(mean.get("predict_memory"), 0),
                *([_decimal(mean.get("gpu_memory"), 0)] if gpu else []),
                _decimal(mean["seconds"] / 60 if "seconds" in mean else None, 1),
            ]
            rows.append([name, *cells])
        return rows

    def sentences(self) -> list[str]:
        """The conclusions: the best row, whether the difference is clear, and its cost."""
        verdict = self.verdict
        if verdict is None:
            return ["No fit was finished, so there is no result."]
        best = verdict.best
        reached = self.scores(best)[self.rank]
        if self.best is None:
            return [
                f"Nothing that was tried outlines these images yet ({self.rank} is 0 for all), so "
                "none is trained on all of them; train longer, or look at the data with kontur "
                "inspect."
            ]
        result = (
            f"{best} is best for these images: {self.rank} {reached} over {reached.number} folds."
        )
        lines = [result, *self._difference(verdict), *self._beside_baseline(verdict)]
        return [*lines, self._costs(best), *self._classes_missed(best), *self._unequal_steps()]

    def curve(self, name: str) -> list[tuple[float, Spread]]:
        """The mean number of training images, and the score over the folds, for each share."""
        shares = sorted({o.trial.share for o in self.outcomes if o.trial.setting == name})
        points = []
        for share in shares:
            scores = self.scores(name, share=share)
            if self.rank in scores:
                points.append((scores["images"].mean, scores[self.rank]))
        return points

    def curve_rows(self) -> list[list[str]]:
        """A table of the learning curve: a column for each number of images."""
        rows = [["", "images", self.rank, "folds"]]
        for name in self.order:
            for images, score in self.curve(name):
                rows.append([name, f"{images:.0f}", str(score), str(score.number)])
        return rows

    def curve_sentences(self) -> list[str]:
        """For each network: would more labels help?"""
        return [self._more_labels(name) for name in self.order if name != BASELINE]

    def write(self, out: Path, *, learning_curve: bool) -> None:
        """The figures, and every score of every fit as a table."""
        table, figure, curve_table, curve_figure = (out / name for name in REPORTS)
        write_text(table, self._csv([o for o in self.outcomes if o.trial.share == 1]))
        with replacing(figure) as temporary:
            self._draw().save(temporary)
        if learning_curve:
            write_text(curve_table, self._csv(self.outcomes))
            with replacing(curve_figure) as temporary:
                self._draw_curve().save(temporary)

    @property
    def _by_fold(self) -> dict[str, dict[int, float]]:
        by_setting = by_fold(self.outcomes, self.rank)
        return {name: by_setting.get(name, {}) for name in self.names}

    def _results(self, name: str, share: float = 1.0) -> list[Mapping[str, float]]:
        return [
            outcome.scores
            for outcome in self.outcomes
            if outcome.scores is not None
            and (outcome.trial.setting, outcome.trial.share) == (name, share)
        ]

    def _difference(self, verdict: Verdict) -> list[str]:
        """The difference of the best row to the second."""
        if verdict.second is None:
            return []
        next_best = f"{_explained(verdict.second)} comes next with"
        result = f"{next_best} {self.scores(verdict.second)[self.rank]}"
        difference = verdict.difference
        if not difference.number or math.isnan(difference.deviation):
            return [f"{result}; one fold cannot say whether they differ."]
        compared = f"{result}; {_by_how_much(verdict.best, verdict.wins, difference)}"
        if verdict.clear:
            return [f"{compared}."]
        return [f"{compared}, so either may be right{self._cheaper(verdict)}."]

    def _cheaper(self, verdict: Verdict) -> str:
        best, other = (
            self.scores(name)["milliseconds"].mean for name in (verdict.best, verdict.second or "")
        )
        if max(best, other) < 1.3 * min(best, other):
            return ""
        name = verdict.best if best < other else verdict.second
        return f"; {name} is the faster one, {min(best, other):.0f} instead of " + (
            f"{max(best, other):.0f} ms per image"
        )

    def _costs(self, name: str) -> str:
        mean = {key: score.mean for key, score in self.scores(name).items()}
        if not mean.get("parameters"):
            return f"It needs no training and {mean['milliseconds']:.0f} ms per image."
        return (
            f"It costs {_count(mean['parameters'])} parameters, {mean['step_seconds']:.2g} s per "
            f"training step, {mean['milliseconds']:.0f} ms per image on this machine's CPU, and "
            f"{_decimal(mean.get('train_memory'), 0)} MB of memory to train, "
            f"{_decimal(mean.get('predict_memory'), 0)} MB to predict."
        )

    def _beside_baseline(self, verdict: Verdict) -> list[str]:
        """The difference to the baseline, where the sentences before do not have it."""
        values, best = self._by_fold, verdict.best
        if best == BASELINE and len(values) > 1:
            return [
                "No network is better yet than a plain threshold with a watershed; train longer, "
                "or look at the data with kontur inspect."
            ]
        if best == BASELINE or verdict.second == BASELINE or not values.get(BASELINE):
            return []
        difference = paired(values[best], values[BASELINE])
        wins = sum(
            values[best][f] > score for f, score in values[BASELINE].items() if f in values[best]
        )
        result = f"{_explained(BASELINE)} reaches {spread(values[BASELINE].values())}"
        if math.isnan(difference.deviation):
            return [f"{result}."]
        return [f"{result}; {_by_how_much(best, wins, difference)}."]

    def _classes_missed(self, best: str) -> list[str]:
        """The classes of which the best row finds no object in any fold."""

        def missed(name: str) -> set[str]:
            means = {key: score.mean for key, score in self.scores(name).items()}
            return {key for key, mean in means.items() if key.startswith(OF_ONE_CLASS) and not mean}

        lines = []
        by_all = set.intersection(*(missed(name) for name in self.order if self._results(name)))
        for keys, whose in ((by_all, "anything that was tried"), (missed(best) - by_all, best)):
            if keys:
                classes = listed(sorted(key.removeprefix(OF_ONE_CLASS) for key in keys))
                lines.append(
                    f"! no object of {classes} was outlined by {whose} (AP 0 in every fold)"
                )
        return lines

    def _unequal_steps(self) -> list[str]:
        """Warnings on rows whose folds were trained for different numbers of steps."""
        return [
            f"! {name} took {_range(steps)} steps a fit: its folds did unequal work, and their "
            "scores compare badly; --steps gives all fits the same"
            for name in self.order
            if (steps := self._steps(name)) and max(steps) > UNEQUAL * min(steps)
        ]

    def _steps(self, name: str) -> list[int]:
        """Those of each fold, without fits that stopped early because nothing got better."""
        results = [result for result in self._results(name) if not result.get("stopped_early")]
        return [round(result["steps"]) for result in results if "steps" in result]

    def _more_labels(self, name: str) -> str:
        """The gain from the last doubling of the images, and whether it may be chance."""
        by_share = {
            share: by_fold(
                [o._replace(trial=o.trial._replace(share=1.0)) for o in chosen], self.rank
            )
            for share, chosen in self._by_share(name).items()
        }
        shares = sorted(by_share)
        if len(shares) < 2 or name not in by_share[shares[-1]]:
            return f"{name}: too few images for a learning curve."
        half = min(shares[:-1], key=lambda share: abs(share - shares[-1] / 2))
        gain = paired(by_share[shares[-1]][name], by_share[half].get(name, {}))
        few, many = (self.scores(name, share=share)["images"].mean for share in (half, shares[-1]))
        change = f"{name}: from {few:.0f} to {many:.0f} images {self.rank} changed by {gain}"
        if math.isnan(gain.deviation):
            return f"{change}; one fold cannot say whether that is chance."
        if gain.above_zero:
            return f"{change}, a clear gain ({TEST}): more labels would help."
        return f"{change}, no clear gain ({TEST}): more labels alone would hardly help."

    def _by_share(self, name: str) -> dict[float, list[Outcome]]:
        outcomes: dict[float, list[Outcome]] = {}
        for outcome in self.outcomes:
            if outcome.trial.setting == name and outcome.scores is not None:
                outcomes.setdefault(outcome.trial.share, []).append(outcome)
        return outcomes

    def _draw(self) -> Image.Image:
        points, spreads = {}, {}
        for name in self.order:
            scores = self.scores(name)
            if self.rank in scores:
                y, x = scores[self.rank], scores["milliseconds"]
                points[name] = ([x.mean], [y.mean])
                spreads[name] = ([x.deviation], [y.deviation])
        return draw_lines(
            points or {"nothing finished": ([], [])},
            spreads=spreads,
            title=f"{self.rank} on images held out, mean and standard deviation over folds",
            x_label="milliseconds per image (ONNX Runtime, CPU)",
            x_scale="log",
        )

    def _draw_curve(self) -> Image.Image:
        curves, spreads = {}, {}
        for name in self.order:
            points = self.curve(name)
            curves[name] = ([x for x, _ in points], [y.mean for _, y in points])
            spreads[name] = ([math.nan] * len(points), [y.deviation for _, y in points])
        return draw_lines(
            curves,
            spreads=spreads,
            title=f"{self.rank} on images held out, mean and standard deviation over folds",
            x_label="annotated images to learn from",
            x_range=(0.0, 0.0),
        )

    def _csv(self, outcomes: Sequence[Outcome]) -> str:
        keys = dict.fromkeys(key for o in outcomes for key in (o.scores or {}))
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["setting", "fold", "share", *keys, "failure"])
        for trial, scores, failure in outcomes:
            values: Result = dict(scores or {})
            cells = ["" if values.get(key) is None else values[key] for key in keys]
            fold = (trial.fold or 0) + 1
            writer.writerow([trial.setting, fold, trial.share, *cells, failure or ""])
        return text.getvalue()


def _explained(name: str) -> str:
    return f"{name} (a plain threshold with a watershed)" if name == BASELINE else name


def _by_how_much(best: str, wins: int, difference: Spread) -> str:
    clear = "a clear difference" if difference.above_zero else "no clear difference"
    folds = f"in {wins} of {difference.number} folds"
    return f"{best} is better {folds}, by {difference}: {clear} ({TEST})"


def _range(numbers: Sequence[int]) -> str:
    """The smallest and the largest of some numbers, or the one that all are."""
    if not numbers:
        return "–"
    return " to ".join(f"{number:,}" for number in dict.fromkeys((min(numbers), max(numbers))))


def _count(number: float | None) -> str:
    """A number of parameters, as 2.5 M."""
    if number is None or math.isnan(number):
        return "–"
    return f"{number / 1e6:.2f} M" if number else "0"


def _decimal(number: float | None, decimals: int) -> str:
    return "–" if number is None or math.isnan(number) else f"{number:,.{decimals}f}"
