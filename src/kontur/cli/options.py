"""The options that several commands share, each described once."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kontur.errors import InputError

if TYPE_CHECKING:
    from kontur.measure.measure_many import PixelSize


class Device(StrEnum):
    """Where a model runs."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class Precision(StrEnum):
    """The numbers in which a model computes."""

    auto = "auto"
    float32 = "float32"
    int8 = "int8"
    bf16 = "bf16"


class Task(StrEnum):
    """What the values of a mask file mean."""

    instances = "instances"
    components = "components"
    semantic = "semantic"


ValOption = Annotated[
    str | None,
    typer.Option(
        "--val",
        metavar="FOLDER|SHARE",
        help="What to validate on.  [default: DATA's own val/; else a tenth of its images, three "
        "at least and a fifth at most]",
    ),
]
ModelOption = Annotated[
    str,
    typer.Option(
        "--model", "-m", help="A shipped model's name, a training run's folder or a .kontur file."
    ),
]


def channel_number_or_name(word: str) -> int | str:
    """A number stays one, also where a channel has it for a name."""
    try:
        number = int(word)
    except ValueError:
        if not word.strip():
            raise typer.BadParameter("wanted the number or the name of a channel") from None
        return word.strip()
    if number < 0:
        raise typer.BadParameter(f"wanted a whole number from 0, or a name, got {word!r}")
    return number


ChannelOption = Annotated[
    Any,  # int | str | None, which Typer does not know
    typer.Option(
        "--channel",
        metavar="N|NAME",
        parser=channel_number_or_name,
        help="Use this channel only: its number from 0, or its name in each image, as DAPI.",
    ),
]
PageOption = Annotated[
    int | None, typer.Option("--page", min=0, help="Use this page of stacks, counted from 0.")
]
DeviceOption = Annotated[
    Device,
    typer.Option("--device", help="Where the model runs; auto takes a GPU where torch finds one."),
]
PrecisionOption = Annotated[
    Precision,
    typer.Option(
        "--precision",
        help="int8 computes in 8-bit integers, where the model has them, bf16 in floats of 16 bits "
        "on a GPU; auto takes what was measured to be fast here. float32 gives the same outlines "
        "everywhere.",
    ),
]
ThreadsOption = Annotated[
    int | None,
    typer.Option("--threads", min=1, help="Processors to use.  [default: all of this process]"),
]
TaskOption = Annotated[
    Task,
    typer.Option(
        "--task",
        help="What the values of a mask file mean: every value an object (instances), every "
        "connected region of a binary mask an object (components), every value a class (semantic).",
    ),
]
PixelSizeOption = Annotated[
    str | None,
    typer.Option(
        "--pixel-size",
        metavar="UM|pixels",
        help="Side of a pixel in µm; pixels keeps to pixels.  [default: from the files]",
    ),
]
MetadataOption = Annotated[
    Path | None,
    typer.Option(
        "--metadata",
        metavar="CSV",
        help="A table with one row per image.  [default: metadata.csv in that folder]",
    ),
]
MeasuredOutlinesOption = Annotated[
    Path | None,
    typer.Option(
        "--outlines",
        metavar="OUTLINES",
        help="The outlines that were measured.  [default: the table's column outline, or the "
        "training folder's]",
    ),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite existing files.")]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress, only the result at the end.")
]
DataArgument = Annotated[
    Path, typer.Argument(metavar="DATA", help="A folder of images with annotations.")
]


def page_or_all(word: str | None) -> Any:
    """The number of a page, "all" or None."""
    if word is None or word == "all":
        return word
    if not word.isdecimal():
        raise typer.BadParameter(
            f"wanted a whole number from 0, or all, got {word!r}", param_hint="--page"
        )
    return int(word)


def parse_pixel_size(word: str | None) -> "PixelSize":
    """A pixel size in µm, "pixels" to measure in pixels, or None to take it from the files."""
    if word is None:
        return None
    if word == "pixels":
        return "pixels"
    try:
        side = float(word)
    except ValueError:
        side = 0.0
    if not 0 < side < float("inf"):
        raise typer.BadParameter(
            f"wanted µm above 0, or pixels, got {word!r}", param_hint="--pixel-size"
        )
    return side


def comma_separated(words: str | None) -> list[str]:
    """The words between the commas; none where the option was not given.

    Raises `InputError` for a list without any word.

    >>> comma_separated("area, efd_*,"), comma_separated(None)
    (['area', 'efd_*'], [])
    """
    listed = [word.strip() for word in (words or "").split(",") if word.strip()]
    if words is not None and not listed:
        raise InputError("a list without a word was given; name something, or leave the option out")
    return listed
