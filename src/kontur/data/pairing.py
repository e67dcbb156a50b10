"""Pairing: which prediction belongs to which image, by the names of files.

`NAME.geojson`, `NAME.coco.json`, `NAME.csv` or a label image `NAME.labels.tif`, `NAME_masks.png` …
is the prediction of the image `NAME`; one COCO JSON or CSV may hold those of many images. What has
no partner is for the caller to report, never counted and never dropped in silence.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from kontur import formats
from kontur.data.metadata import CLASSES_FILE, METADATA_FILE
from kontur.data.names import RECORD_FILE, is_output_name, partner_name, stem, walk
from kontur.errors import InputError
from kontur.formats import coco, table
from kontur.formats.images import IMAGE_ENDINGS
from kontur.instances import Instances
from kontur.wording import listed

BESIDE = (RECORD_FILE, METADATA_FILE, CLASSES_FILE)  # files that hold no outlines
# Of several files of one image the first kind is read: outlines come before rasters.
PREDICTION_ENDINGS = (".geojson", ".coco.json", ".json", ".csv", *IMAGE_ENDINGS)

Source = Callable[[], Instances]


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
            name = (
                (path.parent / partner_name(path.name[: -len(ending)]))
                .relative_to(place)
                .as_posix()
            )
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


def _of_file(path: Path) -> dict[str, Source]:
    """A COCO JSON or CSV of many images; any other file is the prediction of one."""
    if path.suffix.lower() not in (".json", ".csv"):
        return {partner_name(stem(path)): _reader(path)}
    read = coco.read_dataset if path.suffix.lower() == ".json" else table.read_dataset
    sources: dict[str, Source] = {}
    for entry in read(path):
        file = Path(entry.file_name.replace("\\", "/"))
        sources[(file.parent / partner_name(stem(file))).as_posix()] = _constant(entry.instances)
    if not sources:
        raise InputError(f"{path} holds no images")
    return sources


def _reader(path: Path) -> Source:
    return lambda: formats.read(path)


def _constant(instances: Instances) -> Source:
    return lambda: instances


def _last(name: str) -> str:
    return name.rpartition("/")[2]
