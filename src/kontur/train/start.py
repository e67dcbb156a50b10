"""Where the weights come from: random, ImageNet for the backbone, a model file, or another run."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from kontur.errors import InputError
from kontur.infer.load import find_model
from kontur.models.archive import read_model
from kontur.models.card import Card
from kontur.models.segmenter import Segmenter
from kontur.nn.backbone import with_imagenet
from kontur.train.checkpoint import BEST, LAST, PREVIOUS, Checkpoint
from kontur.train.config import RunConfig

IMAGENET = "the backbone's weights of ImageNet"
LISTED = 4  # names in a message


class Start(NamedTuple):
    """Weights by name, and the card of the model they are from where there is one."""

    weights: Mapping[str, Tensor]
    card: Card | None


def read_start(start: str) -> Start:
    """The weights of a shipped model's name, a `.kontur` file, a run's folder or a checkpoint."""
    path = Path(start)
    if path.is_dir() and not (path / "model.kontur").exists():
        for name in (BEST, LAST, PREVIOUS):  # a run that is not finished
            if (path / name).exists():
                return Start(Checkpoint.read(path / name).averaged, None)
    if path.suffix == ".ckpt":
        return Start(Checkpoint.read(path).averaged, None)
    model = read_model(find_model(start))
    weights = {name: torch.from_numpy(value.copy()) for name, value in model.weights.items()}
    return Start(weights, model.card)


def origin(config: RunConfig, segmenter: Segmenter) -> str:
    """What a training begins with: the words of its settings, ImageNet, or random weights."""
    wanted = getattr(segmenter.config, "pretrained", False) and with_imagenet(segmenter)
    return config.start or (IMAGENET if wanted else "random weights")


def begin(segmenter: Segmenter, origin: str) -> None:
    """Give a network with random weights those of ImageNet, where they are its `origin`.

    Raises `InputError` where they are not installed.
    """
    for backbone in with_imagenet(segmenter) if origin == IMAGENET else ():
        backbone.load_imagenet()


def take_over(segmenter: Segmenter, weights: Mapping[str, Tensor], start: str | None) -> str:
    """Load what has the same name and shape; a sentence says how much, and what was left.

    Raises `InputError` where nothing of `start` fits, which would be no start at all.
    """
    own = segmenter.state_dict()
    fits = {k: v for k, v in weights.items() if k in own and own[k].shape == v.shape}
    segmenter.load_state_dict(fits, strict=False)
    counted = [name for name in own if not name.endswith("num_batches_tracked")]
    new = [name for name in counted if name not in fits]
    taken = len(counted) - len(new)
    if not taken:
        raise InputError(
            f"none of the weights of {start} fits this network; give a --from of the same kind "
            "and shape, or leave it out"
        )
    if not new:
        return f"all {taken} weights taken over"
    more = f" and {len(new) - LISTED} more" if len(new) > LISTED else ""
    return (
        f"{taken} of {len(counted)} weights taken over; "
        f"new and random are {', '.join(new[:LISTED])}{more}"
    )
