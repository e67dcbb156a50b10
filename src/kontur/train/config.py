"""The settings of a run: defaults, overridden by a TOML file, overridden by `--set`."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import pydantic

from kontur.data.normalisation.normalise import NormaliseConfig
from kontur.data.transforms.augment import AugmentConfig
from kontur.images.channels import Channel
from kontur.models import catalog
from kontur.settings import Settings, merge, overrides, read_toml, to_toml
from kontur.train.words_elsewhere import SETTINGS

Precision = Literal["auto", "32", "bf16", "16"]
Schedule = Literal["constant", "linear", "cosine", "exponential", "step"]
UNENDING = 1_000_000  # steps, where the minutes end the training
ALL = "all"  # pages; channels, of which one of this name is given by its number
Share = Annotated[float, pydantic.Field(gt=0, lt=1)]
Scale = Annotated[float, pydantic.Field(ge=1 / 16, le=8)]


class DataConfig(Settings):
    """The data to train and validate on.

    Attributes:
        path: the training folder, in any layout that `kontur inspect` recognises.
        val: the validation folder; or the share of `path` that is held out, refused where it has a
            `val` part of its own. Where neither is there a tenth is held out, and of few images
            three, or a fifth of them where that is less.
        group: a column of metadata.csv, or a pattern with the part of a name in parentheses; of
            images that share its value, such as one slide's or one film's, none is held out without
            the others.
        split: a JSON file with the names of the images to learn from (`train`) and to validate on
            (`val`, or "train" for the same ones, where none is to be held out); instead of `val`.
        scale: the working scale: images are enlarged by it before training, and again when the
            model predicts; outlines are in pixels of the original images. 1 leaves images as they
            are, "auto" chooses by the size of the objects (`data.working_scale`).
        task: the meaning of label images and masks: `instances` (every id an object), `components`
            (every connected region one), `semantic` (classes).
        channel: the one channel to take, its number from 0 or its name in each image; "all" takes
            all of them, and so does a run that is given none, unless it starts from a model that
            learned from one.
        page: the page of multi-page files, from 0; "all" takes every plane of stacks and volumes as
            an image. Of several files whole ones are then held out, for neighbouring planes are
            alike; of a single one its last planes, see `data.held_planes`.
        cache: megabytes of memory for prepared images; what does not fit is read again each time.
    """

    path: str = ""
    val: str | float | None = None
    group: str | None = None
    split: str | None = None
    scale: Scale | Literal["auto"] = "auto"
    task: Literal["instances", "components", "semantic"] = "instances"
    channel: int | str | None = None
    page: int | Literal["all"] | None = None
    cache: int = pydantic.Field(2000, ge=0)

    @pydantic.field_validator("page", mode="before")
    @classmethod
    def _check_page(cls, page: object) -> object:
        if page not in (None, ALL) and not str(page).isdecimal():
            raise ValueError("wanted the number of a page, from 0, or all")
        return page

    @pydantic.field_validator("channel")
    @classmethod
    def _check_channel(cls, channel: int | str | None) -> int | str | None:
        if channel == "" or (isinstance(channel, int) and channel < 0):
            raise ValueError("wanted a number from 0 or the name of a channel")
        return channel

    @property
    def one_channel(self) -> Channel | None:
        """The one channel to take; None for all of them."""
        return None if self.channel == ALL else self.channel

    @property
    def known_scale(self) -> float:
        """The working scale of a run that has begun."""
        if self.scale == "auto":
            raise ValueError("the scale is chosen when a run begins; give data.scale")
        return self.scale

    @pydantic.field_validator("val")
    @classmethod
    def _share(cls, val: str | float | None) -> str | float | None:
        if val is None:
            return None
        if isinstance(val, str):
            try:
                val = float(val)  # `--val 0.2` comes from the command line as a word
            except ValueError:
                return val
        if not 0 < val < 1:
            raise ValueError(f"the share that is held out must lie between 0 and 1, got {val}")
        return val


class OptimiserConfig(Settings):
    """The optimiser, its regularisation and the schedule of the learning rate.

    Attributes:
        name: the optimiser; `muon` takes a step of Adam for what is no matrix (`train.muon`).
        rate: the full learning rate, which the schedule multiplies by at most 1.
        weight_decay: of weights with two axes or more; biases and norms do not decay.
        l1: factor of the sum of the absolute weights (the same ones) that is added to the loss; it
            drives unimportant weights to zero, while weight decay shrinks large ones.
        momentum: of SGD; the first beta of Adam, also of Muon's; its matrices have 0.95.
        beta2: the second beta of Adam.
        clip: the largest norm of the gradient, 0 for any.
        warm_up: the share of the training, or of each round of it, over which the rate rises.
        schedule: of the rate after the warm-up: `linear`, `cosine` and `exponential` fall from 1 to
            `floor`, `step` at `drops`, `constant` does not (`optimiser.SCHEDULES`).
        floor: the share of the rate at the end of a schedule that falls continuously.
        drops, drop: shares of the schedule at which `step` multiplies the rate, and the factor.
        restarts: shares of the training at which the schedule starts again from the full rate
            (SGDR, Loshchilov & Hutter 2017). A finished run that is resumed for longer, with the
            share that is done as a restart, is equal to one run with a restart.
    """

    name: Literal["muon", "adamw", "adam", "sgd"] = "muon"
    rate: float = pydantic.Field(2e-3, gt=0)
    weight_decay: float = pydantic.Field(0.01, ge=0)
    l1: float = pydantic.Field(0.0, ge=0)
    momentum: float = pydantic.Field(0.9, ge=0, lt=1)
    beta2: float = pydantic.Field(0.999, ge=0, lt=1)
    clip: float = pydantic.Field(5.0, ge=0)
    warm_up: float = pydantic.Field(0.04, ge=0, lt=1)
    schedule: Schedule = "cosine"
    floor: float = pydantic.Field(0.005, ge=0, le=1)
    drops: tuple[Share, ...] = (0.5, 0.75)
    drop: float = pydantic.Field(0.1, gt=0, le=1)
    restarts: tuple[Share, ...] = ()

    @pydantic.model_validator(mode="after")
    def _check_schedule(self) -> Self:
        for name, shares in (("restarts", self.restarts), ("drops", self.drops)):
            if any(a >= b for a, b in pairwise(shares)):
                raise ValueError(f"the {name} must ascend, got {', '.join(map(str, shares))}")
        if self.schedule == "exponential" and self.floor == 0:
            raise ValueError("an exponential schedule never reaches 0; give a floor above it")
        return self


class TrainingConfig(Settings):
    """The length of the training, its batches and devices, and validation.

    Attributes:
        steps: optimiser steps, each on `batch` crops on every device.
        minutes: end after so many minutes of training where that comes before `steps`; the
            schedule of the learning rate is adjusted.
        batch: crops per step and device; by default chosen by their size when a run begins
            (`devices.choose_batch`).
        seed: of the weights, the order, the crops and their augmentation.
        clock: of the `minutes`: the `wall` clock, or the `processor` time of each thread, which
            other work on the machine does not use up (on a CPU; `kontur compare`).
        precision: of the arithmetic; `auto` is bf16 where it is faster.
        threads: processors of a step on a CPU; by default half of them or all, whichever is faster
            when the training begins and when its speed changes by much. The same number gives
            the same weights to the last bit.
        workers: processes that prepare crops; None chooses.
        devices: the number of devices, 0 for all.
        accelerator: the sort of device.
        average: the final decay of the averaged weights.
        validate_every: steps between validations.
        validate_images: at most so many images a validation, evenly chosen; the last takes all.
        judge_train: so many training images, always the same, are evaluated at every validation,
            too: the difference of both scores is the gap of overfitting.
        diagnose_every: steps between measurements of the gradients, layer by layer
            (`gradient_flow`), for TensorBoard and RUN/gradients.png; 0 for none.
        save_every: steps between checkpoints (each validation saves one too).
        patience: validations without a better one after which training stops, though not before its
            last stage has begun (`stages`); 0 never stops. The
            result in any case is the latest network that is not clearly worse than the best one
            (`validation.BestScore`). A dozen, because averaged weights change slowly and improve
            most while the rate falls: after fewer they may still improve.
        freeze_backbone: keep the backbone's weights of ImageNet as they are, which halves the time
            of a step; by default where a run has chosen them itself (`choose_backbone`).
        int8: at the end graphs in 8-bit integers are made, too (`train.int8`).
        stages: `joint` trains everything from the first step on; `outlines-first` what refines and
            judges outlines (an edge stage, a quality) from the middle on; `staged` detection first,
            then what looks into boxes, then the refinement, for equal times (`module.Stages`). By
            default `outlines-first`, and `joint` where a run starts from a trained model.
    """

    steps: int = pydantic.Field(4000, ge=1)
    minutes: float | None = pydantic.Field(None, gt=0)
    batch: int | None = pydantic.Field(None, ge=1)
    seed: int = pydantic.Field(0, ge=0)
    clock: Literal["wall", "processor"] = "wall"
    precision: Precision = "auto"
    threads: int | None = pydantic.Field(None, ge=1)
    workers: int | None = pydantic.Field(None, ge=0)
    devices: int = pydantic.Field(0, ge=0)
    accelerator: Literal["auto", "cpu", "gpu", "mps"] = "auto"
    average: float = pydantic.Field(0.998, ge=0, lt=1)
    validate_every: int = pydantic.Field(250, ge=1)
    validate_images: int = pydantic.Field(48, ge=1)
    judge_train: int = pydantic.Field(0, ge=0)
    diagnose_every: int = pydantic.Field(0, ge=0)
    save_every: int = pydantic.Field(100, ge=1)
    patience: int = pydantic.Field(12, ge=0)
    freeze_backbone: bool | None = None
    int8: bool = True
    stages: Literal["joint", "outlines-first", "staged"] | None = None

    @property
    def crops_a_step(self) -> int:
        """The batch of a run that has begun."""
        if self.batch is None:
            raise ValueError("the batch is chosen when a run begins; give training.batch")
        return self.batch

    @pydantic.field_validator("precision", mode="before")
    @classmethod
    def _word(cls, precision: object) -> object:
        return str(precision) if isinstance(precision, int) else precision  # `--set …precision=32`


class RunConfig(Settings):
    """All settings of a run; saved as RUN/config.toml.

    Attributes:
        name: the model's name on its card, by default that of the data's folder.
        about: information on the card for people: a sentence, licence, whom to cite.
        kind, preset: which family of networks, and which of its presets.
        start: weights to begin with: a shipped model's name, a `.kontur` file or another run.
        data, normalise, augment, optimiser, training: see their classes.
        model: the network's settings, which override its preset's; checked by the kind's config.
    """

    ELSEWHERE: ClassVar[Mapping[str, str]] = SETTINGS

    name: str | None = None
    about: dict[str, str] = pydantic.Field({})
    kind: str = "snake"
    preset: str = "fast"
    start: str | None = None
    data: DataConfig = DataConfig()
    normalise: NormaliseConfig = NormaliseConfig()
    augment: AugmentConfig = AugmentConfig()
    optimiser: OptimiserConfig = OptimiserConfig()
    training: TrainingConfig = TrainingConfig()
    model: dict[str, Any] = pydantic.Field(default_factory=dict)

    @pydantic.model_validator(mode="after")
    def _check_model_keys(self) -> Self:
        """Suggest the right place of a key of the run that is given below `model`."""
        family = catalog.FAMILIES.get(self.kind)
        known = {*family.config.model_fields, *family.config.RENAMED} if family else set(self.model)
        for key in self.model.keys() - known:
            meant = [dotted for dotted in super().dotted_keys() if dotted.rpartition(".")[2] == key]
            if meant:
                raise ValueError(
                    f"unknown key 'model.{key}'; did you mean {' or '.join(map(repr, meant))}?"
                )
        return self

    @classmethod
    def dotted_keys(cls) -> list[str]:
        """The keys of the run, and those of every family of networks below `model`."""
        of_networks = (family.config.dotted_keys() for family in catalog.FAMILIES.values())
        below = dict.fromkeys(f"model.{key}" for keys in of_networks for key in keys)
        return [*super().dotted_keys(), *below]

    def to_toml(self) -> str:
        return to_toml(self.model_dump(mode="json"))

    @classmethod
    def resolve(
        cls, *, file: Path | None, settings: Iterable[str], given: Mapping[str, Any]
    ) -> Self:
        """Defaults, overridden by a TOML file, by `given`, and by `KEY=VALUE` settings."""
        tree = merge(read_toml(file) if file else {}, given, overrides(settings))
        return cls.read(tree, where=str(file) if file else "the settings of the run")
