"""The files of the page, from memory, before the API: a browser reads them while it is imported.

The page itself carries its first picture, where that is there in time: it is on the screen before
any module has run. Only a request with the token gets it.
"""

import asyncio
import base64
import mimetypes
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from html import escape
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from kontur.web.first_picture import FirstPicture
from kontur.web.guard import KNOWS_TOKEN

PAGE = Path(__file__).parent / "page"
INDEX = "index.html"
KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
PICTURE_PLACE = "<!-- first picture -->"
PATIENCE = 0.3  # seconds that the page waits for its picture

Result = TypeVar("Result")
Ask = Callable[[str], FirstPicture | None]


class PageFiles:
    """An application that answers with files, and for everything else asks another one.

    `make` makes that one in a thread of its own; requests wait for it. `picture` gives the picture
    of the image with a key, of the first one for "".
    """

    def __init__(self, make: Callable[[], ASGIApp], picture: Ask):
        self._files = _read()
        self._picture = picture
        first = _in_thread(lambda: picture(""))
        self._coming: Future[FirstPicture | None] | None = first

        def after_the_picture() -> ASGIApp:
            wait([first], PATIENCE)
            return make()

        self._others = _in_thread(after_the_picture)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a file, or hand the request on."""
        wants_file = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        name = (scope["path"].removeprefix("/") or INDEX) if wants_file else None
        answer: ASGIApp
        if name == INDEX:
            answer = _answer(name, await self._page(scope))
        elif name in self._files:
            answer = _answer(name, self._files[name])
        else:
            answer = await asyncio.wrap_future(self._others)
        await answer(scope, receive, send)

    async def _page(self, scope: Scope) -> bytes:
        """The page, with its picture where that is there in time."""
        page = self._files[INDEX]
        if not scope.get(KNOWS_TOKEN):
            return page
        (key,) = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("image", [""])[:1]
        coming, self._coming = None if key else self._coming, None
        coming = coming or _in_thread(lambda: self._picture(key))
        await asyncio.wait([asyncio.wrap_future(coming)], timeout=PATIENCE)
        # what went wrong is told where the page asks for the image
        picture = coming.result() if coming.done() and coming.exception() is None else None
        return page if picture is None else page.replace(PICTURE_PLACE.encode(), _element(picture))


def _in_thread(work: Callable[[], Result]) -> "Future[Result]":
    """What a thread makes that ends with the process, however long its work takes."""
    made: Future[Result] = Future()

    def run() -> None:
        try:
            made.set_result(work())
        except BaseException as error:
            made.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return made


def _element(picture: FirstPicture) -> bytes:
    data = base64.b64encode(picture.jpeg).decode()
    return (
        f'<img id="first-picture" data-key="{escape(picture.key)}" alt="" '
        f'elementtiming="first-picture" src="data:image/jpeg;base64,{data}">'
    ).encode()


def _read() -> dict[str, bytes]:
    """The content of every file by its name."""
    files = {
        path.relative_to(PAGE).as_posix(): path.read_bytes()
        for path in sorted(PAGE.rglob("*"))
        if path.is_file()
    }
    files[INDEX] = _with_modules(files[INDEX], [name for name in files if name.endswith(".js")])
    return files


def _with_modules(page: bytes, modules: list[str]) -> bytes:
    """The page with links to all modules: they are asked for at once, not one after another."""
    links = "".join(f'<link rel="modulepreload" href="/{name}">' for name in modules)
    return page.replace(b"</head>", links.encode() + b"</head>")


def _answer(name: str, content: bytes) -> Response:
    kind = KINDS.get(Path(name).suffix) or mimetypes.guess_type(name)[0]
    return Response(content, media_type=kind, headers={"Cache-Control": "no-cache"})
