"""What requests and answers look like: the source of the OpenAPI description.

Edits of outlines and their answers are in `edit_schema`.
"""

from typing import Annotated, Any, Literal

import pydantic
from pydantic import Field

LARGEST = 1e7  # pixels: no coordinate is beyond

Page = Annotated[int, Field(ge=0, le=10**6)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Share = Annotated[float, Field(ge=0, le=1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Model(pydantic.BaseModel):
    """A value without unknown keys, NaN and infinity."""

    model_config = pydantic.ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


class Problem(pydantic.BaseModel):
    """Why a request was refused, in one sentence."""

    detail: str
    reason: str = Field("", description="a word, where a page has a reaction of its own")


class ImageSummary(pydantic.BaseModel):
    """An image in the list."""

    key: str
    name: str
    status: Literal["untouched", "predicted", "corrected", "done"]
    objects: int | None = Field(description="null where they were not read yet")


class ExportFormat(pydantic.BaseModel):
    """A format of an export."""

    name: str
    title: str
    ending: str
    install: str | None = Field(description="the command that brings its package, where it lacks")


class FolderSummary(pydantic.BaseModel):
    """The folder: its images, classes and models."""

    name: str
    images: list[ImageSummary]
    classes: list[str]
    palette: list[str] = Field(description='colours of classes, "#rrggbb"; they repeat')
    model: str = Field(description="the model that is in use")
    channel: int | str = Field(description="the channel that it sees of images of several stains")
    contrast: str = Field(description="the contrast in which it sees images; empty for its own")
    formats: list[ExportFormat]
    can_train: bool
    train_install: str = Field(description="command that brings what training needs")
    train_size: str = Field(description="the end of a sentence on it where that is much, or empty")
    problems: list[str]
    version: str


class ChannelSummary(pydantic.BaseModel):
    """A channel: the numbers that 0 and the top stand for, contrast as sent, colour, histogram."""

    name: str
    choice: int | str = Field(description="by which models see it: its name, else its number")
    low: float
    high: float
    black: float
    white: float
    colour: str
    histogram: list[int]


class PictureSummary(pydantic.BaseModel):
    """What to know of a plane before its tiles; sizes are [height, width]."""

    height: int
    width: int
    pages: int
    bits: Literal[8, 16]
    tile: int
    levels: list[list[int]]
    colour: bool
    pixel_size: float | None
    channels: list[ChannelSummary]


class StatusChange(Model):
    """A status that a person gives an image."""

    status: Literal["corrected", "done"]


class ClassNames(Model):
    """The names of all classes, in their order."""

    names: Annotated[list[Name], Field(max_length=500)]


class ModelChoice(Model):
    """The model to use, the channel that it sees of images of several stains, and their contrast.

    The contrast is as it is typed: a percentile, auto, folder, or LOW,HIGH; empty for the model's.
    """

    name: Name
    channel: Annotated[int, Field(ge=0, le=1000)] | Name | None = None
    contrast: Annotated[str, Field(max_length=200)] | None = None


class ModelSummary(pydantic.BaseModel):
    """A model: what it is and how well it did on its validation images."""

    name: str
    kind: str
    classes: list[str]
    scores: dict[str, float | None]
    outlines: bool = Field(description="whether it outlines from clicks and refits")
    about: dict[str, str]
    images: int | None = Field(description="number of images that it learned from")
    channel: int | str | None = Field(description="the one of them that it learned from, else all")


class PredictRequest(Model):
    """Run a model on images; all of the folder that nobody corrected, where none are named."""

    model: Name
    images: Annotated[list[Name], Field(max_length=100_000)] | None = None
    page: Page | Literal["all"] = Field(0, description="a plane of each, or all of them")
    score: Share | None = None
    min_size: Annotated[float, Field(ge=0, le=LARGEST**2)] = 0
    diameter: Annotated[float, Field(gt=0, le=LARGEST)] | Literal["auto"] | None = None
    contrast: (
        Annotated[float, Field(gt=0, le=100)]
        | tuple[Finite, Finite]
        | tuple[tuple[Finite, Finite], ...]
        | Literal["auto", "folder"]
        | None
    ) = Field(
        None,
        description="a percentile, or the two values that become 0 and 1, also two a channel, or "
        "folder, which measures them over all images of the folder; by default the chosen one",
    )


class TrainRequest(Model):
    """Train on what was corrected, from a model on."""

    model: Name
    minutes: Annotated[float, Field(gt=0, le=60 * 24 * 7)] = 5
    steps: Annotated[int, Field(gt=0, le=10**7)] | None = None
    curve: bool = Field(False, description="train on half of the images too, to compare")


class ExportRequest(Model):
    """Write outlines of images in a format; of all images where none are named."""

    format: Name
    images: Annotated[list[Name], Field(max_length=100_000)] | None = None


class JobSummary(pydantic.BaseModel):
    """A job and how it stands."""

    number: int
    kind: Literal["predict", "train"]
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    done: float
    total: float
    message: str
    image: str = Field(description="name of the one image that it is about, else empty")
    result: dict[str, Any]


class WindowImage(Model):
    """Which image a window shows, and the stream through which it hears of events."""

    window: Annotated[str, Field(min_length=1, max_length=64)]
    stream: Annotated[str, Field(min_length=1, max_length=64)]
    image: Annotated[str, Field(max_length=64)] | None = None


class TableColumn(pydantic.BaseModel):
    """A column of measurements with its unit and meaning; null where there is no value."""

    name: str
    unit: str
    meaning: str
    values: list[float | None]


class ObjectTable(pydantic.BaseModel):
    """Measurements of the objects of a plane at a revision, one row an object."""

    revision: int
    ids: list[int]
    columns: list[TableColumn]
