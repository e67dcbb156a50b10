"""The files in a study's folder: its description, its fits and their results.

    OUT/study.json               the data, the images and the folds
    OUT/fits/NAME/fold-1/        one fit: config.toml, split.json, run/ (as any run), result.json
    OUT/refit/, OUT/best/        the best setting fitted on all images, as any run
    OUT/comparison.csv, .png     every score of every fit; accuracy against time

A fit is finished when its `result.json` exists. All files are written whole, so that an interrupted
study continues from them.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kontur.errors import InputError
from kontur.files.atomic import write_text
from kontur.select import Trial
from kontur.settings import merge, to_toml
from kontur.train.study.candidates import Candidate

STUDY, FITS, REFIT, BEST = "study.json", "fits", "refit", "best"
REPORTS = ("comparison.csv", "comparison.png", "learning-curve.csv", "learning-curve.png")
LONG = ("images", "pixels", "annotations")  # values of study.json that are too long for a message
LONGEST = 80  # characters of a folder's name
Result = dict[str, float | None]


@dataclass(frozen=True)
class FitFiles:
    """The files of one fit in `folder`; `run` is the folder of its run."""

    folder: Path
    run: Path

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def split(self) -> Path:
        return self.folder / "split.json"

    @property
    def cost(self) -> Path:
        """The cost of the training, once it is done."""
        return self.folder / "cost.json"

    @property
    def result(self) -> Path:
        return self.folder / "result.json"

    @property
    def log(self) -> Path:
        """The output of its processes."""
        return self.folder / "log.txt"

    def read(self) -> Result | None:
        """The result, None where the fit is not finished."""
        return _numbers(self.result)

    def read_cost(self) -> Result | None:
        """The cost of the training, None where it is not done."""
        return _numbers(self.cost)


@dataclass(frozen=True)
class StudyFiles:
    """The folder of a study, and the description that distinguishes it from others."""

    out: Path
    about: dict[str, Any]

    def open(self, *, force: bool) -> None:
        """Begin or resume; `InputError` where the folder holds another study or other files."""
        path = self.out / STUDY
        if not path.exists():
            others = sorted(self.out.iterdir()) if self.out.is_dir() else []
            other = next((file.name for file in others if not file.name.startswith(".")), None)
            if other is not None:
                raise InputError(
                    f"{self.out} holds other files and no study ({other}); give another --out"
                )
        elif force:
            self._clear()
        else:
            self._refuse_another(_read(path))
        write_text(path, json.dumps(self.about, indent=1, ensure_ascii=False) + "\n")

    def fit(self, trial: Trial) -> FitFiles:
        """The files of a trial."""
        if trial.fold is None:
            return FitFiles(self.out / REFIT, self.out / BEST)
        share = f"-of-{round(100 * trial.share)}-percent" if trial.share < 1 else ""
        folder = self.out / FITS / folder_name(trial.setting) / f"fold-{trial.fold + 1}{share}"
        return FitFiles(folder, folder / "run")

    def prepare(
        self,
        trial: Trial,
        candidate: Candidate,
        names: Mapping[str, Sequence[str]],
        *,
        lengths: Sequence[Mapping[str, Any]],
    ) -> FitFiles:
        """Write the settings and images of a fit; `InputError` where its folder holds another.

        `names` are those of `split.json` (see `training_data.read_split`), empty where the settings
        have the validation images. `lengths` are settings of the training time: the first is
        written, and any of them is accepted in a folder that an earlier call has written.
        """
        fit = self.fit(trial)
        data = {"split": str(fit.split), "val": None} if names else {}  # a share divided the fold
        tree = merge(candidate.tree, {"name": folder_name(candidate.name), "data": data})
        configs = [
            to_toml(merge(tree, {"training": length} if length else {})) for length in lengths
        ]
        split = json.dumps(names, indent=1, ensure_ascii=False)
        config = configs[0]
        if fit.config.exists() and (known := fit.config.read_text(encoding="utf-8")) in configs:
            config = known
        for path, text in ((fit.split, split), (fit.config, config)):
            if path.exists() and path.read_text(encoding="utf-8") != text:
                raise InputError(
                    f"{fit.folder} holds a fit of {candidate.name} with other settings or images; "
                    "start the study afresh with --force, name the row otherwise, or give another "
                    "--out"
                )
        write_text(fit.split, split)
        write_text(fit.config, config)
        return fit

    def prepare_best(self, trial: Trial, candidate: Candidate) -> None:
        """Remove the refitted model of another candidate, if there is one."""
        fit = self.fit(trial)
        mark = fit.folder / "candidate.json"
        content = json.dumps([candidate.name, candidate.tree, trial.split], ensure_ascii=False)
        if not mark.exists() or mark.read_text(encoding="utf-8") != content:
            for folder in (fit.folder, fit.run):
                shutil.rmtree(folder, ignore_errors=True)
            write_text(mark, content)

    def _clear(self) -> None:
        """Remove the files of a study, and nothing else."""
        for folder in (FITS, REFIT, BEST):
            shutil.rmtree(self.out / folder, ignore_errors=True)
        for name in (STUDY, *REPORTS):
            (self.out / name).unlink(missing_ok=True)

    def _refuse_another(self, other_study: dict[str, Any]) -> None:
        other = [key for key in self.about if other_study.get(key) != self.about[key]]
        if other:
            key = other[0]
            before, now = other_study.get(key), self.about[key]
            difference = f"{key}: {before} before, {now} now"
            if key in LONG:
                difference = f"of other {key}"
            raise InputError(
                f"{self.out} holds another study ({difference}); start afresh with --force, or "
                "give another --out"
            )


def folder_name(name: str) -> str:
    """The folder's name for a row, valid on every system.

    >>> folder_name("snake"), folder_name("snake model.points=32"), len(folder_name("a" * 200))
    ('snake', 'snake-model.points=32-44628091', 80)
    """
    word = re.sub(r"[^\w.=+-]+", "-", name).strip("-.") or "row"
    if word == name.lower() and len(word) <= LONGEST:
        return word
    mark = hashlib.sha256(name.encode()).hexdigest()[:8]  # two names may look alike as folders
    return f"{word[: LONGEST - 9]}-{mark}"


def _numbers(path: Path) -> Result | None:
    if not path.exists():
        return None
    numbers: Result = json.loads(path.read_text(encoding="utf-8"))
    return numbers


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        raise InputError(f"{path} is not of a study; move it away or give another --out") from None
