"""The predictor: an image in, its objects out.

The command line, Python, validation during training and later the page, tiles and clusters all
call the same one, so they agree. Around the kind's `decode` it does what an image needs: channels,
comparable values, the scale that the model learned, padding, and the way back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Shaped

from kontur.data.geometric import scale as rescale
from kontur.data.normalise import NormaliseConfig, collapse, normalise, to_channels
from kontur.data.sample import Sample
from kontur.errors import InputError
from kontur.formats.images import check_finite, pick_channel, read_image
from kontur.infer.engine import Device, Engine, engine_for, on_gpu
from kontur.instances import Instances
from kontur.models import archive, catalog
from kontur.models.card import Card, Thresholds
from kontur.settings import nearest

MODEL_ENDING = ".kontur"
CANDIDATE_SCORE = 0.04  # the lowest score that tuning looks at
AUTO_SCALES = (1.0, 0.5, 0.25, 2.0)  # what `diameter="auto"` tries
AUTO_CONTRASTS = (99.0, 98.0)  # what `contrast="auto"` tries beside the card's
AUTO_PIXELS = 400_000  # each try looks at no more pixels than this, from the middle of the image
CLEARLY = 1.05  # a try must be surer than those before by this factor, or the plain way stays
MEMORY = Path("/proc/meminfo")  # Linux; other systems swap before they kill
SCALE_RANGE = (1 / 64, 16.0)  # outside this a given diameter is surely in the wrong unit

Diameter = float | Literal["auto"]
Contrast = float | Literal["auto"]


@dataclass(frozen=True)
class How:
    """How an image is looked at; the words of `Predictor.predict`."""

    score: float | None = None
    overlap: float | None = None
    min_size: float = 0.0
    diameter: Diameter | None = None
    contrast: Contrast | None = None
    channel: int | None = None
    page: int | None = None


AS_TRAINED = How()


@dataclass(frozen=True, eq=False)
class Prediction:
    """The objects of an image, how many outlines were made valid, and how the image was seen.

    `scale` is what it was resized by; `contrast` the percentile that counted as bright, None for
    the card's.
    """

    instances: Instances
    repaired: int
    scale: float
    contrast: float | None = None


class Predictor:
    """A model ready to use: an engine that runs its graphs, and its card."""

    def __init__(self, engine: Engine, card: Card):
        self.engine = engine
        self.card = card
        self.config: Any = catalog.config(card.kind, card.config)
        self.normalise = NormaliseConfig.read(card.normalise, where="the card's normalise")

    @cached_property
    def _decode(self) -> Callable[..., Any]:
        return catalog.decode(self.card.kind)

    def predict(
        self,
        image: str | Path | Shaped[np.ndarray, "h w *c"],
        *,
        score: float | None = None,
        overlap: float | None = None,
        min_size: float = 0.0,
        diameter: Diameter | None = None,
        contrast: Contrast | None = None,
        channel: int | None = None,
        page: int | None = None,
    ) -> Instances:
        """The objects of an image, best score first; every polygon valid and inside the image.

        Args:
            image: a file, or an array (H, W) or (H, W, C) of any integer or float type.
            score, overlap: thresholds in [0, 1]; by default those of the card.
            min_size: objects of fewer square pixels are left out.
            diameter: how large a typical object is, as the side of a square of its area, in
                pixels; the image is scaled so that it has the size that the model learned.
                "auto" finds it out; None takes the image as it is.
            contrast: the percentile of the image's values that counts as bright, by default that
                of the card. A lower one, such as 99, brings up dim objects beside very bright ones;
                "auto" finds it out.
            channel, page: which channel (from 0) and which page of a stack to look at.

        Raises:
            InputError: the image cannot be read, holds NaN, or has channels that need a choice.
        """
        how = How(score, overlap, min_size, diameter, contrast, channel, page)
        return self.examine(image, how).instances

    def examine(
        self, image: str | Path | Shaped[np.ndarray, "h w *c"], how: How = AS_TRAINED
    ) -> Prediction:
        """`predict`, with how it went."""
        thresholds = self.thresholds(how)
        pixels = self._read(image, how.channel, how.page)
        contrasts, factors = self._contrasts(how.contrast), self._factors(how.diameter)
        if len(contrasts) * len(factors) == 1:
            contrast, factor = contrasts[0], factors[0]
            values = self._values(pixels, contrast)
        else:
            values, contrast, factor = self._surest(
                pixels, contrasts, factors, how.diameter, thresholds
            )
        found, repaired = self._find(values, factor, thresholds)
        if how.min_size > 0:
            found = found[found.areas >= how.min_size]
        return Prediction(found, repaired, factor, contrast)

    def thresholds(self, how: How) -> Thresholds:
        """The card's thresholds where none are given; `InputError` outside [0, 1]."""
        given = {"score": how.score, "overlap": how.overlap}
        return self.card.thresholds.replace(**{k: v for k, v in given.items() if v is not None})

    def candidates(self, image: Shaped[np.ndarray, "h w *c"]) -> Instances:
        """Everything above a very low score and not suppressed: what thresholds are tuned on."""
        thresholds = Thresholds(score=CANDIDATE_SCORE, overlap=1.0)
        return self._find(self.prepare(image), 1.0, thresholds)[0]

    def prepare(self, image: Shaped[np.ndarray, "h w *c"]) -> Float[np.ndarray, "h w c"]:
        """What the network sees of an image, before padding: its channels, comparable values."""
        return self._values(self._read(image, None, None), None)

    def by_stage(self, image: Shaped[np.ndarray, "h w *c"]) -> dict[str, Instances]:
        """The outlines after every stage of their making, to look at; {} for kinds without."""
        by_stage = catalog.by_stage(self.card.kind)
        if by_stage is None:
            return {}
        seen = self.prepare(image)
        size = (seen.shape[0], seen.shape[1])
        graphs, thresholds = self.engine.graphs, self.card.thresholds
        found: dict[str, Instances] = by_stage(
            graphs, self._padded(seen), self.config, thresholds, size
        )
        return found

    def _read(
        self,
        image: str | Path | Shaped[np.ndarray, "h w *c"],
        channel: int | None,
        page: int | None,
    ) -> Shaped[np.ndarray, "h w c"]:
        """The pixels in the channels that the network looks at, all of them numbers."""
        if isinstance(image, np.ndarray):
            where, pixels = "the image", _three_axes(image)
            if channel is not None:
                pixels = pick_channel(pixels, channel, where)
        else:
            where, pixels = str(image), read_image(image, channel=channel, page=page).pixels
        check_finite(pixels, where=where)
        return to_channels(pixels, self.config.channels)

    def _values(
        self, pixels: Shaped[np.ndarray, "h w c"], contrast: float | None
    ) -> Float[np.ndarray, "h w k"]:
        """Comparable values; grey stays one channel, for speed, where its channels stay equal."""
        how = self.normalise if contrast is None else self.normalise.replace(high=contrast)
        return normalise(collapse(pixels) if how.mode == "percentile" else pixels, how)

    def _find(
        self, prepared: Float[np.ndarray, "h w c"], factor: float, thresholds: Thresholds
    ) -> tuple[Instances, int]:
        size = prepared.shape[:2]
        _check_memory(size[0] * size[1] * factor**2, catalog.bytes_a_pixel(self.card.kind))
        seen = _scaled(prepared, factor)
        height, width = seen.shape[:2]
        images = self._padded(seen)
        (decoded,) = self._decode(
            self.engine.graphs, images, self.config, thresholds, [(height, width)]
        )
        found = decoded.instances
        if factor != 1:  # the factor is exact, the canvas was rounded to whole pixels
            found = found.scale(1 / factor, 1 / factor).clip(size)
        return found.replace(size=size), decoded.repaired

    def _padded(self, seen: Float[np.ndarray, "h w c"]) -> Float[np.ndarray, "1 k h2 w2"]:
        """A batch of one image as the graphs take it."""
        padded = _pad(seen, self.config.multiple)
        planes = np.ascontiguousarray(padded.transpose(2, 0, 1), dtype=np.float32)
        return np.repeat(planes, self.config.channels // len(planes), axis=0)[None]

    def _contrasts(self, contrast: Contrast | None) -> tuple[float | None, ...]:
        if contrast is None:
            return (None,)
        if self.normalise.mode != "percentile":
            raise InputError("this model does not stretch contrasts; leave --contrast out")
        if contrast == "auto":
            return (None, *AUTO_CONTRASTS)
        if not self.normalise.low < contrast <= 100:
            raise InputError(
                f"a contrast is a percentile between {self.normalise.low:g} and 100, such as 99, "
                f"got {contrast:g}"
            )
        return (contrast,)

    def _factors(self, diameter: Diameter | None) -> tuple[float, ...]:
        """The scales to look at the image with, one unless they are to be tried."""
        if diameter is None:
            return (1.0,)
        learned = self.card.object_size
        if learned is None:
            raise InputError(
                "this model's card does not say how large its objects were; leave --diameter out"
            )
        if diameter == "auto":
            return AUTO_SCALES
        factor = learned / diameter if diameter > 0 else 0.0
        if not SCALE_RANGE[0] <= factor <= SCALE_RANGE[1]:
            raise InputError(
                f"a diameter is the side of a typical object in pixels (this model learned "
                f"{learned:.0f} and takes {learned / SCALE_RANGE[1]:.2f} to "
                f"{learned / SCALE_RANGE[0]:.0f}), got {diameter:g}"
            )
        return (factor,)

    def _surest(
        self,
        pixels: Shaped[np.ndarray, "h w c"],
        contrasts: tuple[float | None, ...],
        factors: tuple[float, ...],
        diameter: Diameter | None,
        thresholds: Thresholds,
    ) -> tuple[Float[np.ndarray, "h w k"], float | None, float]:
        """The image, and the contrast and scale at which the model is surest of most of it.

        At a wrong scale or contrast a model finds few objects, pieces of them, or is unsure, so
        that the share of the image that its objects cover, weighted by score², is small. A scale
        that was found out is then set by the size of the objects found with it.
        """
        best, chosen, factor = self._values(pixels, contrasts[0]), contrasts[0], factors[0]
        surest = side = 0.0
        tries = [(contrasts[0], each) for each in factors]
        while tries:
            contrast, tried = tries.pop(0)
            values = self._values(pixels, contrast)
            part = _middle(values, AUTO_PIXELS / tried**2)
            found, _ = self._find(part, tried, thresholds)
            sure = float((found.areas * found.scores**2).sum()) / part[..., 0].size
            if sure > surest * CLEARLY:
                best, chosen, factor, surest = values, contrast, tried, sure
                side = float(np.median(np.sqrt(found.areas)))
            if not tries:  # the scale is settled: now the contrasts
                tries, contrasts = [(each, factor) for each in contrasts[1:]], contrasts[:1]
        if diameter == "auto" and side > 0 and self.card.object_size is not None:
            factor = float(np.clip(self.card.object_size / side, factor / 2, factor * 2))
        return best, chosen, factor


def load(model: str | Path, *, device: Device = "auto", threads: int | None = None) -> Predictor:
    """A predictor from a shipped model's name, a `.kontur` file, or a training run's folder.

    `device`: "cpu" (ONNX Runtime), "cuda" (torch on a GPU) or "auto". `threads` defaults to the
    processors this process may use.

    Raises:
        InputError: there is no such model, or the file is damaged; names the nearest one.
    """
    path = find_model(model)
    read = archive.read_model(path)
    on_gpu(device)  # what is wrong with the device is told before what is with the file
    try:
        return Predictor(engine_for(read, device, threads=threads), read.card)
    except InputError as error:
        raise InputError(f"{path} cannot be used: {error} (copy or train it again)") from None


def find_model(model: str | Path) -> Path:
    """The file of a run's folder, a path itself, or a shipped model's name, in this order.

    Raises `InputError` where it is none of them.
    """
    path, shipped = Path(model), shipped_models()
    inside = path / f"model{MODEL_ENDING}"
    if inside.exists():
        return inside
    if path.exists() and not path.is_dir():
        return path
    if str(model) in shipped:  # also beside a folder of images of the same name
        return shipped[str(model)]
    if path.is_dir():
        raise InputError(
            f"{path} is a folder without model{MODEL_ENDING}; give a finished run's folder, "
            "a .kontur file or a shipped model's name"
        )
    if path.suffix == MODEL_ENDING or path.name != str(model):
        raise InputError(f"there is no model file {model}")
    raise InputError(f"there is no shipped model {str(model)!r}; {nearest(str(model), shipped)}")


def shipped_models() -> dict[str, Path]:
    """The models inside the package, by name."""
    folder = Path(str(resources.files("kontur"))) / "shipped"
    return {path.stem: path for path in sorted(folder.glob(f"*{MODEL_ENDING}"))}


def _three_axes(image: Shaped[np.ndarray, "h w *c"]) -> Shaped[np.ndarray, "h w c"]:
    if image.dtype.kind not in "buif":
        raise InputError(f"an image holds numbers, got an array of {image.dtype}")
    if image.ndim == 2:
        image = image[..., None]
    if image.ndim != 3 or 0 in image.shape:
        raise InputError(
            f"an image is an array (H, W) or (H, W, C) with at least one pixel, got {image.shape}"
        )
    return image.astype(np.uint8) * 255 if image.dtype == bool else image


def _check_memory(pixels: float, bytes_a_pixel: int) -> None:
    """Refuse what would not fit, where the system says how much there is: it would be killed."""
    if not MEMORY.exists():
        return
    facts = dict(line.split(":", 1) for line in MEMORY.read_text().splitlines() if ":" in line)
    free = 1024 * int(facts.get("MemAvailable", "0").split()[0]) or float("inf")
    needed = pixels * bytes_a_pixel
    if needed > free:
        raise InputError(
            f"{pixels / 1e6:,.0f} million pixels at once need {needed / 1e9:.1f} GB of memory "
            f"and {free / 1e9:.1f} are free; cut the image into parts, or shrink it with --diameter"
        )


def _scaled(image: Float[np.ndarray, "h w c"], factor: float) -> Float[np.ndarray, "h2 w2 c"]:
    if factor == 1:
        return image
    empty = Instances.empty((image.shape[0], image.shape[1]))
    return rescale(Sample(image, empty, "image"), factor).image


def _pad(image: Float[np.ndarray, "h w c"], multiple: int) -> Float[np.ndarray, "h2 w2 c"]:
    """Right and below, so that no coordinate moves, by the mirror image: as in training."""
    below, right = (-side % multiple for side in image.shape[:2])
    if not below and not right:
        return image
    return np.pad(image, ((0, below), (0, right), (0, 0)), mode="symmetric")


def _middle(image: Float[np.ndarray, "h w c"], pixels: float) -> Float[np.ndarray, "h2 w2 c"]:
    """The middle of an image, of its proportions, with at most so many pixels."""
    height, width = image.shape[:2]
    share = min(1.0, (pixels / (height * width)) ** 0.5)
    h, w = max(1, int(height * share)), max(1, int(width * share))
    top, left = (height - h) // 2, (width - w) // 2
    return image[top : top + h, left : left + w]
