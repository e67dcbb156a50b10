"""Serving the page on this machine alone, until Ctrl-C."""

import errno
import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path

import uvicorn

from kontur.errors import InputError
from kontur.web.app import create_app
from kontur.web.workspace import Workspace, open_workspace
from kontur.wording import printable

HOST = "127.0.0.1"
PORT = 8765  # the first that is tried where none is given
TRIED = 20  # ports, where others are in use
TOKEN = 24  # bytes of chance in the address
PATIENCE = 1  # seconds that open requests get at the end


def serve(
    folder: Path, *, port: int | None, open_browser: bool, say: Callable[[str], None]
) -> None:
    """Serve a folder until this process is told to end.

    `say` is given the address once the page answers there, alone, and then what it is. Raises
    `InputError` where the folder or the port cannot be used.
    """
    listening = _listen(port)
    workspace = open_workspace(folder)
    token = secrets.token_urlsafe(TOKEN)
    address = f"http://{HOST}:{listening.getsockname()[1]}/?token={token}"
    app = create_app(workspace, token=token)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=PATIENCE,
    )
    say(address)
    say(
        f"the page of {printable(folder.resolve().name)}: open this address in a browser on this "
        "machine; Ctrl-C ends it"
    )
    for problem in workspace.problems:
        say(problem)
    if open_browser:
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    server = _Server(config, workspace)
    server.run(sockets=[listening])


class _Server(uvicorn.Server):
    """A server that closes its workspace when it is told to end."""

    def __init__(self, config: uvicorn.Config, workspace: Workspace):
        super().__init__(config)
        self._workspace = workspace

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, which would never end by themselves, then requests and jobs."""
        self._workspace.events.close()
        await super().shutdown(sockets)
        self._workspace.close()


def _listen(port: int | None) -> socket.socket:
    """A socket on the port, or on the first free one from `PORT` on."""
    for candidate in (port,) if port is not None else (*range(PORT, PORT + TRIED), 0):
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, candidate))
            listening.listen()  # only now is the port this process's, and an address worth saying
            return listening
        except (OSError, OverflowError) as error:
            listening.close()
            if port is not None:
                raise InputError(f"port {port} {_trouble(error)}") from None
    raise AssertionError("port 0 is always free")


def _trouble(error: OSError | OverflowError) -> str:
    """Why a port cannot be used, and what to do."""
    otherwise = "choose another with --port, or leave it out"
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return (
            "is taken by another program, perhaps by another kontur serve: end that with Ctrl-C, "
            f"or {otherwise}, which takes a free one"
        )
    if isinstance(error, OSError) and error.errno == errno.EACCES:
        return f"may not be used by this user; {otherwise}"
    return f"cannot be used ({error}); {otherwise}"
