"""The network that a run trains, its card, and its initial weights.

Its settings are those of a preset or of a start (a model file or another run), overridden by the
data and the user. The weights are random, ImageNet's for the backbone, or those of the start.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

import kontur
from kontur.data.checks.dataset_statistics import DatasetStatistics
from kontur.data.normalisation.ranges import check_ranges
from kontur.data.transforms.augment import crop_size
from kontur.data.working_scale import WorkingScale, choose_scale
from kontur.errors import InputError
from kontur.models import catalog
from kontur.models.archive import read_model
from kontur.models.card import STAINS, Card
from kontur.models.segmenter import Segmenter
from kontur.nn.backbone import with_imagenet
from kontur.settings import merge, read_toml
from kontur.train.checkpoint import Checkpoint
from kontur.train.choose_backbone import choose_backbone, is_pretrained
from kontur.train.class_rows import class_weights, new_classes, with_classes
from kontur.train.config import RunConfig
from kontur.train.given_settings import CHECKPOINT, settings_below, start_file
from kontur.train.run_folder import CONFIG

USUAL_CHANNELS = {1, 3}  # of images, which `to_channels` converts into one another
IMAGENET = "the backbone's weights of ImageNet"
LISTED = 4  # names in a message


def resolve_network(
    config: RunConfig,
    start: Card | None,
    classes: tuple[str, ...],
    statistics: DatasetStatistics,
    *,
    begins: bool = True,
) -> RunConfig:
    """The run's settings with every setting of the network, from preset or start, data and user.

    Fine-tuning keeps the network and the normalisation of the start, where its file has a card and
    the user does not set them. In a resumed run (`begins` false), settings that follow from the
    data are kept. `statistics` are those of the original images; the network's settings follow
    from them at the working scale. Raises `InputError` where data and settings contradict each
    other.
    """
    scale = working_scale(config, statistics, start).scale
    statistics = statistics.at(scale)
    values, preset = settings_below(config, start)
    plain = catalog.config(config.kind, values, preset=preset)
    channels = _wanted_channels(statistics.channels, channels_of(plain))
    from_data: dict[str, Any] = {"classes": classes, "channels": channels}
    backbone = choose_backbone(config, statistics).backbone if begins else None
    if backbone:
        from_data["backbone"] = backbone
    if begins and getattr(plain, "reference_size", 0) is None:
        weights = start if start and start.kind == config.kind else None
        known = statistics.side if weights is None else weights.config.get("reference_size")
        # weights keep the unit of the sizes that they have learned
        from_data["reference_size"] = round(known or 0.0, 1)
    if config.data.task == "semantic" and hasattr(plain, "task"):
        from_data["task"] = "semantic"  # a region of a class is then one object, here and there
    tree = merge(values, from_data, config.model)
    if getattr(plain, "class_weights", ()) and "class_weights" not in config.model:
        tree["class_weights"] = class_weights(plain, tree.get("task", plain.task), classes)
    network: Any = catalog.config(config.kind, tree, preset=preset)
    if tuple(network.classes) != classes:
        advice = "leave model.classes out" if begins else "start a new run with --from"
        owner = "model.classes has" if begins else "the run has"
        raise InputError(
            f"the data have the classes {', '.join(classes)}, but {owner} "
            f"{', '.join(network.classes)}; {advice}"
        )
    crop = config.augment.crop or _round_up(crop_size(statistics.extent), network.multiple)
    _check_crop(crop, network.multiple)
    changes: dict[str, Any] = {
        "model": network.model_dump(mode="json"),
        "augment": config.augment.replace(crop=crop),
        "data": config.data.replace(scale=scale),
    }
    training = config.training
    if training.freeze_backbone is None:
        training = training.replace(freeze_backbone=backbone is not None)
    if training.stages is None:
        training = training.replace(stages="joint" if start else "outlines-first")
    changes["training"] = training
    if start and preset is None and "normalise" not in config.model_fields_set:
        changes["normalise"] = start.normalise
    resolved = config.replace(**changes)
    check_ranges(resolved.normalise.range, channels_of(network))
    return resolved


def working_scale(
    config: RunConfig, statistics: DatasetStatistics, start: Card | None = None
) -> WorkingScale:
    """The scale that the settings say, or the one that suits the objects and the backbone.

    The backbone is that of the model to start from, where the settings name none.
    """
    if config.data.scale != "auto":
        return WorkingScale(config.data.scale, "as data.scale says")
    begun = start.config if start and start.kind == config.kind else {}
    chosen = {"backbone": choose_backbone(config, statistics).backbone}
    photographs = is_pretrained(config.kind, {**chosen, **begun, **config.model})
    return choose_scale(statistics.object_size, statistics.width, photographs=photographs)


def channels_of(network: Any) -> int:
    """The number of input channels of a network."""
    return int(network.channels)


def receptive_field_warning(config: RunConfig, statistics: DatasetStatistics) -> str:
    """A warning where objects are longer than the receptive field; "" where they are not.

    It is for kinds of plain convolutions, whose settings determine the receptive field.
    `statistics` are those of the original images.
    """
    statistics = statistics.at(config.data.known_scale)
    network = catalog.config(config.kind, config.model)
    field = getattr(network, "receptive_field", None)
    if field is None or statistics.extent is None or statistics.extent <= field:
        return ""
    seen = "" if config.data.scale == 1 else " as the network sees it"
    return (
        f"one object in twenty is longer than {statistics.extent:.0f} pixels{seen}, and a pixel of "
        f"this network sees no further than {field} (its receptive field): with more levels "
        "(model.widths, and as many model.depths where it has them) it would see further"
    )


def first_card(
    config: RunConfig, statistics: DatasetStatistics, *, start: str, val_images: int
) -> Card:
    """The card before training: everything but thresholds, scores and training time.

    `start` is the origin of the weights.
    """
    data = Path(config.data.path).resolve().name
    return Card(
        name=config.name or data,
        about=config.about,
        kind=config.kind,
        config=config.model,
        classes=tuple(config.model["classes"]),
        normalise=config.normalise.model_dump(mode="json"),
        scale=config.data.known_scale,
        channel=config.data.one_channel,
        object_size=statistics.object_size,
        pixel_size=statistics.pixel_size,
        version=kontur.__version__,
        training={
            "data": data,
            "images": statistics.images,
            **({} if config.data.page is None else {"page": config.data.page}),
            "objects": statistics.objects,
            "validation_images": val_images,
            "crop": config.augment.crop,
            "batch": config.training.batch,
            "start": start,
            "seed": config.training.seed,
            **({STAINS: True} if statistics.stains else {}),
        },
    )


def _wanted_channels(channel_counts: frozenset[int], usual: int) -> int:
    if channel_counts <= USUAL_CHANNELS:
        return usual
    if len(channel_counts) == 1:
        (channels,) = channel_counts
        return channels
    counts = ", ".join(map(str, sorted(channel_counts)))
    raise InputError(
        f"the images have {counts} channels; choose one of them with --set data.channel=0"
    )


def _check_crop(crop: int, multiple: int) -> None:
    if crop % multiple:
        raise InputError(
            f"augment.crop must be a multiple of {multiple} for this network, got {crop}; "
            f"take {_round_up(crop, multiple)}"
        )


def _round_up(side: int, multiple: int) -> int:
    return -(-side // multiple) * multiple


class InitialWeights(NamedTuple):
    """Weights by name, the card of their model, if it has one, and its classes, if known."""

    weights: Mapping[str, Tensor]
    card: Card | None = None
    classes: tuple[str, ...] = ()


def read_initial_weights(start: str) -> InitialWeights:
    """The weights of a shipped model's name, a `.kontur` file, a run's folder or a checkpoint."""
    path = start_file(start)
    if path.suffix == CHECKPOINT:
        return _of_checkpoint(path)
    model = read_model(path)
    weights = {name: torch.from_numpy(value.copy()) for name, value in model.weights.items()}
    return InitialWeights(weights, model.card, model.card.classes)


def _of_checkpoint(path: Path) -> InitialWeights:
    """The weights of a run that is not finished, whose settings lie beside it and name classes."""
    settings = path.with_name(CONFIG)
    model = read_toml(settings).get("model", {}) if settings.exists() else {}
    return InitialWeights(Checkpoint.read(path).averaged, classes=tuple(model.get("classes", ())))


def weights_origin(config: RunConfig, segmenter: Segmenter) -> str:
    """The origin of the initial weights: the start of the settings, ImageNet, or random."""
    wanted = getattr(segmenter.config, "pretrained", False) and with_imagenet(segmenter)
    return config.start or (IMAGENET if wanted else "random weights")


def load_imagenet_weights(segmenter: Segmenter, origin: str) -> None:
    """Give a network with random weights those of ImageNet, where they are its `origin`.

    Raises `InputError` where they are not installed.
    """
    for backbone in with_imagenet(segmenter) if origin == IMAGENET else ():
        backbone.load_imagenet()


def freeze_backbone(segmenter: Segmenter) -> None:
    """Let a training leave the backbone's weights of ImageNet as they are.

    Its batch norms keep the means and variances that they measured on ImageNet, too. Raises
    `InputError` where the backbone has no such weights.
    """
    backbones = with_imagenet(segmenter)
    if not backbones:
        raise InputError(
            "training.freeze_backbone needs a backbone with weights of ImageNet; give "
            "--set model.backbone=efficientnet-lite0 too, or leave it out"
        )
    for backbone in backbones:
        backbone.requires_grad_(False).eval()


def load_matching_weights(segmenter: Segmenter, start: InitialWeights, origin: str | None) -> str:
    """Load the weights of the same name and shape; a sentence on how many, and which are new.

    Classes are matched by their names, and new ones begin as the mean of those of the start
    (`with_classes`). Raises `InputError` where none of the weights, which are of `origin`, fits.
    """
    own, weights = segmenter.state_dict(), start.weights
    fits = {k: v for k, v in weights.items() if k in own and own[k].shape == v.shape}
    classes = tuple(segmenter.config.classes)
    known = start.classes or classes
    for layer, rows in segmenter.class_rows.items():
        for name in (f"{layer}.weight", f"{layer}.bias"):
            if name in own and name in weights:
                fits.pop(name, None)
                made = with_classes(weights[name], own[name], rows, known, classes)
                fits |= {} if made is None else {name: made}
    segmenter.load_state_dict(fits, strict=False)
    names = [name for name in own if not name.endswith("num_batches_tracked")]
    new = [name for name in names if name not in fits]
    taken = len(names) - len(new)
    if not taken:
        raise InputError(
            f"none of the weights of {origin} fits this network; give a --from of the same kind "
            "and shape, or leave it out"
        )
    others = new_classes(known, classes)
    if not new:
        return f"all {taken} weights taken over{others}"
    more = f" and {len(new) - LISTED} more" if len(new) > LISTED else ""
    return (
        f"{taken} of {len(names)} weights taken over; "
        f"new and random are {', '.join(new[:LISTED])}{more}{others}"
    )
