"""What was done to each plane of an image: the status is of the image, the work of planes.

A plane that was only looked at says nothing: that it has no outlines does not mean that it has no
objects.
"""

import json

from kontur.web.authorship import MODEL
from kontur.web.history import History, Status

PREDICT, FROM_FILE, PICTURE = "predict", "file", "picture"  # moves that no hand makes in the page


def corrected_planes(history: History, key: str) -> list[int]:
    """The planes that a hand has corrected, here or in another program.

    They have objects that no model has drawn, or were changed after the last prediction.
    """
    return [page for page in history.planes(key) if _is_corrected(history, key, page)]


def outlined_planes(history: History, key: str) -> list[int]:
    """The planes that were outlined by anybody, also where nothing was found."""
    return [p for p in history.planes(key) if history.moves(key, p) or history.texts(key, p)]


def right_planes(history: History, key: str, status: Status) -> list[int]:
    """The planes whose outlines are right: corrected ones, and of an image that is done all
    outlined ones. A person says of the only plane what is said of the image."""
    if status not in ("corrected", "done"):
        return []
    planes = history.planes(key)
    if len(planes) == 1:
        return planes
    return outlined_planes(history, key) if status == "done" else corrected_planes(history, key)


def joint_status(
    history: History, key: str, status: Status, *, besides: int | None = None
) -> Status:
    """The status of an image to which an edit of one plane gives `status`, with its other planes.

    The plane `besides` is left out: what is kept of it is older.
    """
    planes = history.planes(key)
    if status == "done" or (status == "corrected" and (besides is not None or len(planes) == 1)):
        return status
    if any(page != besides for page in corrected_planes(history, key)):
        return "corrected"
    if any(page != besides for page in outlined_planes(history, key)):
        return "predicted"
    return "untouched" if status == "corrected" else status


def status_of_planes(history: History, key: str) -> Status:
    """What the planes alone make of an image."""
    if corrected_planes(history, key):
        return "corrected"
    return "predicted" if outlined_planes(history, key) else "untouched"


def _is_corrected(history: History, key: str, page: int) -> bool:
    moves = [move for move in history.moves(key, page) if move != PICTURE]
    if moves and moves[-1] not in (PREDICT, FROM_FILE):
        return True
    texts = history.texts(key, page)
    if not texts:  # in another program they were all deleted
        return bool(moves) and moves[-1] == FROM_FILE
    return any(json.loads(text)["by"] != MODEL for text in texts.values())
