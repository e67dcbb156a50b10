"""Models for a page: those that come with Kontur and those that were trained here.

Predictors are loaded once. A session on an image (its features) is kept while a person works on
that image; on a large image it covers a window around the prompt.
"""

import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kontur.errors import InputError
from kontur.files.file_stamp import FileStamp
from kontur.images.lazy_pixels import OpenImage
from kontur.infer.model_files import find_model, shipped_models
from kontur.web.image_folder import MODELS

if TYPE_CHECKING:  # else imported where a model is wanted: the page is there before
    from kontur.infer.options import PredictOptions
    from kontur.infer.predict import Predictor
    from kontur.infer.session import Session
    from kontur.infer.view import PreparedImage, Window
    from kontur.models.card import Card

SESSIONS = 3  # images or windows whose features are kept
WHOLE = 1600  # pixels: an image with no longer side is seen as a whole
WINDOW = 1024  # pixels a side of the part of a larger image that a prompt is about, at least
GRID = 512  # pixels: windows start on its lines, so that near prompts share one
MARGIN = 0.5  # of a prompt's longer side, around it
CHOSEN = "nuclei"  # where nobody has chosen


class Models:
    """The models of a folder by name, their predictors, and sessions."""

    def __init__(self, root: Path):
        self._root = root
        self._predictors: dict[tuple[str, FileStamp], Predictor] = {}
        self._sessions: OrderedDict[Any, Session] = OrderedDict()
        self._prepared: OrderedDict[Any, PreparedImage] = OrderedDict()
        self._lock = threading.RLock()
        self._running: dict[Any, threading.Lock] = {}

    def names(self) -> dict[str, Path]:
        """The files of all models by the names that a page shows; those trained here first."""
        trained = sorted((self._root / MODELS).glob("*/model.kontur"), reverse=True)
        named = {f"{MODELS}/{path.parent.name}": path for path in trained}
        return named | shipped_models()

    def cards(self) -> "list[tuple[str, Card]]":
        """The card of every model that can be read."""
        from kontur.models.archive import read_card

        cards = []
        for name, path in self.names().items():
            try:
                cards.append((name, read_card(path)))
            except InputError:  # of a training that is being written, or damaged: not offered
                continue
        return cards

    def card(self, name: str) -> "Card":
        """The card of a model; errors as of `path` and `models.archive.read_card`."""
        from kontur.models.archive import read_card

        return read_card(find_model(self.path(name)))

    def path(self, name: str) -> Path:
        """The file of a model; raises `InputError` for a name that is not in the list."""
        known = self.names()
        if name not in known:
            raise InputError(f"there is no model {name!r} here; choose one of {', '.join(known)}")
        return known[name]

    def predictor(self, name: str) -> "Predictor":
        """The predictor of a model, loaded once."""
        from kontur.infer.load import load

        path = find_model(self.path(name))
        key = (str(path), FileStamp.of(path))
        with self._lock:
            if key not in self._predictors:
                self._predictors[key] = load(path)
            return self._predictors[key]

    def session(
        self, name: str, stamp: str, image: OpenImage, options: "PredictOptions", around: Any
    ) -> "Session":
        """The session on an image, or on the part of a large one that `around` lies in.

        `stamp` names the plane of the image; `around` are points (x, y) of the prompt.
        """
        window = window_around(image.pixels.shape[:2], around)
        key = (name, stamp, options, window)
        with self._lock:
            if key in self._sessions:
                self._sessions.move_to_end(key)
                return self._sessions[key]
            running = self._running.setdefault(key, threading.Lock())
        with running:  # a second request for the same features waits for the first
            with self._lock:
                if key in self._sessions:
                    return self._sessions[key]
            predictor = self.predictor(name)
            whole = self._prepare((name, stamp, options), predictor, image)
            made = predictor.session(whole, options, window=window)
            with self._lock:
                self._sessions[key] = made
                self._running.pop(key, None)
                while len(self._sessions) > SESSIONS:
                    self._sessions.popitem(last=False)
            return made

    def _prepare(self, key: Any, predictor: "Predictor", image: OpenImage) -> "PreparedImage":
        """An image with what was measured on all of it, which a large one needs for each window."""
        with self._lock:
            if key in self._prepared:
                return self._prepared[key]
        made = predictor.prepare(image)
        with self._lock:
            self._prepared[key] = made
            while len(self._prepared) > SESSIONS:
                self._prepared.popitem(last=False)
        return made


def window_around(size: tuple[int, int], points: Any) -> "Window | None":
    """The part of a large image that holds the points with a margin; None for all of a smaller one.

    >>> window_around((600, 800), [(5, 5)]), window_around((4000, 6000), [(3000, 2000)])
    (None, Window(top=1536, left=2560, height=1024, width=1024))
    """
    from kontur.infer.view import Window

    height, width = size
    if max(height, width) <= WHOLE:
        return None
    where = np.asarray(points, float).reshape(-1, 2)
    where = where if len(where) else np.zeros((1, 2))
    low, high = where.min(axis=0), where.max(axis=0)
    side = max(WINDOW, float((high - low).max()) * (1 + 2 * MARGIN))
    side = int(np.ceil(side / GRID) * GRID)
    start = np.round(((low + high) / 2 - side / 2) / GRID) * GRID
    left, top = (int(v) for v in np.clip(start, 0, np.maximum([width - side, height - side], 0)))
    return Window(top, left, min(side, height - top), min(side, width - left))
