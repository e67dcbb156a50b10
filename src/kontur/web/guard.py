"""The guard before every request: this machine, this page, with the token, and not too large.

Another site's page in the same browser can send requests to 127.0.0.1, and by a name that it points
there (DNS rebinding) even read the answers. So the host must be this machine's own, the origin the
page's own, and every call of the API must bear the token that only the printed address holds.
"""

import hmac
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOSTS = ("127.0.0.1", "localhost", "::1")
LARGEST_BODY = 32 << 20  # bytes: an edit of one very long outline is a few
PROTECTED = "/api/"
KNOWS_TOKEN = "kontur.knows_token"  # of a scope: whether the request bears the token
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Guard:
    """Middleware that refuses what is not from this machine's own page."""

    def __init__(self, app: ASGIApp, *, token: str, hosts: tuple[str, ...] = HOSTS):
        self.app, self.token, self.hosts = app, token, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or hand it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, _with_headers(send))
            return
        await self.app(scope, _limited(receive), _with_headers(send))

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        headers = Headers(scope=scope)
        scope[KNOWS_TOKEN] = self._knows_token(scope, headers)
        host = headers.get("host", "")
        if _hostname(host) not in self.hosts:
            return _refused(403, "this page answers at 127.0.0.1 alone")
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return _refused(403, "another site may not call this page")
        protected = scope["path"].startswith(PROTECTED)
        site = headers.get("sec-fetch-site", "same-origin")
        if protected and site not in ("same-origin", "none"):
            return _refused(403, "another site may not call this page")
        if protected and not scope[KNOWS_TOKEN]:
            return _refused(
                401, "the token is missing or wrong; open the address that kontur serve printed"
            )
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            return _refused(413, f"a request holds at most {LARGEST_BODY >> 20} MB")
        return None

    def _knows_token(self, scope: Scope, headers: Headers) -> bool:
        given = headers.get("authorization", "").removeprefix("Bearer ")
        if not given:
            query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
            given = query.get("token", [""])[0]
        return hmac.compare_digest(given.encode(), self.token.encode())


def _too_large() -> HTTPException:
    return HTTPException(413, f"a request holds at most {LARGEST_BODY >> 20} MB")


def _limited(receive: Receive) -> Receive:
    """The body, cut off where it is too large although its length was not stated."""
    total = 0

    async def limited() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > LARGEST_BODY:
            raise _too_large()
        return message

    return limited


def _with_headers(send: Send) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return with_headers


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _refused(status: int, sentence: str) -> JSONResponse:
    return JSONResponse({"detail": sentence}, status)
