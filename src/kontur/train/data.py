"""What a run learns from and validates on: two folders, or one with a part held out."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kontur.data.folder import Folder, open_folder
from kontur.errors import InputError
from kontur.train.config import DataConfig

NAMED = 5  # held-out images in a line on the screen; the file names all


@dataclass(frozen=True, eq=False)
class Data:
    """Both halves of what is learned from."""

    train: Folder
    val: Folder
    held_out: bool  # whether `val` is a part of the training folder that we chose


def open_data(config: DataConfig, *, seed: int) -> Data:
    """Training and validation folders: given, by name or the folder's own parts, or held out."""
    if not config.path:
        raise InputError("training wants a folder of images with annotations; give DATA")
    options: dict[str, Any] = {"task": config.task, "channel": config.channel, "page": config.page}
    folder = open_folder(config.path, **options)
    if config.split is not None:
        train_names, val_names = read_split(Path(config.split))
        return Data(folder.subset(train_names), folder.subset(val_names), held_out=False)
    if isinstance(config.val, str):
        train = folder.in_split("train") if "train" in folder.splits else folder
        val = open_folder(config.val, **options)
        val = val.in_split("val") if "val" in val.splits else val
        return Data(train, val.with_classes(train.classes), held_out=False)
    splits = folder.splits
    if "train" in splits and "val" in splits:
        return Data(folder.in_split("train"), folder.in_split("val"), held_out=False)
    whole = folder.in_split("train") if "train" in splits else folder
    train, val = whole.hold_out(config.val, seed)
    return Data(train, val, held_out=True)


def read_split(path: Path) -> tuple[list[str], list[str]]:
    """The names to learn from and to validate on; `InputError` where the file does not say them."""
    try:
        split = json.loads(path.read_text(encoding="utf-8"))
        sides = split["train"], split["val"]
    except OSError as error:
        raise InputError(f"data.split: {path} cannot be read ({error.strerror})") from None
    except (ValueError, LookupError, TypeError):
        raise InputError(f'{path} wants {{"train": [names], "val": [names]}}') from None
    train, val = ([str(name) for name in side] for side in sides)
    if not (train and val):
        raise InputError(f"{path} names no image to {'validate on' if train else 'learn from'}")
    return train, val


def told(data: Data, file: str) -> str:
    """Which images are for what, those that we held out by name, and the folders' warnings."""
    line = f"{len(data.train)} images to learn from, {len(data.val)} to validate on"
    if data.held_out:
        names = ", ".join(data.val.names[:NAMED]) + (", …" if len(data.val) > NAMED else "")
        line += f", held out ({names}; all in {file})"
    warnings = dict.fromkeys((*data.train.warnings, *data.val.warnings))
    return "\n".join([line, *(f"! {warning}" for warning in warnings)])
