"""Calls about the folder and its images: what there is, pixels, and status."""

from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Response

from kontur import extra
from kontur.display.colours import PALETTE, as_hex
from kontur.web import contrast, exporting
from kontur.web.api import REFUSALS, Key, OpenWorkspace, PageNumber
from kontur.web.pixels import describe, stamp_of
from kontur.web.schema import (
    ClassNames,
    FolderSummary,
    ImageSummary,
    PictureSummary,
    StatusChange,
)
from kontur.web.workspace import Workspace

router = APIRouter(prefix="/api", responses=REFUSALS, tags=["images"])


@router.get("/folder")
def folder(workspace: OpenWorkspace) -> FolderSummary:
    """The folder: its images with their status, classes, and what can be done here."""
    return summary(workspace)


@router.post("/folder/refresh")
def refresh(workspace: OpenWorkspace) -> FolderSummary:
    """List the folder again."""
    workspace.folder.refresh()
    return summary(workspace)


@router.put("/classes")
def name_classes(workspace: OpenWorkspace, body: ClassNames) -> ClassNames:
    """Rename classes and add further ones."""
    names = workspace.annotations.name_classes(body.names)
    workspace.events.publish("classes", classes=list(names))
    return ClassNames(names=list(names))


@router.get("/images/{key}")
def picture(workspace: OpenWorkspace, key: Key, page: PageNumber = 0) -> PictureSummary:
    """Size, levels, channels and contrast of a plane."""
    image = workspace.image(key)
    made = workspace.pictures.read(image, page)
    side = workspace.pictures.pixel_size(image, page)
    return PictureSummary.model_validate(describe(made, workspace.pictures.pages(image), side))


@router.get(
    "/images/{key}/thumbnail",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}, 304: {"description": "It is the same"}},
)
def thumbnail(
    workspace: OpenWorkspace, key: Key, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """A small picture of the first plane; a browser keeps it and asks whether it is the same."""
    image = workspace.image(key)
    stamp = stamp_of(image)
    headers = {"Cache-Control": "private, no-cache", "ETag": f'"{stamp.replace(" ", "-")}"'}
    if if_none_match == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    made = workspace.history.thumbnail(key, stamp)
    if made is None:
        made = workspace.pictures.read(image, 0).thumbnail()
        workspace.history.set_thumbnail(key, stamp, made)
    return Response(made, media_type="image/jpeg", headers=headers)


@router.get(
    "/images/{key}/tiles/{level}/{column}/{row}",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
def tile(
    workspace: OpenWorkspace, key: Key, level: int, column: int, row: int, page: PageNumber = 0
) -> Response:
    """The values of a tile, channel after channel, of 8 or 16 bits, little-endian."""
    values = workspace.pictures.read(workspace.image(key), page).tile(level, column, row)
    if values is None:
        raise HTTPException(404, "there is no such tile")
    return Response(values, media_type="application/octet-stream")


@router.put("/images/{key}/status")
def set_status(workspace: OpenWorkspace, key: Key, body: StatusChange) -> ImageSummary:
    """Say that an image is done, or not yet."""
    image = workspace.image(key)
    workspace.annotations.set_status(image, body.status)
    status, objects = workspace.annotations.statuses.of(image)
    workspace.events.publish("status", image=key, status=status, objects=objects)
    return ImageSummary(key=key, name=image.name, status=status, objects=objects)


def summary(workspace: Workspace) -> FolderSummary:
    """The folder as a page begins with it."""
    statuses = workspace.annotations.statuses.by_key()
    images = [
        ImageSummary(key=key, name=image.name, status=statuses[key][0], objects=statuses[key][1])
        for key, image in workspace.folder.images.items()
    ]
    return FolderSummary(
        name=workspace.root.resolve().name or str(workspace.root),
        images=images,
        classes=list(workspace.annotations.classes),
        palette=[as_hex(colour) for colour in PALETTE],
        model=workspace.model,
        channel=workspace.channel,
        contrast=contrast.chosen(workspace),
        formats=exporting.choices(),
        can_train=workspace.can_train,
        train_install=extra.install("train"),
        train_size=extra.torch_size(),
        problems=workspace.problems,
        version=version("kontur"),
    )
