"""The application: the API and the files of the page behind the guard.

The API is described by OpenAPI at /openapi.json. Errors are answered as `{"detail": sentence}`.
"""

import mimetypes
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from kontur.errors import InputError
from kontur.web.annotations import Conflict
from kontur.web.api import images, outlines, work
from kontur.web.guard import HOSTS, Guard
from kontur.web.workspace import NoSuchImage, Workspace

PAGE = Path(__file__).parent / "page"
KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


def create_app(workspace: Workspace, *, token: str, hosts: tuple[str, ...] = HOSTS) -> FastAPI:
    """The application for an open workspace; `token` opens its API."""

    @asynccontextmanager
    async def closing(app: FastAPI) -> AsyncIterator[None]:
        yield
        workspace.close()

    app = FastAPI(
        title="Kontur",
        description="The page of `kontur serve`: images, outlines, corrections, training.",
        version="1",
        docs_url=None,  # they would load scripts from elsewhere
        redoc_url=None,
        middleware=[Middleware(Guard, token=token, hosts=hosts)],
        lifespan=closing,
    )
    app.state.workspace = workspace
    for router in (images.router, outlines.router, work.router):
        app.include_router(router)
    _add_errors(app)
    files = {path.relative_to(PAGE).as_posix(): path for path in PAGE.rglob("*") if path.is_file()}

    @app.get("/{name:path}", include_in_schema=False)
    def page(name: str) -> Response:
        path = files.get(name or "index.html")
        if path is None:
            raise HTTPException(404, "there is no such file")
        kind = KINDS.get(path.suffix) or mimetypes.guess_type(path.name)[0]
        return FileResponse(path, media_type=kind, headers={"Cache-Control": "no-cache"})

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
        problems = [
            f"{'.'.join(str(part) for part in each['loc'][1:]) or 'the request'}: {each['msg']}"
            for each in error.errors()[:3]
        ]
        return _answer(422, "; ".join(problems))


def _answer(status: int, sentence: str) -> JSONResponse:
    text = sentence.encode("utf-8", "replace").decode("utf-8")
    return JSONResponse({"detail": text}, status)
