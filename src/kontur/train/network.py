"""The network that a run trains, and its card: what the data say, laid over preset or start."""

from pathlib import Path
from typing import Any

import kontur
from kontur.errors import InputError
from kontur.models import catalog
from kontur.models.card import Card
from kontur.settings import Settings, merge
from kontur.train.config import RunConfig
from kontur.train.data import Data
from kontur.train.finish import object_size, pixel_size
from kontur.train.start import Start

USUAL_CHANNELS = {1, 3, 4}  # of a folder's images: `to_channels` makes three of any of them


def resolve_network(
    config: RunConfig, start: Start | None, classes: tuple[str, ...], samples: Any
) -> RunConfig:
    """The run's settings with every setting of the network, as preset or start, data and user say.

    Fine-tuning keeps the network and the normalisation of the start, where its file says them and
    the user does not.
    """
    card = start.card if start else None
    kept = card is not None and card.kind == config.kind and "preset" not in config.model_fields_set
    values = card.config if card is not None and kept else {}
    preset = None if kept else config.preset
    usual = catalog.config(config.kind, values, preset=preset)
    from_data = {"classes": classes, "channels": _wanted_channels(samples, channels_of(usual))}
    network: Any = catalog.config(
        config.kind, merge(values, from_data, config.model), preset=preset
    )
    if tuple(network.classes) != classes:
        raise InputError(
            f"the data have the classes {', '.join(classes)}, model.classes says "
            f"{', '.join(network.classes)}; leave model.classes out"
        )
    _check_crop(config.augment.crop, network.multiple)
    changes: dict[str, Any] = {"model": network.model_dump(mode="json")}
    if card is not None and kept and "normalise" not in config.model_fields_set:
        changes["normalise"] = card.normalise
    return config.replace(**changes)


def _wanted_channels(samples: Any, usual: int) -> int:
    counts = {samples[i].image.shape[2] for i in range(len(samples))}
    if counts <= USUAL_CHANNELS:
        return usual
    if len(counts) == 1:
        return int(counts.pop())
    some = ", ".join(map(str, sorted(counts)))
    raise InputError(f"the images have {some} channels; choose one with --set data.channel=0")


def channels_of(network: Any) -> int:
    """The number of channels that a network's settings say."""
    return int(network.channels)


def _check_crop(crop: int, multiple: int) -> None:
    if crop % multiple:
        raise InputError(
            f"augment.crop must be a multiple of {multiple} for this network, got {crop}; "
            f"take {-(-crop // multiple) * multiple}"
        )


def first_card(
    config: RunConfig, model: Settings, data: Data, samples: Any, val_images: int
) -> Card:
    """The card before training: everything but thresholds, scores and how long it took."""
    every = [samples[i] for i in range(len(samples))]
    return Card(
        name=Path(config.data.path).resolve().name,
        kind=config.kind,
        config=model.model_dump(mode="json"),
        classes=data.train.classes,
        normalise=config.normalise.model_dump(mode="json"),
        object_size=object_size(every),
        pixel_size=pixel_size(every),
        version=kontur.__version__,
        training={
            "data": Path(config.data.path).resolve().name,
            "images": len(every),
            "objects": sum(len(each.instances) for each in every),
            "validation_images": val_images,
            "crop": config.augment.crop,
            "batch": config.training.batch,
            "start": config.start or "random weights",
            "seed": config.training.seed,
        },
    )
