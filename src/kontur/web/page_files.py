"""The files of the page, from memory, before the API: a browser reads them while it is imported."""

import asyncio
import mimetypes
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

PAGE = Path(__file__).parent / "page"
INDEX = "index.html"
KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


class PageFiles:
    """An application that answers with files, and for everything else asks another one.

    `make` makes that one in a thread of its own; requests wait for it.
    """

    def __init__(self, make: Callable[[], ASGIApp]):
        self._files = _read()
        self._others = ThreadPoolExecutor(1, "kontur-api").submit(make)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a file, or hand the request on."""
        asks = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        answer = self._files.get(scope["path"].removeprefix("/") or INDEX) if asks else None
        if answer is not None:
            await answer(scope, receive, send)
        else:
            others = await asyncio.wrap_future(self._others)
            await others(scope, receive, send)


def _read() -> dict[str, Response]:
    """The answer of every file by its name."""
    files = {
        path.relative_to(PAGE).as_posix(): path.read_bytes()
        for path in sorted(PAGE.rglob("*"))
        if path.is_file()
    }
    files[INDEX] = _with_modules(files[INDEX], [name for name in files if name.endswith(".js")])
    return {
        name: Response(content, media_type=_kind(name), headers={"Cache-Control": "no-cache"})
        for name, content in files.items()
    }


def _with_modules(page: bytes, modules: list[str]) -> bytes:
    """The page with links to all modules: they are asked for at once, not one after another."""
    links = "".join(f'<link rel="modulepreload" href="/{name}">' for name in modules)
    return page.replace(b"</head>", links.encode() + b"</head>")


def _kind(name: str) -> str | None:
    return KINDS.get(Path(name).suffix) or mimetypes.guess_type(name)[0]
