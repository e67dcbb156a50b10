"""What happens, told to every open window: edits, progress, who else looks at an image."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from typing import Any

ALIVE = 15.0  # seconds of silence after which a line shows that the server is there
WAITING = 1000  # events that a window which does not read may leave


class Events:
    """Windows that listen; events may come from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[str, _Window] = {}
        self._closed = False

    def publish(self, kind: str, **values: Any) -> None:
        """Tell every window."""
        event = {"kind": kind, **values}
        with self._lock:
            windows = list(self._windows.values())
        for window in windows:
            window.put(event)

    def look_at(self, window: str, image: str | None) -> None:
        """A window shows an image now, or none; all windows are told how many show each."""
        with self._lock:
            if window in self._windows:
                self._windows[window].image = image
        self._tell_who_looks()

    def close(self) -> None:
        """End every stream."""
        with self._lock:
            self._closed = True
            windows = list(self._windows.values())
        for window in windows:
            window.put(None)

    async def listen(self, name: str) -> AsyncIterator[str]:
        """The events for a window from now on, as server-sent events; ends with the server."""
        window = _Window(asyncio.get_running_loop())
        with self._lock:
            if self._closed:
                return
            self._windows[name] = window
        try:
            yield _line({"kind": "hello"})
            while True:
                try:
                    event = await asyncio.wait_for(window.queue.get(), ALIVE)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if event is None:
                    return
                yield _line(event)
        finally:
            with self._lock:
                if self._windows.get(name) is window:
                    del self._windows[name]
            self._tell_who_looks()

    def _tell_who_looks(self) -> None:
        with self._lock:
            images = [window.image for window in self._windows.values() if window.image]
        self.publish("windows", counts={image: images.count(image) for image in images})


class _Window:
    def __init__(self, loop: asyncio.AbstractEventLoop):
        self.loop = loop
        self.queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self.image: str | None = None

    def put(self, event: dict[str, Any] | None) -> None:
        if self.queue.qsize() < WAITING and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.queue.put_nowait, event)


def _line(event: dict[str, Any]) -> str:
    return f"data: {json.dumps(event, separators=(',', ':'))}\n\n"
