"""Judging: predictions that lie in files, or those of a model, against a folder's annotations.

Predictions and truth belong together by name: `NAME.geojson`, `NAME.coco.json`, `NAME.csv` or a
label image `NAME.labels.tif`, `NAME_masks.png` … is that of the image `NAME`. What has no partner
is told, never counted and never dropped in silence.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kontur import formats
from kontur.data.folder import Folder
from kontur.data.metadata import CLASSES_FILE, METADATA_FILE
from kontur.data.names import is_output_name, owner, stem, walk
from kontur.errors import InputError
from kontur.evaluate import ImageScores, Summary, evaluate, summarise
from kontur.formats import coco, table
from kontur.formats.images import IMAGE_ENDINGS
from kontur.infer.options import AS_TRAINED, PredictOptions
from kontur.infer.predict import Predictor
from kontur.infer.record import RECORD
from kontur.instances import Instances
from kontur.wording import listed

BESIDE = (RECORD, METADATA_FILE, CLASSES_FILE)  # files that hold no outlines
# Of several files of one image the first kind is read: outlines come before rasters.
PREDICTION_ENDINGS = (".geojson", ".coco.json", ".json", ".csv", *IMAGE_ENDINGS)

Source = Callable[[], Instances]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Judged:
    """The scores of each image that has a prediction, and the names of those without partner."""

    images: tuple[ImageScores, ...]
    without_prediction: tuple[str, ...] = ()
    without_truth: tuple[str, ...] = ()

    @property
    def summary(self) -> Summary:
        """All images summed up."""
        return summarise(self.images)

    def by(self, column: Mapping[str, str]) -> dict[str, Summary]:
        """The images of each value of a column, summed up; sorted by the value."""
        values = sorted({column[image.name] for image in self.images})
        return {
            value: summarise(image for image in self.images if column[image.name] == value)
            for value in values
        }


def judge_files(predictions: Path, truth: Folder, *, progress: Progress | None = None) -> Judged:
    """Judge a folder of predictions, or one COCO JSON or CSV that holds those of many images.

    Raises:
        InputError: no prediction belongs to any image, a file cannot be read, or sizes differ.
    """
    sources = find_predictions(predictions)
    pairs = pair(truth.names, tuple(sources))
    if not pairs:
        raise InputError(
            f"none of the {len(sources)} predictions in {predictions} ({listed(sources)}) has the "
            f"name of an image in {truth.path} ({listed(truth.names)})"
        )
    chosen = truth.subset(pairs)
    judged = _judge(chosen, lambda name, _: sources[pairs[name]](), progress)
    used = set(pairs.values())
    return Judged(
        judged,
        without_prediction=tuple(name for name in truth.names if name not in pairs),
        without_truth=tuple(name for name in sources if name not in used),
    )


def judge_model(
    predictor: Predictor,
    truth: Folder,
    *,
    options: PredictOptions = AS_TRAINED,
    progress: Progress | None = None,
) -> Judged:
    """Judge what a model finds in a folder's images, channel and page being the folder's.

    Raises:
        InputError: the folder holds no image, or a file cannot be read.
    """

    def found(name: str, image: object) -> Instances:
        with _about(name):
            return predictor.predict_detailed(image, options).instances  # type: ignore[arg-type]

    return Judged(_judge(truth, found, progress))


def restrict(folder: Folder, conditions: Iterable[str]) -> Folder:
    """The images for which every `COLUMN=VALUE` of `metadata.csv` holds.

    Raises:
        InputError: a condition is none, the column is missing, or no image has the value.
    """
    for condition in conditions:
        name, equals, value = condition.partition("=")
        if not equals:
            raise InputError(
                f"wanted COLUMN=VALUE such as modality=fluorescence, got {condition!r}"
            )
        column = folder.column(name.strip())
        chosen = [image for image in folder.names if column[image] == value.strip()]
        if not chosen:
            values = sorted({column[image] for image in folder.names})
            raise InputError(
                f"no image has {condition}; the values of {name.strip()} are {listed(values)}"
            )
        folder = folder.subset(chosen)
    return folder


def find_predictions(place: Path) -> dict[str, Source]:
    """What gives the prediction of each image name.

    Raises:
        InputError: there is nothing, or nothing that can be a prediction.
    """
    if place.is_file():
        return _of_file(place)
    return {name: _reader(path) for name, path in prediction_files(place).items()}


def prediction_files(place: Path) -> dict[str, Path]:
    """The file of each image name in a folder, sorted; errors as in `find_predictions`."""
    if not place.is_dir():
        raise InputError(f"there are no predictions {place}")
    files: dict[str, Path] = {}
    for ending in PREDICTION_ENDINGS:
        taken = set(files)
        for _, path in walk(place):
            low = path.name.lower()
            if not low.endswith(ending) or low in BESIDE or is_output_name(stem(path)):
                continue
            name = (path.parent / owner(path.name[: -len(ending)])).relative_to(place).as_posix()
            if name in taken or (ending == ".json" and low.endswith(".coco.json")):
                continue
            other = files.setdefault(name, path)
            if other is not path:
                raise InputError(f"{other} and {path} would both be the prediction of {name!r}")
    if not files:
        raise InputError(
            f"{place} holds no predictions: wanted NAME.geojson, NAME.coco.json, NAME.csv or label "
            "images (PNG or TIFF)"
        )
    return dict(sorted(files.items()))


def pair(names: Sequence[str], predictions: Sequence[str]) -> dict[str, str]:
    """The prediction of each image name that has one: of the same name, or of the same last part.

    `val/a01` is also that of `a01`, the outputs of `kontur predict` having no folders. Raises
    `InputError` where the last part does not decide.

    >>> pair(["val/a", "val/b"], ["a", "c"])
    {'val/a': 'a'}
    """
    there = set(predictions)
    pairs = {name: name for name in names if name in there}
    free = [name for name in predictions if name not in pairs]
    by_last: dict[str, list[str]] = {}
    for name in free:
        by_last.setdefault(_last(name), []).append(name)
    claimed: dict[str, str] = {}
    for name in names:
        candidates = by_last.get(_last(name), []) if name not in pairs else []
        if len(candidates) > 1:
            raise InputError(
                f"the predictions {listed(candidates)} could all be of the image {name!r}; name "
                "the folder that holds those that are meant"
            )
        for candidate in candidates:
            other = claimed.setdefault(candidate, name)
            if other is not name:
                raise InputError(
                    f"the prediction {candidate!r} could be of {other!r} or {name!r}; choose one "
                    "part of the data with --split"
                )
            pairs[name] = candidate
    return {name: pairs[name] for name in names if name in pairs}


def _judge(
    truth: Folder,
    found: Callable[[str, object], Instances],
    progress: Progress | None,
) -> tuple[ImageScores, ...]:
    samples = truth.samples
    scores = []
    for place, name in enumerate(truth.names):
        sample = samples[place]
        prediction = found(name, sample.image)
        with _about(name):
            scores.append(evaluate(sample.instances, prediction, name=name))
        if progress is not None:
            progress(place + 1, len(samples))
    if not scores:
        raise InputError(f"{truth.path} holds no image to judge")
    return tuple(scores)


@contextmanager
def _about(name: str) -> Iterator[None]:
    """A sentence that does not know of which image it speaks is told."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def _of_file(path: Path) -> dict[str, Source]:
    """A COCO JSON or CSV of many images; any other file is the prediction of one."""
    if path.suffix.lower() not in (".json", ".csv"):
        return {owner(stem(path)): _reader(path)}
    read = coco.read_dataset if path.suffix.lower() == ".json" else table.read_dataset
    sources: dict[str, Source] = {}
    for entry in read(path):
        file = Path(entry.file_name.replace("\\", "/"))
        sources[(file.parent / owner(stem(file))).as_posix()] = _constant(entry.instances)
    if not sources:
        raise InputError(f"{path} holds no images")
    return sources


def _reader(path: Path) -> Source:
    return lambda: formats.read(path)


def _constant(instances: Instances) -> Source:
    return lambda: instances


def _last(name: str) -> str:
    return name.rpartition("/")[2]
