"""The API as an application, described by OpenAPI at /openapi.json.

Errors are answered as `{"detail": sentence}`.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from kontur.errors import InputError
from kontur.web.api import images, outlines, work
from kontur.web.plane_objects import Conflict
from kontur.web.workspace import NoSuchImage, Workspace
from kontur.wording import of_check


def create_api(workspace: Workspace) -> FastAPI:
    """The API for an open workspace."""
    app = FastAPI(
        title="Kontur",
        description="The page of `kontur serve`: images, outlines, corrections, training.",
        version="1",
        docs_url=None,  # they would load scripts from elsewhere
        redoc_url=None,
    )
    app.state.workspace = workspace
    for router in (images.router, outlines.router, work.router):
        app.include_router(router)
    _add_errors(app)
    return app


def _add_errors(app: FastAPI) -> None:
    """Every error that a person can correct as one sentence."""

    @app.exception_handler(InputError)
    def unfit(request: Request, error: InputError) -> JSONResponse:
        return _answer(400, str(error))

    @app.exception_handler(NoSuchImage)
    def missing(request: Request, error: NoSuchImage) -> JSONResponse:
        return _answer(404, "there is no such image in this folder; it may have been removed")

    @app.exception_handler(Conflict)
    def conflict(request: Request, error: Conflict) -> JSONResponse:
        sentence = "this was changed in another window; what you see is now brought up to date"
        return JSONResponse({"detail": sentence, "reason": "conflict"}, 409)

    @app.exception_handler(OSError)
    def system(request: Request, error: OSError) -> JSONResponse:
        reason = error.strerror or str(error)
        return _answer(507, f"{error.filename}: {reason}" if error.filename else reason)

    @app.exception_handler(MemoryError)
    def memory(request: Request, error: MemoryError) -> JSONResponse:
        return _answer(507, "there is not enough memory for this")

    @app.exception_handler(HTTPException)
    def plain(request: Request, error: HTTPException) -> JSONResponse:
        return _answer(error.status_code, str(error.detail))

    @app.exception_handler(RequestValidationError)
    def form(request: Request, error: RequestValidationError) -> JSONResponse:
        return _answer(422, "; ".join(map(_problem, error.errors()[:3])))


def _answer(status: int, sentence: str) -> JSONResponse:
    text = sentence.encode("utf-8", "replace").decode("utf-8")
    return JSONResponse({"detail": text}, status)


def _problem(found: Mapping[str, Any]) -> str:
    """What is wrong with a request: the name of the value, and why."""
    where, *names = found["loc"]
    if found["type"] == "json_invalid":
        reason = found["ctx"]["error"]
        return f"the body of the request is no JSON: {reason} at character {names[0]}"
    name = ".".join(map(str, names)) or f"the {where} of the request"
    return f"{name}: {of_check(found['msg'])}"
