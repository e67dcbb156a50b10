"""The calls of the API, by what they are about."""

from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request

from kontur.web.schema import Problem
from kontur.web.workspace import Workspace


def _workspace(request: Request) -> Workspace:
    workspace: Workspace = request.app.state.workspace
    return workspace


OpenWorkspace = Annotated[Workspace, Depends(_workspace)]
Key = Annotated[str, Path(description="the key of an image", pattern="^[0-9a-f]{16}$")]
PageNumber = Annotated[int, Query(ge=0, le=10**6, description="the plane of a stack, from 0")]

REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The input does not fit"},
    401: {"model": Problem, "description": "No token, or a wrong one"},
    403: {"model": Problem, "description": "Another host or site"},
    404: {"model": Problem, "description": "There is no such thing"},
    409: {"model": Problem, "description": "Changed in another window since"},
    422: {"model": Problem, "description": "The request is not of this form"},
    507: {"model": Problem, "description": "It could not be written"},
}
