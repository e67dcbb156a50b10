"""The options of a prediction on the command line: those of `infer.options.PredictOptions`."""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kontur.cli.options import ChannelOption, page_or_all
from kontur.errors import InputError

if TYPE_CHECKING:
    from kontur.infer.options import Contrast, GivenContrast, PredictOptions

SHARE = {"min": 0.0, "max": 1.0}

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
