"""One range of intensities for all images of a prediction, measured over them: contrast="folder".

It has the model's own percentiles (usually the 1st and the 99.8th) of the pixels of all images
taken together, so that what is dim or bright in one image is so in every other. It is a sample in
bounded time and memory: at most `MOST` images or planes, evenly spaced in their order, and of each
a regular grid of about as many values as an image's own percentiles come from, fewer where images
are many; a value counts as often as there are pixels for which it stands.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar

import numpy as np
from jaxtyping import Float, Num, Shaped

from kontur.data.normalisation.normalise import SAMPLED, NormaliseConfig, in_fewest_channels
from kontur.data.normalisation.percentiles import weighted_percentiles
from kontur.data.normalisation.ranges import Ranges, as_ranges, is_range, ranges_of
from kontur.data.planes.image_planes import plane_name
from kontur.errors import InputError
from kontur.images.image_file import open_image
from kontur.images.lazy_pixels import OpenImage, Pixels, bands
from kontur.images.page_count import count_pages
from kontur.infer.inputs import InputImage
from kontur.infer.model_channels import open_for_model
from kontur.infer.options import DEFAULT_OPTIONS, PredictOptions, contrast_text
from kontur.infer.predict import ImageLike, Predictor
from kontur.wording import listed, plural

MOST = 1000  # images or planes that are looked at
VALUES = 4_000_000  # of all of them together, about
BANDS = 16  # of rows, 32 MB each, that are read of an image of more
PARTS = 64  # of a pixel in which weights count, for a value may stand for some pixels and a part
NEAR = 0.1  # of the range: so far beyond what was measured on new images may reach unremarked

Images = Sequence[tuple[str, Callable[[], ImageLike]]]  # names, and what opens each
Progress = Callable[[int, int], None]
Place = TypeVar("Place")


class FolderContrast(NamedTuple):
    """The range that was measured over a folder, and what its images hold.

    `range` becomes 0 and 1, a pair for all channels or for each; `within` are the lowest and the
    highest percentile of any single image, alike; `stored` is the type of their pixels.
    """

    range: Ranges
    within: Ranges
    stored: str

    def noted(self) -> dict[str, Any]:
        """As a record holds it; `of_note` reads it."""
        return self._asdict()

    @classmethod
    def of_note(cls, note: Mapping[str, Any]) -> Self:
        """What `noted` gave, also after it was JSON."""
        given, within = as_ranges(note["range"]), as_ranges(note["within"])
        assert given is not None  # of our record
        return cls(given, given if within is None else within, note["stored"])


class _Sampled(NamedTuple):
    """The values of an image, a column for each channel or one; each stands for `weight` / `PARTS`
    pixels; and the type in which they are stored.
    """

    name: str
    values: Num[np.ndarray, "n k"]
    weight: int
    stored: str
    channels: int  # of which each gets a range of its own


def evenly(places: Sequence[Place], most: int) -> list[Place]:
    """At most so many of them, evenly spaced, the first among them.

    >>> evenly("abcdefg", 3), evenly("ab", 3)
    (['a', 'c', 'e'], ['a', 'b'])
    """
    count = min(len(places), most)
    return [places[number * len(places) // count] for number in range(count)]


def planes_evenly(images: Sequence[tuple[Place, int]], most: int) -> list[tuple[Place, int]]:
    """At most so many of all planes of images, each given with how many it has, evenly spaced.

    >>> planes_evenly([("film", 4), ("plane", 1), ("long", 400_000)], 3)
    [('film', 0), ('long', 133330), ('long', 266665)]
    """
    ends = [*accumulate(count for _, count in images)]
    chosen = []
    for number in evenly(range(ends[-1] if ends else 0), most):
        place = bisect_right(ends, number)
        image, count = images[place]
        chosen.append((image, number - ends[place] + count))
    return chosen


def opened(images: Sequence[InputImage], options: PredictOptions) -> Images:
    """What opens each image, or with all pages each plane of those of which any are looked at."""
    if options.page != "all":
        page = options.page
        return [(image.path.name, partial(_opened, image.path, options, page)) for image in images]
    counted = []
    for image in evenly(images, MOST):
        with suppress(InputError):  # predicting it says why
            counted.append((image, count_pages(image.path)))
    return [
        (plane_name(image.path.name, page), partial(_opened, image.path, options, page))
        for image, page in planes_evenly(counted, MOST)
    ]


def _opened(path: Path, options: PredictOptions, page: int | None) -> OpenImage:
    return open_image(path, channel=options.channel, page=page)


def measure_folder(
    predictor: Predictor,
    images: Images,
    *,
    progress: Progress = lambda done, total: None,
) -> FolderContrast:
    """The range of at most `MOST` images, each a name and what opens it, as the model sees them.

    Images that cannot be read are left out: predicting them says why. `progress(done, total)` is
    called after each.

    Raises:
        InputError: no image can be read, all values are one, or the images are stored in types
            whose values cannot be compared.
    """
    sampled = list(_samples(predictor, images, progress))
    _check_stored([(image.name, image.stored) for image in sampled])
    _check_channels([(image.name, image.channels) for image in sampled])
    config = predictor.normalise
    columns = max(image.values.shape[1] for image in sampled)
    low, high = _percentiles(sampled, config, columns)
    if not all(map(is_range, low.tolist(), high.tolist())):
        raise InputError(
            f"the values of {plural(len(sampled), 'image')} ({listed(s.name for s in sampled)}) "
            f"lie between {low.min():g} and {high.max():g}, of which no range can be made; leave "
            "the contrast out, or give LOW,HIGH"
        )
    alone = [_percentiles([image], config, columns) for image in sampled]
    within = [np.min([pair[0] for pair in alone], 0), np.max([pair[1] for pair in alone], 0)]
    return FolderContrast(_pairs(low, high), _pairs(*within), sampled[0].stored)


def outside(
    predictor: Predictor,
    images: Images,
    measured: FolderContrast,
    *,
    progress: Progress = lambda done, total: None,
) -> str | None:
    """A sentence on new or changed images with values beyond those of the images measured.

    Raises `InputError` where they are stored in another type, so that they cannot be compared.
    """
    others, (given, within) = [], map(ranges_of, measured[:2])
    for image in _samples(predictor, images, progress, must=False):
        channels = image.channels if len(given) > 1 else image.values.shape[1]
        _check_as_before(measured, image.name, image.stored, channels)
        low, high = _percentiles([image], predictor.normalise, len(given))
        near = NEAR * np.array([top - bottom for bottom, top in given])
        darkest, brightest = np.array(within).T
        if (low < darkest - near).any() or (high > brightest + near).any():
            others.append(image.name)
    if not others:
        return None
    return (
        f"{plural(len(others), 'new or changed image')} ({listed(others)}) with values beyond "
        f"those of the images over which the range {contrast_text(measured.range)} was measured; "
        "it stays as predict.json notes it, and --force (overwrite) of all images measures it anew"
    )


def check_alike(
    predictor: Predictor, name: str, image: ImageLike, measured: FolderContrast
) -> None:
    """`InputError` where an image, of which no pixel is read, is stored in another type, or of
    other channels where each has a range of its own.
    """
    channels = predictor.config.channels
    pixels = open_for_model(image, predictor.card, channels, DEFAULT_OPTIONS, name).pixels
    several = len(ranges_of(measured.range)) > 1
    count = min(pixels.shape[2], channels) if several else 1
    _check_as_before(measured, name, _stored(pixels.dtype), count)


def _samples(
    predictor: Predictor,
    images: Images,
    progress: Progress,
    *,
    must: bool = True,
) -> Iterable[_Sampled]:
    """What is sampled of each readable image; `InputError` where one `must` and none can."""
    chosen, first, read = evenly(images, MOST), None, 0
    most = min(SAMPLED, VALUES // max(1, len(chosen)))
    for number, (name, opens) in enumerate(chosen):
        try:
            sampled = _sampled(predictor, name, opens(), most)
        except (InputError, MemoryError) as error:
            first = first or error
        else:
            if len(sampled.values):
                read += 1
                yield sampled
        progress(number + 1, len(chosen))
    if not read and must:
        reason = f": {first}" if first is not None else ""
        raise InputError(f"there is no image over which a contrast can be measured{reason}")


def _sampled(predictor: Predictor, name: str, image: ImageLike, most: int) -> _Sampled:
    channels = predictor.config.channels
    pixels = open_for_model(image, predictor.card, channels, DEFAULT_OPTIONS, name).pixels
    step = max(1, math.isqrt(pixels.size // most))
    every, share = _every(pixels, step)
    grid = in_fewest_channels(every, channels)
    one_column = predictor.normalise.over == "image"
    columns = 1 if one_column else grid.shape[2]
    weight = round(PARTS / share * step * step) * (channels // grid.shape[2] if one_column else 1)
    values = grid.reshape(-1, columns)
    finite = values[np.isfinite(values).all(axis=1)]
    own = 1 if one_column else min(pixels.shape[2], channels)
    return _Sampled(name, finite, weight, _stored(values.dtype), own)


def _stored(dtype: np.dtype[Any]) -> str:
    return "float" if dtype.kind == "f" else dtype.name


def _every(pixels: Pixels, step: int) -> tuple[Shaped[np.ndarray, "h2 w2 c"], float]:
    """As `lazy_pixels.every`, of an image of many bands from some of them, evenly spaced.

    Also the share of its rows that those bands are.
    """
    chosen = evenly(bands(pixels), BANDS)
    parts = [pixels[rows, :][-rows.start % step :: step, ::step].copy() for rows in chosen]
    empty = np.zeros((0, -(-pixels.shape[1] // step), pixels.shape[2]), pixels.dtype)
    share = sum(rows.stop - rows.start for rows in chosen) / max(1, pixels.shape[0])
    return np.concatenate([empty, *parts]), share or 1.0


def _check_as_before(measured: FolderContrast, name: str, stored: str, channels: int) -> None:
    _check_stored([("those before", measured.stored), (name, stored)])
    _check_channels([("those before", len(ranges_of(measured.range))), (name, channels)])


def _check_stored(images: Sequence[tuple[str, str]]) -> None:
    """`InputError` where some are stored in another type, of another depth, than others."""
    if len({stored for _, stored in images}) > 1:
        raise InputError(
            "one range for all images wants all of them stored alike, and their pixels are "
            f"{_kinds(images)}, whose values mean different brightnesses; predict each kind by "
            "itself, or give the two values that hold for all as LOW,HIGH"
        )


def _check_channels(images: Sequence[tuple[str, int]]) -> None:
    """`InputError` where channels have ranges of their own, and some images have fewer of them."""
    if len({channels for _, channels in images}) > 1:
        raise InputError(
            "a range for each channel wants images of as many channels, and theirs are "
            f"{_kinds(images)}; predict each kind by itself, or give the two values of each "
            "channel as LOW,HIGH"
        )


def _kinds(images: Sequence[tuple[str, object]]) -> str:
    by_kind: dict[object, list[str]] = {}
    for name, kind in images:
        by_kind.setdefault(kind, []).append(name)
    return " and ".join(f"{kind} ({listed(names, most=2)})" for kind, names in by_kind.items())


def _percentiles(
    sampled: Sequence[_Sampled], config: NormaliseConfig, columns: int
) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """The values that become 0 and 1 where all pixels are one image's; as `measure_normalisation`.

    Where the percentiles coincide the extremes take their place.
    """
    limits = []
    for column in range(columns):
        values = [image.values[:, column if image.values.shape[1] > 1 else 0] for image in sampled]
        weights = [image.weight for image in sampled]
        low, high = weighted_percentiles(values, weights, (config.low, config.high))
        if high <= low:
            low = float(min(part.min() for part in values))
            high = float(max(part.max() for part in values))
        limits.append((low, high))
    low_high = np.array(limits, float)
    return low_high[:, 0], low_high[:, 1]


def _pairs(low: Float[np.ndarray, " k"], high: Float[np.ndarray, " k"]) -> Ranges:
    pairs = tuple(zip(low.tolist(), high.tolist(), strict=True))
    return pairs[0] if len(pairs) == 1 else pairs
