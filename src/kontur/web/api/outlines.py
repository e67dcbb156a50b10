"""Calls about outlines: reading them, every edit, undo and redo, and their measurements."""

import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from fastapi import APIRouter, Response

from kontur.edit import moves
from kontur.errors import InputError
from kontur.images.lazy_pixels import Pixels
from kontur.infer.options import PredictOptions
from kontur.instances import Instances
from kontur.measure.columns import unit
from kontur.models import catalog
from kontur.web import edit_schema
from kontur.web.api import REFUSALS, Key, OpenWorkspace, PageNumber
from kontur.web.contrast import contrast_of
from kontur.web.edit_schema import Edit, PlaneChanges, UndoRedo
from kontur.web.image_folder import FolderImage
from kontur.web.pixels import stamp_of
from kontur.web.plane_objects import Changes
from kontur.web.schema import ModelChoice, ObjectTable, TableColumn
from kontur.web.workspace import CHANNEL_NOTE, Workspace

if TYPE_CHECKING:
    from kontur.infer.session import Session

router = APIRouter(prefix="/api/images/{key}", responses=REFUSALS, tags=["outlines"])

MEASURED = 1 << 28  # bytes of an image up to which intensities are measured
Change = Callable[[Instances], Instances]
QUALITY = TableColumn(
    name="quality", unit="", meaning="IoU with the object that the model predicts", values=[]
)


@router.get("/objects", response_model=PlaneChanges)
def objects(workspace: OpenWorkspace, key: Key, page: PageNumber = 0, since: int = -1) -> Response:
    """The objects of a plane, or those that changed after a revision."""
    return _answer(workspace.annotations.changes(workspace.image(key), page, max(since, -1)))


@router.post("/edits", response_model=PlaneChanges)
def edit(workspace: OpenWorkspace, key: Key, body: Edit) -> Response:
    """Make one edit; what changed since the revision that the window has seen."""
    image = workspace.image(key)
    change, touched = _change(workspace, image, body.page, body.edit)
    made = workspace.annotations.edit(
        image, body.page, body.edit.move, change, known_revision=body.revision, touched=touched
    )
    _publish(workspace, key, body.page, made, body.window)
    return _answer(made)


@router.post("/steps", response_model=PlaneChanges)
def step(workspace: OpenWorkspace, key: Key, body: UndoRedo) -> Response:
    """Undo the newest edit of a plane, or redo the one that was undone last."""
    image = workspace.image(key)
    made = workspace.annotations.step(
        image, body.page, body.direction, known_revision=body.revision
    )
    _publish(workspace, key, body.page, made, body.window)
    return _answer(made)


@router.post("/features", status_code=204)
def compute_features(
    workspace: OpenWorkspace, key: Key, model: ModelChoice, page: PageNumber = 0
) -> None:
    """Compute the model's features of a plane, so that the first outline comes at once."""
    image = workspace.image(key)
    _session(workspace, image, page, model.name, [])


@router.get("/table")
def table(workspace: OpenWorkspace, key: Key, page: PageNumber = 0, model: str = "") -> ObjectTable:
    """Measurements of all objects of a plane; with a model its predicted quality too."""
    from kontur.measure.table import measurements

    image = workspace.image(key)
    plane = workspace.annotations.open(image, page)
    pixels = workspace.pictures.read(image, page).image.pixels
    side = workspace.pictures.pixel_size(image, page)
    made = measurements(plane.instances, _to_measure(pixels), pixel_size=side)
    columns = [
        TableColumn(
            name=name,
            unit=unit(made.columns[name].kind, side),
            meaning=made.columns[name].meaning,
            values=_plain(values),
        )
        for name, values in made.values.items()
    ]
    if model and len(plane.instances):
        quality = _quality(workspace, image, page, model, plane.instances)
        columns.insert(0, QUALITY.model_copy(update={"values": _plain(quality)}))
    return ObjectTable(revision=plane.revision, ids=plane.instances.ids.tolist(), columns=columns)


def _change(
    workspace: Workspace, image: FolderImage, page: int, edit: Any
) -> tuple[Change, list[int]]:
    """The function that makes an edit, and the objects that it is about.

    A model looks before the objects are locked: its features may take a while.
    """
    match edit:
        case edit_schema.DragMove():
            return lambda found: moves.drag(
                found, edit.object, edit.start, edit.end, radius=edit.radius
            ), [edit.object]
        case edit_schema.InsertMove():
            return lambda found: moves.insert(found, edit.object, edit.at), [edit.object]
        case edit_schema.DeleteVertexMove():
            return lambda found: moves.delete_vertex(found, edit.object, edit.at), [edit.object]
        case edit_schema.SmoothMove():
            return lambda f: moves.smooth(f, edit.objects, window=edit.window), edit.objects
        case edit_schema.SimplifyMove():
            return lambda f: moves.simplify(f, edit.objects, tolerance=edit.tolerance), edit.objects
        case edit_schema.ShiftMove():
            return lambda found: moves.shift(found, edit.objects, edit.by), edit.objects
        case edit_schema.CutMove():
            return lambda found: moves.cut(found, edit.object, edit.line), [edit.object]
        case edit_schema.MergeMove():
            return lambda found: moves.merge(found, edit.objects), edit.objects
        case edit_schema.CarveMove():
            return lambda found: moves.carve(found, edit.object, edit.region), [edit.object]
        case edit_schema.ExtendMove():
            return lambda found: moves.extend(found, edit.object, edit.region), [edit.object]
        case edit_schema.FillHolesMove():
            return lambda found: moves.fill_holes(found, edit.objects), edit.objects
        case edit_schema.RedrawMove():
            return lambda found: moves.redraw(found, edit.object, edit.ring), [edit.object]
        case edit_schema.AddMove():
            _name_first_class(workspace)
            return lambda found: moves.add(found, edit.ring, label=edit.label), []
        case edit_schema.DeleteMove():
            return lambda found: moves.delete(found, edit.objects), edit.objects
        case edit_schema.ClassifyMove():
            return lambda found: moves.classify(found, edit.objects, edit.label), edit.objects
        case edit_schema.RefitMove():
            return _refit(workspace, image, page, edit), edit.objects
        case edit_schema.OutlineMove():
            return _outline(workspace, image, page, edit), []
    raise AssertionError(edit)  # every move of the schema is above


def _refit(
    workspace: Workspace, image: FolderImage, page: int, edit: edit_schema.RefitMove
) -> Change:
    plane = workspace.annotations.open(image, page).instances
    boxes = np.array([plane.polygon(plane.index_of(each)).bounds for each in edit.objects])
    session = _session(workspace, image, page, edit.model, boxes.reshape(-1, 2))
    return lambda found: moves.refit(found, edit.objects, session.refine)


def _outline(
    workspace: Workspace, image: FolderImage, page: int, edit: edit_schema.OutlineMove
) -> Change:
    given = {
        name: value
        for name in ("click", "box", "extremes", "polygon")
        if (value := getattr(edit, name)) is not None
    }
    around = np.array([n for value in given.values() for n in np.ravel(value)]).reshape(-1, 2)
    session = _session(workspace, image, page, edit.model, around)
    drawn = session.outline(**given)
    if drawn.is_empty:
        raise InputError(
            "the model sees no object there; try a box, four extreme points, or draw it by hand"
        )
    _name_first_class(workspace, workspace.models.predictor(edit.model).card.classes)
    return lambda found: moves.add(found, drawn, label=edit.label)


def _name_first_class(workspace: Workspace, names: tuple[str, ...] = ("object",)) -> None:
    """The first object of a folder without classes brings those of its model."""
    if not workspace.annotations.classes:
        workspace.annotations.name_classes(names)


def _session(
    workspace: Workspace, image: FolderImage, page: int, model: str, around: Any
) -> "Session":
    predictor = workspace.models.predictor(model)
    picture = workspace.picture_for_model(predictor, image, page)
    chosen = workspace.history.note(
        CHANNEL_NOTE
    )  # none is another channel than the first, if learned
    stamp = f"{stamp_of(image)} {page} {chosen!r}"
    given = contrast_of(workspace, predictor, model)
    given.check(predictor, image, picture)
    options = PredictOptions(contrast=given.contrast)
    return workspace.models.session(model, stamp, picture, options, around)


def _quality(
    workspace: Workspace, image: FolderImage, page: int, model: str, instances: Instances
) -> Any:
    """The predicted quality of all outlines; NaN where the model cannot tell."""
    height, width = instances.size or (0, 0)
    corners = [(0, 0), (width, height)]
    quality = np.full(len(instances), np.nan)
    if catalog.family(workspace.models.card(model).kind).contours is None:
        return quality
    session = _session(workspace, image, page, model, corners)
    outer = shapely.get_num_coordinates(instances.polygons) > 3
    quality[outer] = session.quality(instances.polygons[outer])
    return quality


def _to_measure(pixels: Pixels) -> Any:
    """The pixels whose intensities are measured; None of images too large, or with NaN."""
    if pixels.nbytes > MEASURED:
        return None
    whole = np.asarray(pixels)
    return whole if whole.dtype.kind != "f" or bool(np.isfinite(whole).all()) else None


def _plain(values: Any) -> list[float | None]:
    numbers = np.asarray(values, float).tolist()
    return [float(f"{value:.6g}") if math.isfinite(value) else None for value in numbers]


def _answer(changes: Changes) -> Response:
    """As JSON at once: a model of each of 5,000 outlines would be built to be thrown away."""
    content = {
        "revision": changes.revision,
        "objects": changes.objects,
        "deleted": changes.deleted,
        "undo": changes.steps.undo,
        "redo": changes.steps.redo,
        "status": changes.status,
        "classes": list(changes.classes),
        "move": changes.move,
        "notice": changes.notice,
    }
    return Response(json.dumps(content, separators=(",", ":")), media_type="application/json")


def _publish(workspace: Workspace, key: str, page: int, made: Changes, window: str) -> None:
    _, objects = workspace.annotations.statuses.of(workspace.image(key))
    workspace.events.publish_edit(
        key, page, made.revision, made.status, objects=objects, window=window
    )
