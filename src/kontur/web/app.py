"""The application: the files of the page and the API, behind the guard."""

from starlette.types import ASGIApp

from kontur.web.first_picture import first_picture
from kontur.web.guard import HOSTS, Guard
from kontur.web.page_files import PageFiles
from kontur.web.workspace import Workspace


def create_app(workspace: Workspace, *, token: str, hosts: tuple[str, ...] = HOSTS) -> ASGIApp:
    """The application for an open workspace; `token` opens its API."""

    def create() -> ASGIApp:
        from kontur.web.api.application import create_api  # heavy: FastAPI

        return create_api(workspace)

    files = PageFiles(create, lambda key: first_picture(workspace, key))
    return Guard(files, token=token, hosts=hosts)
