"""The predictor: an image in, its objects out, in three steps with values between them.

Prepare (`view`): an image becomes the network's input. Propose: the graphs run, giving candidates.
Resolve: candidates become valid `Instances`. The command line, Python, validation during training,
a session on one image and later tiles and clusters take the same steps, so they agree.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from kontur.data.normalise import NormaliseConfig
from kontur.errors import InputError
from kontur.formats.arrays import image_array, without_opaque_alpha
from kontur.formats.images import Image, check_finite, read_image
from kontur.infer.engine import Engine
from kontur.infer.memory import check_memory
from kontur.infer.options import DEFAULT_OPTIONS, PredictOptions
from kontur.infer.scale_and_contrast import ScaleAndContrast, choose_scale_and_contrast
from kontur.infer.session import Session
from kontur.infer.view import PreparedImage, View
from kontur.instances import Instances
from kontur.instances.plane import plane_of_page
from kontur.models import catalog
from kontur.models.candidates import Candidates
from kontur.models.card import STAINS, Card, Thresholds
from kontur.models.resolve import Resolved, resolve
from kontur.wording import listed

LOWEST_SCORE = 0.04  # of the candidates on which thresholds are tuned
CLICKED = 0.6  # of the score threshold: so low may score what a click means; less costs time

ImageLike = Any  # a file, or what `formats.arrays.image_array` takes


@dataclass(frozen=True, eq=False)
class Prediction:
    """The objects of an image, how many outlines were repaired, and how the image was shown.

    `scale` is the factor by which it was resized, relative to the card's own; `contrast` the
    percentile that counted as bright, None for the card's.
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
        self.family = catalog.family(card.kind)
        self.config: Any = catalog.config(card.kind, card.config)
        self.normalise = NormaliseConfig.read(card.normalise, where="the card's normalise")

    def predict(
        self, image: ImageLike, options: PredictOptions = DEFAULT_OPTIONS, **changes: Any
    ) -> Instances:
        """The objects of an image, best score first; every polygon valid and inside the image.

        Args:
            image: a file, or an array (H, W), (H, W, C) or (C, H, W) of NumPy, PyTorch or
                Pillow, see `formats.arrays`.
            options: the settings of the prediction, see `PredictOptions`; `changes` are single
                ones by name, such as `diameter="auto"`.

        Raises:
            InputError: the image cannot be read, holds NaN, or has channels that need a choice.
        """
        return self.predict_detailed(image, options.replace(**changes)).instances

    def predict_detailed(
        self, image: ImageLike, options: PredictOptions = DEFAULT_OPTIONS
    ) -> Prediction:
        """`predict`, with the scale and contrast that were used; arguments and errors as there."""
        self.check_options(options)
        shown = self._shown(image, options)
        instances, repaired = self._detect(
            shown.image.view(shown.scale), self.thresholds(options), polish=options.polish
        )
        if options.min_size > 0:
            instances = instances[instances.areas >= options.min_size]
        return Prediction(instances, repaired, shown.scale, shown.contrast)

    def session(
        self, image: ImageLike, options: PredictOptions = DEFAULT_OPTIONS, **changes: Any
    ) -> Session:
        """The image with its features, for any number of outlines; arguments as in `predict`."""
        options = options.replace(**changes)
        self.check_options(options)
        shown = self._shown(image, options)
        view, thresholds = shown.image.view(shown.scale), self.thresholds(options)
        learned = self.card.object_size
        return Session(
            self.family,
            self.config,
            self.engine.graphs,
            view,
            self.propose(view, lowest=CLICKED * thresholds.score, polish=options.polish),
            thresholds,
            object_size=None if learned is None else learned * self.card.scale,
        )

    def check_options(self, options: PredictOptions) -> None:
        """Raises `InputError` for options that this model cannot serve."""
        if options.polish and not self.family.has_agent(self.config):
            raise InputError(
                f"the model {self.card.name!r} has no agent that corrects outlines; train one on "
                "images with annotations (kontur reinforce DATA --model MODEL --out FILE.kontur), "
                "or leave --polish out"
            )

    def thresholds(self, options: PredictOptions) -> Thresholds:
        """The card's thresholds where none are given; `InputError` outside [0, 1]."""
        given = {"score": options.score, "overlap": options.overlap}
        changes = {name: value for name, value in given.items() if value is not None}
        return self.card.thresholds.replace(**changes) if changes else self.card.thresholds

    def predict_unfiltered(self, image: Shaped[np.ndarray, "h w *c"]) -> Instances:
        """All candidates above a very low score, unsuppressed: thresholds are tuned on them."""
        thresholds = Thresholds(score=LOWEST_SCORE, overlap=1.0)
        return self._detect(self.prepare(image).view(), thresholds).instances

    def prepare(self, image: ImageLike, options: PredictOptions = DEFAULT_OPTIONS) -> PreparedImage:
        """The first step: the image in the network's channels, and its normalisation.

        Its `view` is the network's input, of the whole image or of a window.
        """
        where = str(image) if isinstance(image, str | Path) else "the image"
        channels = self.config.channels
        if isinstance(image, str | Path):
            image = read_image(image, channel=options.channel, page=options.page)
        if isinstance(image, Image):
            self._check_stains(image, where)
            pixels, plane = image.pixels, image.plane
        else:
            plane = plane_of_page(options.page)
            pixels = image_array(
                image, channel=options.channel, page=options.page, channels=channels
            )
            pixels = pixels if channels == 4 else without_opaque_alpha(pixels)
        check_finite(pixels, where=where)
        return PreparedImage.of(
            pixels,
            self.normalise,
            channels=channels,
            multiple=self.config.multiple,
            scale=self.card.scale,
            plane=plane,
        )

    def _check_stains(self, image: Image, where: str) -> None:
        """Refuse stains that the model did not learn from: they are no red, green and blue."""
        count, channels = len(image.stains), self.config.channels
        learned = bool(self.card.training.get(STAINS)) or channels not in (1, 3)
        if count == 0 or (learned and count == channels):
            return
        names = listed(f"{i}: {name}" for i, name in enumerate(image.stains))
        wanted = f"{channels} stains" if learned else "colour or grey"
        raise InputError(
            f"{where} holds {count} stains ({names}), and the model learned from {wanted}; choose "
            "one with --channel N (in Python channel=N)"
        )

    def propose(self, view: View, *, lowest: float, polish: bool = False) -> Candidates:
        """The second step: candidates of at least the score `lowest`, in the view's pixels.

        With `polish` the model's agent, which it must have, corrects their outlines.
        Raises `InputError` where the view would not fit into memory.
        """
        height, width = view.images.shape[2:]
        check_memory(self.family.memory(self.config, (height, width)), height * width)
        (candidates,) = self.family.propose(
            self.engine.graphs, view.images, self.config, lowest, [view.size]
        )
        if polish:
            assert self.family.polish is not None  # `check_options` has looked
            return self.family.polish(self.engine.graphs, view.images, candidates, self.config)
        return candidates

    def outlines_by_stage(self, image: Shaped[np.ndarray, "h w *c"]) -> dict[str, Instances]:
        """The outlines after every stage of refinement; {} for kinds of models without stages."""
        if self.family.outlines_by_stage is None:
            return {}
        view = self.prepare(image).view()
        stages = self.family.outlines_by_stage(
            self.engine.graphs, view.images, self.config, self.card.thresholds, view.size
        )
        return {name: view.instances_in_image(each) for name, each in stages.items()}

    def _shown(self, image: ImageLike, options: PredictOptions) -> ScaleAndContrast:
        thresholds = self.thresholds(options)
        return choose_scale_and_contrast(
            self.prepare(image, options),
            self.card,
            lambda view: self._detect(view, thresholds).instances,
            diameter=options.diameter,
            contrast=options.contrast,
        )

    def _detect(self, view: View, thresholds: Thresholds, *, polish: bool = False) -> Resolved:
        """Propose and resolve: the objects of a view, in pixels of its image."""
        candidates = self.propose(view, lowest=thresholds.score, polish=polish)
        instances, repaired = resolve(candidates, thresholds)
        return Resolved(view.instances_in_image(instances), repaired)
