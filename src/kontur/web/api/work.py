"""Calls about what takes longer: models, predicting, training, jobs, export, and events."""

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Path, Query, Response
from fastapi.responses import StreamingResponse

from kontur.infer.options import PredictOptions
from kontur.web import contrast, exporting, training
from kontur.web.api import REFUSALS, OpenWorkspace
from kontur.web.image_folder import FolderImage
from kontur.web.jobs import Job
from kontur.web.predicting import predict_images
from kontur.web.schema import (
    ExportRequest,
    JobSummary,
    ModelChoice,
    ModelSummary,
    PredictRequest,
    TrainRequest,
    WindowImage,
)
from kontur.web.workspace import Workspace

router = APIRouter(prefix="/api", responses=REFUSALS, tags=["work"])

JobNumber = Annotated[int, Path(ge=1, le=2**53)]


@router.get("/models")
def models(workspace: OpenWorkspace) -> list[ModelSummary]:
    """The models that can be used: those trained here, then those that come with Kontur."""
    from kontur.models import catalog  # heavy: the page is there before

    return [
        ModelSummary(
            name=name,
            kind=card.kind,
            classes=list(card.classes),
            scores=card.scores,
            outlines=catalog.family(card.kind).contours is not None,
            about=card.about,
            images=card.training.get("images"),
            channel=card.channel,
        )
        for name, card in workspace.models.cards()
    ]


@router.put("/model")
def choose_model(workspace: OpenWorkspace, body: ModelChoice) -> ModelChoice:
    """Use another model from now on, another channel of images of several stains, and contrast.

    Without a channel it is the one that the model learned from, or stays as it is; so does the
    contrast. Where one is refused all stay.
    """
    contrast.choose(workspace, body.contrast, body.name, body.channel)
    made = ModelChoice(
        name=body.name, channel=workspace.channel, contrast=contrast.chosen(workspace)
    )
    workspace.events.publish("model", **made.model_dump())
    return made


@router.post("/predict")
def predict(workspace: OpenWorkspace, body: PredictRequest) -> JobSummary:
    """Begin to run a model on images."""
    workspace.models.path(body.model)
    images = None if body.images is None else [workspace.image(key) for key in body.images]
    options = PredictOptions(
        score=body.score,
        min_size=body.min_size,
        diameter=body.diameter,
        contrast=body.contrast,
    )
    return _summary(
        workspace.jobs.start(
            "predict",
            lambda job: predict_images(
                workspace, images, job, model=body.model, page=body.page, options=options
            ),
            image=images[0].name if images is not None and len(images) == 1 else "",
        )
    )


@router.get("/training")
def trainable(workspace: OpenWorkspace) -> dict[str, int]:
    """How many corrected images there are to learn from, and how many are held out."""
    planes = training.corrected_planes(workspace)
    learned, held = training.hold_out(planes) if len(planes) >= training.FEWEST else (planes, [])
    return {"corrected": len(planes), "learned": len(learned), "held_out": len(held)}


@router.post("/training")
def train(workspace: OpenWorkspace, body: TrainRequest) -> JobSummary:
    """Begin a training on what was corrected."""
    workspace.models.path(body.model)
    training.check_trainable(workspace)
    return _summary(workspace.jobs.start("train", lambda job: training.train(workspace, body, job)))


@router.get("/jobs")
def jobs(workspace: OpenWorkspace) -> list[JobSummary]:
    """All jobs of this server, the oldest first."""
    return [_summary(job) for job in workspace.jobs.all()]


@router.get("/jobs/{number}")
def job(workspace: OpenWorkspace, number: JobNumber) -> JobSummary:
    """How a job stands."""
    return _summary(_job(workspace, number))


@router.delete("/jobs/{number}")
def cancel(workspace: OpenWorkspace, number: JobNumber) -> JobSummary:
    """Stop a job at the next point where it can be stopped."""
    _job(workspace, number)
    return _summary(workspace.jobs.cancel(number))


@router.post(
    "/export",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
def export(workspace: OpenWorkspace, body: ExportRequest) -> Response:
    """The outlines of images in a format, as a file to save; its losses stand in a header."""
    made = exporting.export(workspace, list(_to_export(workspace, body.images)), body.format)
    return Response(
        made.content,
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(made.name, safe='')}",
            "X-Kontur-Losses": quote("; ".join(made.losses), safe=" "),
        },
    )


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def events(
    workspace: OpenWorkspace, stream: Annotated[str, Query(min_length=1, max_length=64)]
) -> StreamingResponse:
    """What happens from now on, as server-sent events, for all windows of a browser."""
    return StreamingResponse(workspace.events.listen(stream), media_type="text/event-stream")


@router.put("/windows", status_code=204)
def show_image(workspace: OpenWorkspace, body: WindowImage) -> None:
    """Say which image a window shows; the others are told."""
    workspace.events.show(body.window, body.image, stream=body.stream)


def _to_export(workspace: Workspace, keys: list[str] | None) -> Iterator[FolderImage]:
    if keys is not None:
        yield from (workspace.image(key) for key in dict.fromkeys(keys))
        return
    statuses = workspace.annotations.statuses.by_key()
    yield from (
        image for key, image in workspace.folder.images.items() if statuses[key][0] != "untouched"
    )


def _job(workspace: Workspace, number: int) -> Job:
    try:
        return workspace.jobs[number]
    except KeyError:
        raise HTTPException(404, f"there is no job {number}") from None


def _summary(job: Job) -> JobSummary:
    return JobSummary.model_validate(job.about())
