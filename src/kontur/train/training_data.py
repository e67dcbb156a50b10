"""How images are divided into those that a run learns from and those that it validates on."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kontur.data.folder import Folder, open_folder
from kontur.data.samples import LoadedSamples
from kontur.errors import InputError
from kontur.images.channels import Channel
from kontur.images.page_count import count_pages
from kontur.train.config import DataConfig
from kontur.wording import counted, listed, plural

SHARE = 0.1  # of the images, held out by default
LEAST_HELD, LARGEST_SHARE = 3, 1 / 5  # of few images three, or a fifth where that is less
NAMED = 5  # held-out images in a line on the screen; the file names all


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The training and validation images of a run; the same object where none is to be held out."""

    train: Folder
    val: Folder
    held_out: bool  # whether `val` was chosen here as a part of the training folder

    @property
    def has_several_channels(self) -> bool:
        """Whether the first image to learn from, as far as it is taken, has more than one."""
        return len(self.train) > 0 and self.train.samples[0].image.shape[2] > 1

    @property
    def divides_an_image(self) -> bool:
        """Whether some planes of an image are learned from, and others validated on."""
        return any((item.image, item.name) in self._learned for item in self.val.annotated)

    @property
    def val_names(self) -> tuple[str, ...]:
        """The names of the images to validate on; where others of its planes are learned from, of
        these planes."""
        items = [(item, (item.image, item.name) in self._learned) for item in self.val.annotated]
        return tuple(dict.fromkeys(i.plane_name if divided else i.name for i, divided in items))

    @property
    def _learned(self) -> set[tuple[Path, str]]:
        """The files and names of the images to learn from; another folder may have equal names."""
        if self.val is self.train:
            return set()
        return {(item.image, item.name) for item in self.train.annotated}

    def in_channel(self, channel: Channel) -> "TrainingData":
        """The same images, of which this channel is taken."""
        train = replace(self.train, channel=channel)
        val = train if self.val is self.train else replace(self.val, channel=channel)
        return replace(self, train=train, val=val)


def open_data(config: DataConfig, *, seed: int, kept: Sequence[str] | None = None) -> TrainingData:
    """Training and validation folders: given, by name or the folder's own parts, or held out.

    `kept` are the names of the images that a run validates on: when it goes on these stay held out,
    and all others are learned from.

    Raises `InputError` for an option that would have no effect; where an image is given to learn
    from and to validate on; where one of `kept` is gone, or a part that is given has others, from
    which the run may have learned.
    """
    data = _divide(config, seed, kept)
    if kept is not None:
        _check_kept(data, kept)
    return data


def _divide(config: DataConfig, seed: int, kept: Sequence[str] | None) -> TrainingData:
    if not config.path:
        raise InputError("training wants a folder of images with annotations; give DATA")
    options: dict[str, Any] = {
        "task": config.task,
        "channel": config.one_channel,
        "page": config.page,
    }
    folder = open_folder(config.path, **options)
    if kept is None:
        _check_used(config, folder)
    if config.split is not None:
        train_names, val_names = read_split(Path(config.split))
        train = folder.subset(train_names)
        val = train if val_names is train_names else folder.subset(val_names)
        return TrainingData(train, val, held_out=False)
    if isinstance(config.val, str):
        train = folder.in_split("train") if "train" in folder.splits else folder
        val = open_folder(config.val, **options)
        val = val.in_split("val") if "val" in val.splits else val
        learned = {item.image.resolve() for item in train.annotated}
        both = (item.name for item in val.annotated if item.image.resolve() in learned)
        common = [*dict.fromkeys(both)]
        if common:
            raise InputError(
                f"--val {config.val} has {counted(common, 'image')} in common with {config.path}; "
                "validate on other images, or leave --val out to hold some out"
            )
        return TrainingData(train, val.with_classes(train.classes), held_out=False)
    splits = folder.splits
    if "train" in splits and "val" in splits:
        return TrainingData(folder.in_split("train"), folder.in_split("val"), held_out=False)
    whole = folder.in_split("train") if "train" in splits else folder
    if kept is not None:
        train, val = whole.hold_out_again(kept, group=config.group)
        return TrainingData(train, val, held_out=True)
    if len(whole) == 1 and config.page is None:
        _check_no_stack(whole.annotated[0].image)
    share = validation_share(len(whole.images)) if config.val is None else config.val
    train, val = whole.hold_out(share, seed, group=config.group)
    return TrainingData(train, val, held_out=True)


def _check_used(config: DataConfig, folder: Folder) -> None:
    """Raise `InputError` for an option that would have no effect, for the images are divided."""
    given = {"--val": config.val, "--group": config.group}
    if config.split is not None:
        divided, instead = f"data.split names the images to validate on ({config.split})", ""
    elif isinstance(config.val, str):
        divided, instead = f"--val {config.val} is what to validate on", ""
        del given["--val"]
    elif {"train", "val"} <= folder.splits.keys():
        divided = f"{config.path} has a val part of its own"
        instead = ", or give its train part alone as DATA"
    else:
        return
    for option, value in given.items():
        if value is not None:
            raise InputError(
                f"{divided}, so {option} {value} would have no effect; leave that out{instead}"
            )


def _check_no_stack(image: Path) -> None:
    """Raise `InputError` for the only image where it has pages, of which none is chosen."""
    pages = count_pages(image)
    if pages > 1:
        raise InputError(
            f"{image} is the only image and has {pages} planes; take each of them as an image, the "
            "last ones to validate on, with --set data.page=all"
        )


def _check_kept(data: TrainingData, kept: Sequence[str]) -> None:
    """Raise `InputError` where what a run validates on is not what it was, or is all there is."""
    gone = sorted({*kept} - {*data.val_names})
    new = [] if data.held_out else sorted({*data.val_names} - {*kept})
    if gone:
        raise InputError(
            f"{data.val.path} lacks {counted(gone, 'image')} that the run validates on; go on with "
            "the images that it began with, or start a new run with --from RUN"
        )
    if new:
        raise InputError(
            f"{counted(new, 'image')} would be validated on that the run may have learned from; "
            "--resume keeps its validation images, so start a new run with --from RUN"
        )
    if not len(data.train):
        raise InputError(
            f"{data.train.path} has only images that the run validates on; go on with those that "
            "it learned from, too"
        )


def validation_share(images: int) -> float:
    """The share of a folder that is held out by default.

    >>> [round(number * validation_share(number)) for number in (2, 6, 13, 20, 60)]
    [0, 1, 3, 3, 6]
    """
    return max(SHARE, min(LEAST_HELD, LARGEST_SHARE * images) / max(images, 1))


def read_split(path: Path) -> tuple[list[str], list[str]]:
    """The names of training and validation images; for `"val": "train"` they are one list.

    Raises `InputError` where the file lacks them or has a name in both parts.
    """
    try:
        split = json.loads(path.read_text(encoding="utf-8"))
        train = [str(name) for name in split["train"]]
        val = train if split["val"] == "train" else [str(name) for name in split["val"]]
    except OSError as error:
        raise InputError(f"data.split: {path} cannot be read ({error.strerror})") from None
    except (ValueError, LookupError, TypeError):
        raise InputError(f'{path} must be {{"train": [names], "val": [names]}}') from None
    if not (train and val):
        raise InputError(f"{path} names no image to {'validate on' if train else 'learn from'}")
    common = sorted({*train} & {*val})
    if common and val is not train:
        raise InputError(
            f"{path} has {counted(common, 'image')} in both parts; learn from an image or validate "
            "on it"
        )
    return train, val


def bare_planes_warning(train: LoadedSamples) -> str:
    """A warning where few planes of the stacks to learn from have an object; "" of half of them."""
    planes = [
        len(stored.instances) > 0
        for item, stored in zip(train.samples.annotated, train.stored, strict=True)
        if item.is_plane
    ]
    full = sum(planes)
    if not full or 2 * full >= len(planes):
        return ""
    return (
        f"! {full} of {plural(len(planes), 'plane')} to learn from have objects, and on the others "
        "the network learns that there are none; if nobody outlined those, save the outlined ones "
        "as files of their own, or take one with --set data.page=N"
    )


def copies_warning(train: LoadedSamples, val: LoadedSamples) -> str:
    """A warning where images to validate on are learned from, too, as they are, turned or mirrored.

    "" where none is, and where both are the same on purpose.
    """
    if val is train:
        return ""
    learned = {kept.fingerprint for kept in train.stored} - {None}
    both = zip(val.samples.annotated, val.stored, strict=True)
    copies = [item.plane_name for item, kept in both if kept.fingerprint in learned]
    if not copies:
        return ""
    verb = "is" if len(copies) == 1 else "are"
    return (
        f"! {len(copies)} of the {len(val)} validation images ({listed(copies)}) {verb} also "
        "learned from: the scores are too good"
    )


def describe_data(data: TrainingData, file: str) -> str:
    """The number of images, the names of those held out here, and the folders' warnings."""
    line = f"{_count(data.train, ' images')} to learn from, {_count(data.val)} to validate on"
    held = data.val_names
    if data.held_out:
        line += f", held out ({listed(held, most=NAMED)}; all in {file})"
    warnings = dict.fromkeys((*data.train.warnings, *data.val.warnings))
    if len(data.val) == 1:
        warnings[
            "one image alone decides which network is kept and at which threshold; annotate "
            "more, or hold out more (--val)"
        ] = None
    if data.divides_an_image:
        warnings[
            "planes of one image are learned from and validated on, its last ones, with a gap "
            "between: the scores say little of other images; annotate a second one"
        ] = None
    return "\n".join([line, *(f"! {warning}" for warning in warnings)])


def _count(folder: Folder, what: str = "") -> str:
    """The number of images, with `what` behind it, or as "30 planes of 3 images" where it has any.

    Single images among stacks count as one plane.
    """
    if not any(item.is_plane for item in folder.annotated):
        return f"{len(folder)}{what}"
    return f"{plural(len(folder), 'plane')} of {plural(len(folder.images), 'image')}"
