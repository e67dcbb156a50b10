"""What edits of outlines look like in requests, and the answers that say what changed."""

from typing import Annotated, Literal

import pydantic
from pydantic import Field

from kontur.web.schema import LARGEST, Model, Name, Page

MOST_POINTS = 20_000  # of one outline or line
MOST_OBJECTS = 200_000

Coordinate = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
Point = Annotated[list[Coordinate], Field(min_length=2, max_length=2)]
Number = Annotated[int, Field(ge=-(2**53), le=2**53)]  # an object's id, exact in JavaScript
Numbers = Annotated[list[Number], Field(min_length=1, max_length=MOST_OBJECTS)]
Line = Annotated[list[Point], Field(min_length=2, max_length=MOST_POINTS)]
Ring = Annotated[list[Point], Field(min_length=3, max_length=MOST_POINTS)]
Length = Annotated[float, Field(gt=0, le=LARGEST)]
Label = Annotated[int, Field(ge=0, le=10**4)]


class DragMove(Model):
    """Move the vertex nearest to `start`, its neighbours within `radius` with it."""

    move: Literal["drag"]
    object: Number
    start: Point
    end: Point
    radius: Annotated[float, Field(ge=0, le=LARGEST)] = 0


class InsertMove(Model):
    """Put a vertex on the outline, nearest to `at`."""

    move: Literal["insert"]
    object: Number
    at: Point


class DeleteVertexMove(Model):
    """Leave out the vertex nearest to `at`."""

    move: Literal["delete_vertex"]
    object: Number
    at: Point


class SmoothMove(Model):
    """Average outlines over a window of arc length."""

    move: Literal["smooth"]
    objects: Numbers
    window: Length = 6


class SimplifyMove(Model):
    """Leave out vertices while outlines move by at most `tolerance`."""

    move: Literal["simplify"]
    objects: Numbers
    tolerance: Length = 0.5


class ShiftMove(Model):
    """Move whole objects."""

    move: Literal["shift"]
    objects: Numbers
    by: Point


class CutMove(Model):
    """Divide an object along a line."""

    move: Literal["cut"]
    object: Number
    line: Line


class MergeMove(Model):
    """Make one object of several."""

    move: Literal["merge"]
    objects: Numbers


class CarveMove(Model):
    """Take a region out of an object: a hole, or a bite."""

    move: Literal["carve"]
    object: Number
    region: Ring


class ExtendMove(Model):
    """Add a region to an object."""

    move: Literal["extend"]
    object: Number
    region: Ring


class FillHolesMove(Model):
    """Fill the holes of objects."""

    move: Literal["fill_holes"]
    objects: Numbers


class RefitMove(Model):
    """Let the model move outlines onto the edges beneath them."""

    move: Literal["refit"]
    objects: Numbers
    model: Name


class RedrawMove(Model):
    """Give an object another outline."""

    move: Literal["redraw"]
    object: Number
    ring: Ring


class AddMove(Model):
    """A new object as it was drawn."""

    move: Literal["add"]
    ring: Ring
    label: Label = 0


class DeleteMove(Model):
    """Delete objects."""

    move: Literal["delete"]
    objects: Numbers


class ClassifyMove(Model):
    """Give objects another class."""

    move: Literal["classify"]
    objects: Numbers
    label: Label


class OutlineMove(Model):
    """A new object outlined by a model from one prompt: a click, a box, four extremes, a ring."""

    move: Literal["outline"]
    model: Name
    label: Label = 0
    click: Point | None = None
    box: Annotated[list[Coordinate], Field(min_length=4, max_length=4)] | None = None
    extremes: Annotated[list[Point], Field(min_length=4, max_length=4)] | None = None
    polygon: Ring | None = None


Move = Annotated[
    DragMove
    | InsertMove
    | DeleteVertexMove
    | SmoothMove
    | SimplifyMove
    | ShiftMove
    | CutMove
    | MergeMove
    | CarveMove
    | ExtendMove
    | FillHolesMove
    | RefitMove
    | RedrawMove
    | AddMove
    | DeleteMove
    | ClassifyMove
    | OutlineMove,
    Field(discriminator="move"),
]


class Edit(Model):
    """One edit of a plane by a window that has seen `revision`."""

    edit: Move
    revision: Annotated[int, Field(ge=0, le=2**53)]
    page: Page = 0
    window: Annotated[str, Field(max_length=64)] = ""


class UndoRedo(Model):
    """Undo or redo in a plane, by a window that has seen `revision`."""

    direction: Literal["undo", "redo"]
    revision: Annotated[int, Field(ge=0, le=2**53)]
    page: Page = 0
    window: Annotated[str, Field(max_length=64)] = ""


class WireObject(pydantic.BaseModel):
    """An object: of every part the rings as flat lists x, y, x, y …, the outer one first."""

    id: int
    label: int
    score: float | None
    ignore: bool
    by: Literal["hand", "model", "file"]
    parts: list[list[list[float]]]


class PlaneChanges(pydantic.BaseModel):
    """What changed in a plane since a revision, and how it stands."""

    revision: int
    objects: list[WireObject]
    deleted: list[int]
    undo: int
    redo: int
    status: Literal["untouched", "predicted", "corrected", "done"]
    classes: list[str]
    move: str = ""
    notice: str = Field("", description="a sentence to show, such as that the picture is another")
