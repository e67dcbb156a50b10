"""The options that several commands share, each described once."""

import functools
import inspect
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kontur.errors import InputError

if TYPE_CHECKING:
    from kontur.infer.options import Contrast, GivenContrast, PredictOptions
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


SHARE = {"min": 0.0, "max": 1.0}

ValOption = Annotated[
    str | None,
    typer.Option(
        "--val",
        metavar="FOLDER|SHARE",
        help="What to validate on.  [default: DATA's own val/, or a tenth of it and three images "
        "of few]",
    ),
]
ModelOption = Annotated[
    str,
    typer.Option(
        "--model", "-m", help="A shipped model's name, a training run's folder or a .kontur file."
    ),
]
ScoreOption = Annotated[
    float | None,
    typer.Option(
        "--score", **SHARE, help="Leave out objects below this score.  [default: the model's]"
    ),
]
OverlapOption = Annotated[
    float | None,
    typer.Option(
        "--overlap",
        **SHARE,
        help="Of two outlines whose IoU is above this keep the better.  [default: the model's]",
    ),
]
MinSizeOption = Annotated[
    float,
    typer.Option("--min-size", min=0.0, help="Leave out objects of fewer square pixels."),
]
DiameterOption = Annotated[
    str | None,
    typer.Option(
        "--diameter",
        metavar="PIXELS|auto",
        help="The size of a typical object: the side of a square of its area, in pixels. The "
        "image is scaled to the size that the model learned; auto measures it.  "
        "[default: the image as it is]",
    ),
]
ContrastOption = Annotated[
    list[str] | None,
    typer.Option(
        "--contrast",
        metavar="PERCENTILE|auto|folder|LOW,HIGH",
        help="The percentile of the image's values that counts as bright; a lower one, such as 99, "
        "brings up dim objects beside very bright ones; auto searches for it. LOW,HIGH are two "
        "values, such as 100,4000, that become dark and bright in every image, to compare images "
        "of one exposure; folder measures them over all images together. Given once for each "
        "channel they are that channel's, where the model normalises each alone.  [default: the "
        "model's]",
    ),
]
PredictedPixelSizeOption = Annotated[
    str | None,
    typer.Option(
        "--pixel-size",
        metavar="UM|auto",
        help="Side of a pixel in µm, auto takes that of the file: the image is scaled to the "
        "pixels that the model learned from, in place of --diameter.",
    ),
]
RegionOption = Annotated[
    str | None,
    typer.Option(
        "--region",
        metavar="X,Y,W,H|FILE",
        help="Only objects whose centres lie in this rectangle, in pixels, or in the outlines of a "
        "file, such as tissue drawn in QuPath.",
    ),
]
AugmentOption = Annotated[
    str | None,
    typer.Option(
        "--augment",
        metavar="flips|turns",
        help="Also look at each image flipped (4 orientations), or flipped and turned (8), and "
        "take what the contours agree on; takes as many times longer.",
    ),
]
TileOption = Annotated[
    int | None,
    typer.Option(
        "--tile",
        min=1,
        metavar="PIXELS",
        help="Look at images in tiles of this side; the objects are the same.  [default: where the "
        "whole needs too much memory]",
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
PagesOption = Annotated[
    str | None,
    typer.Option(
        "--page",
        metavar="N|all",
        help="Use this page of stacks, counted from 0; all predicts every plane of a stack or film "
        "into formats that keep them.",
    ),
]
PolishOption = Annotated[
    bool,
    typer.Option(
        "--polish",
        help="Let the model's agent correct the outlines, step by step; kontur reinforce trains "
        "one.",
    ),
]
LinkOption = Annotated[
    bool,
    typer.Option("--link", help="With --page all: number the objects' tracks and their parents."),
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
        "on a GPU; auto takes these where it can. float32 gives the same outlines everywhere.",
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


def number_or_auto(option: str, word: str | None) -> Any:
    """The value of an option: a number above 0, "auto" or None."""
    if word is None or word == "auto":
        return word
    try:
        number = float(word)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise typer.BadParameter(
            f"wanted a number above 0, or auto, got {word!r}", param_hint=option
        )
    return number


PREDICT_OPTIONS: dict[str, Any] = {  # by the field of `infer.options.PredictOptions`
    "score": ScoreOption,
    "overlap": OverlapOption,
    "min_size": MinSizeOption,
    "diameter": DiameterOption,
    "pixel_size": PredictedPixelSizeOption,
    "contrast": ContrastOption,
    "region": RegionOption,
    "augment": AugmentOption,
    "tile": TileOption,
    "channel": ChannelOption,
    "page": PagesOption,
    "link": LinkOption,
    "polish": PolishOption,
}
# Those of a prediction that is compared with annotations, one page at a time.
EVALUATED = tuple(name for name in PREDICT_OPTIONS if name not in ("region", "link", "page"))
OFF: dict[str, Any] = {"min_size": 0.0, "link": False, "polish": False}  # defaults other than None


def takes_predict_options(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the named options of a prediction; all where none are named.

    The command has one parameter `options: PredictOptions` where they are to stand; on the command
    line it is as many options.
    """
    chosen = names or tuple(PREDICT_OPTIONS)

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        parameters: list[inspect.Parameter] = []
        for parameter in inspect.signature(command).parameters.values():
            if parameter.name == "options":
                parameters += [
                    parameter.replace(
                        name=name, default=OFF.get(name), annotation=PREDICT_OPTIONS[name]
                    )
                    for name in chosen
                ]
            else:
                parameters.append(parameter)

        @functools.wraps(command)
        def run(**values: Any) -> None:
            given = {name: values.pop(name) for name in chosen}
            command(**values, options=predict_options(**given))

        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {item.name: item.annotation for item in parameters}
        return run

    return decorate


def page_or_all(word: str | None) -> Any:
    """The number of a page, "all" or None."""
    if word is None or word == "all":
        return word
    if not word.isdecimal():
        raise typer.BadParameter(
            f"wanted a whole number from 0, or all, got {word!r}", param_hint="--page"
        )
    return int(word)


def contrast_of(words: Sequence[str] | None) -> "Contrast | None":
    """The value of --contrast, of several a range for each channel."""
    from kontur.infer.options import parse_contrast

    if words and len(words) > 1 and not all("," in word for word in words):
        raise typer.BadParameter(
            "several are ranges LOW,HIGH, one for each channel, and any other contrast is given "
            f"once; got {', then '.join(words)}",
            param_hint="--contrast",
        )
    try:
        return parse_contrast(";".join(words)) if words else None
    except InputError as error:
        raise typer.BadParameter(str(error), param_hint="--contrast") from None


def range_of_all(contrast: "GivenContrast | None") -> list[str]:
    """A line on the range that was measured over all images, where one was."""
    from kontur.infer.options import contrast_text

    if contrast is None:
        return []
    words = " ".join(f"--contrast {pair}" for pair in contrast_text(contrast).split(";"))
    return [f"one range of intensities for all images ({words} gives the same)"]


def predict_options(
    *,
    diameter: str | None = None,
    contrast: Sequence[str] | None = None,
    pixel_size: str | None = None,
    page: str | None = None,
    link: bool = False,
    **others: Any,
) -> "PredictOptions":
    """The options of a prediction, from the words of the command line."""
    from kontur.infer.options import PredictOptions

    return PredictOptions(
        diameter=number_or_auto("--diameter", diameter),
        pixel_size=number_or_auto("--pixel-size", pixel_size),
        page=page_or_all(page),
        link=link,
        contrast=contrast_of(contrast),
        **others,
    )


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
