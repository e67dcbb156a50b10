"""The predictor: an image in, its objects out, in three steps with values between them.

Prepare (`view`): an image becomes the network's input. Propose: the graphs run, giving candidates.
Resolve: candidates become valid `Instances`. The command line, Python, validation during training,
a session on one image and later tiles and clusters take the same steps, so they agree.
"""

import logging
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Shaped

from kontur.data.normalisation.normalise import NormaliseConfig
from kontur.data.transforms.geometric import scaled_size
from kontur.errors import InputError
from kontur.images.lazy_pixels import thinned
from kontur.infer.augment import check_augment, propose_augmented
from kontur.infer.engines.engine import Engine
from kontur.infer.hints import AUTO_IN_PYTHON, labels_hint, size_hint, values_hint
from kontur.infer.memory import available_memory, check_memory
from kontur.infer.model_channels import open_for_model
from kontur.infer.model_origin import ModelOrigin
from kontur.infer.options import DEFAULT_OPTIONS, Augment, PredictOptions
from kontur.infer.prediction import Prediction
from kontur.infer.region import Region, region_of
from kontur.infer.scale_and_contrast import (
    ScaleAndContrast,
    check_scale_and_contrast,
    choose_scale_and_contrast,
    diameter_of,
)
from kontur.infer.session import Session
from kontur.infer.tiling import owners
from kontur.infer.tiling.parts import (
    ImagePlan,
    PredictedParts,
    best_first,
    from_store,
    numbered,
)
from kontur.infer.tiling.tile_store import TileStore
from kontur.infer.tiling.tiled import ENOUGH, ObjectTooLargeError, TiledImage, plan_tiles
from kontur.infer.view import PreparedImage, View, Window
from kontur.instances import Instances
from kontur.models import catalog
from kontur.models.candidates import Box, Candidates
from kontur.models.card import Card, Thresholds
from kontur.models.card_summary import card_html
from kontur.models.resolve import Resolved, resolve

log = logging.getLogger("kontur.infer")

LOWEST_SCORE = 0.04  # of the candidates on which thresholds are tuned
EVERYWHERE = (-math.inf, -math.inf, math.inf, math.inf)  # in a tile, all that it shows
CLICKED = 0.6  # of the score threshold: so low may score what a click means; less costs time

ImageLike = Any  # a file, or what `images.arrays.image_array` takes


class Predictor:
    """A model ready to use: an engine that runs its graphs, and its card.

    `origin` is the file that it was loaded from, None of a model that is in memory alone.
    """

    origin: ModelOrigin | None = None

    def __init__(self, engine: Engine, card: Card, origin: ModelOrigin | None = None):
        self.engine = engine
        self.origin = origin
        self.card = card
        self.family = catalog.family(card.kind)
        self.config: Any = catalog.config(card.kind, card.config)
        self.normalise = NormaliseConfig.read(card.normalise, where="the card's normalise")

    def __repr__(self) -> str:
        """One line: the model, its kind and its classes."""
        return f"Predictor({self.card.name}: {self.card.kind} of {', '.join(self.card.classes)})"

    def _repr_html_(self) -> str:
        """The card, for a notebook."""
        return card_html(self.card)

    def predict(
        self, image: ImageLike, options: PredictOptions = DEFAULT_OPTIONS, **changes: Any
    ) -> Instances:
        """The objects of an image, best score first; every polygon valid and inside the image.

        Args:
            image: a file, or an array (H, W), (H, W, C) or (C, H, W) of NumPy, PyTorch or
                Pillow, see `images.arrays`.
            options: the settings of the prediction, see `PredictOptions`; `changes` are single
                ones by name, such as `diameter="auto"`.

        A line of logging (`kontur.infer`) says where hardly any value lies in a given range.
        So does one where, without a diameter, nothing is found or objects of another size.

        Raises:
            InputError: the image cannot be read, holds NaN, or has channels that need a choice.
        """
        options = options.replace(**changes)
        found = self.predict_detailed(image, options)
        areas = found.instances.areas
        hint = found.hint or size_hint(areas, self.card, options, advice=AUTO_IN_PYTHON)
        if hint is not None:
            where = image if isinstance(image, str | Path) else "the image"
            log.warning("%s: %s", where, hint)
        return found.instances

    def predict_detailed(
        self, image: ImageLike, options: PredictOptions = DEFAULT_OPTIONS
    ) -> Prediction:
        """`predict`, with the scale and contrast that were used; arguments and errors as there.

        Its `hint` is a sentence where the image is constant or a label image, or hardly any value
        lies in a given range of intensities.
        """
        plan = self.plan(image, options)
        try:
            resolved = list(self.parts_of(plan).resolved)
        except ObjectTooLargeError:
            if options.tile is not None:
                raise
            plan = self.plan(image, options, shown="whole")
            resolved = list(self.parts_of(plan).resolved)
        instances = best_first([part.instances for part in resolved])
        repaired = sum(part.repaired for part in resolved)
        chosen = plan.chosen
        hint = labels_hint(thinned(chosen.image.pixels))
        hint = hint or values_hint(chosen.image.normalisation)
        how = (chosen.scale, chosen.contrast, chosen.image.pixels, hint)
        return Prediction(instances, repaired, *how)

    def plan(
        self,
        image: ImageLike,
        options: PredictOptions = DEFAULT_OPTIONS,
        *,
        side: int | None = None,
        shown: Literal["tiles", "whole"] = "tiles",
    ) -> ImagePlan:
        """How an image is to be looked at: measured, at a scale and a contrast, whole or in tiles.

        `side` is that of tiles where the options give none, by default what fits into memory.
        `shown="whole"` takes one view whatever its size, for objects larger than tiles show
        (`ObjectTooLargeError`). Arguments and errors as in `predict`.
        """
        self.check_options(options)
        chosen, thresholds = self._shown(image, options), self.thresholds(options)
        named = image if isinstance(image, str | Path) else None
        region = region_of(options.region, named, chosen.image.plane, chosen.image.size)
        side = side if options.tile is None else options.tile
        augment, polish = options.augment, options.polish
        tiled = None
        if shown == "tiles":
            tiled = self.tiled(chosen, thresholds, side, region, augment=augment, polish=polish)
        return ImagePlan(chosen, thresholds, tiled, options.min_size, region, augment, polish)

    def parts_of(self, plan: ImagePlan, *, store: TileStore | None = None) -> PredictedParts:
        """The objects of a planned image part by part: they need not be held all at once.

        With a `store` tiles that are in it are not looked at again. Errors of the network come
        while the parts are taken.
        """
        tiled, chosen = plan.tiled, plan.chosen
        if tiled is None:
            parts = self._whole(chosen, plan.thresholds, plan.augment, polish=plan.polish)
        else:
            candidates = from_store(tiled, plan.thresholds, store)
            parts = tiled.resolved(plan.thresholds, self.card.classes, candidates)
        return PredictedParts(
            chosen.image.size,
            chosen.image.plane,
            chosen.scale,
            chosen.contrast,
            numbered(parts, plan.min_size, plan.region),
        )

    def session(
        self,
        image: ImageLike,
        options: PredictOptions = DEFAULT_OPTIONS,
        *,
        window: Window | None = None,
        **changes: Any,
    ) -> Session:
        """The image with its features, for any number of outlines; arguments as in `predict`.

        With a `window` the features of that part alone, normalised as in the whole image; points
        and outlines stay in pixels of the whole.
        """
        options = options.replace(**changes)
        self.check_options(options)
        shown = self._shown(image, options)
        scaled = None if window is None else window.scaled(shown.scale * self.card.scale)
        view, thresholds = shown.image.view(shown.scale, scaled), self.thresholds(options)
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
        """Raises `InputError` for options that this model cannot serve, whatever the image."""
        check_augment(options.augment)
        check_scale_and_contrast(self.card, self.normalise, options, self.config.channels)
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
        shown = ScaleAndContrast(self.prepare(image), None, 1.0)
        tiled = self.tiled(shown, thresholds)
        if tiled is None:
            return self._detect(shown.image.view(), thresholds).instances
        candidates = from_store(tiled, thresholds, None)
        parts = tiled.resolved(thresholds, self.card.classes, candidates)
        return best_first([part.instances for part in parts])

    def prepare(self, image: ImageLike, options: PredictOptions = DEFAULT_OPTIONS) -> PreparedImage:
        """The first step: the image in the network's channels, and its normalisation.

        Where no channel is given, it is the one that the model learned from, if it was one.
        A prepared image is given back. The `view` of one is the network's input, of the whole image
        or of a window.
        """
        if isinstance(image, PreparedImage):
            return image
        where = str(image) if isinstance(image, str | Path) else "the image"
        channels = self.config.channels
        opened = open_for_model(image, self.card, channels, options, where)
        return PreparedImage.of(
            opened.pixels,
            self.normalise,
            channels=channels,
            multiple=self.config.multiple,
            scale=self.card.scale,
            plane=opened.plane,
            pixel_size=opened.pixel_size,
            where=where,
        )

    def propose(
        self,
        view: View,
        *,
        lowest: float,
        within: Box | None = None,
        config: Any = None,
        polish: bool = False,
    ) -> Candidates:
        """The second step: candidates of at least the score `lowest`, in the view's pixels.

        With a box `within` (xyxy in the view) those whose owner point lies outside may be left out;
        `config` are the settings with what was measured on the whole image. With `polish` the
        model's agent, which it must have, corrects their outlines. Raises `InputError` where the
        view would not fit into memory.
        """
        config = self.config if config is None else config
        height, width = view.images.shape[2:]
        check_memory(self.family.memory(config, (height, width)), height * width)
        (candidates,) = self.family.propose(
            self.engine.graphs, view.images, config, lowest, [view.size], within, view.corner
        )
        if polish:
            assert self.family.polish is not None  # `check_options` has looked
            return self.family.polish(self.engine.graphs, view.images, candidates, config)
        return candidates

    def tiled(
        self,
        shown: ScaleAndContrast,
        thresholds: Thresholds,
        side: int | None = None,
        region: Region | None = None,
        *,
        augment: Augment | None = None,
        polish: bool = False,
    ) -> TiledImage | None:
        """The tiles in which an image is looked at; None where one view shows all of it.

        `side` is that of a tile's cell in pixels of the scaled image, by default what fits into
        memory. With a `region` only tiles that may hold its objects.
        """
        size = scaled_size(shown.image.size, shown.scale * shown.image.scale)
        free = available_memory(ENOUGH)
        tiling = plan_tiles(self.family, self.config, self.card, size, side=side, free=free)
        if tiling is None:
            return None

        # An object of which a tile shows a part may score more as a whole; orientations vote with
        # what scores enough.
        all_of_it = self.family.by_first_pixel and augment is None
        lowest = thresholds.replace(score=0.0) if all_of_it else thresholds

        def propose(view: View, config: Any, within: Box) -> Candidates:
            inside = EVERYWHERE if augment else within  # orientations differ in where it is
            how = {"within": inside, "config": config, "polish": polish}
            return self._candidates(view, lowest, augment, **how)

        exact = tiling.reach and augment is None
        slack = owners.SLACK if exact else owners.FIXED_SLACK
        tiled = TiledImage(shown.image, shown.scale, tiling, slack, self.config, propose, region)
        return tiled.measured(self.family)

    def _whole(
        self, shown: ScaleAndContrast, thresholds: Thresholds, *how: Any, **more: Any
    ) -> Iterator[Resolved]:
        """The objects of an image that one view shows: one part."""
        yield self._detect(shown.image.view(shown.scale), thresholds, *how, **more)

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
        prepared = self.prepare(image, options)
        return choose_scale_and_contrast(
            prepared,
            self.card,
            lambda view: self._detect(view, thresholds).instances,
            diameter=diameter_of(prepared.pixel_size, self.card, options),
            contrast=options.contrast,
        )

    def _detect(
        self, view: View, thresholds: Thresholds, augment: Augment | None = None, **how: Any
    ) -> Resolved:
        """Propose and resolve: the objects of a view, in pixels of its image."""
        candidates = self._candidates(view, thresholds, augment, **how)
        instances, repaired = resolve(candidates, thresholds)
        return Resolved(view.instances_in_image(instances), repaired)

    def _candidates(
        self, view: View, thresholds: Thresholds, augment: Augment | None, **how: Any
    ) -> Candidates:
        """What is proposed in a view, or what its orientations agree on; `how` as in `propose`."""

        def propose(part: View, lowest: float) -> Candidates:
            return self.propose(part, lowest=lowest, **how)

        if augment is None:
            return propose(view, thresholds.score)
        return propose_augmented(propose, view, thresholds, augment)
