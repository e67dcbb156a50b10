"""What happens, told to every open window: edits, progress, which images are shown.

All windows of one browser hear it through one stream: a browser has but six connections to a
server, and a stream keeps one.
"""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from typing import Any

ALIVE = 15.0  # seconds of silence after which a line shows that the server is there
WAITING = 1000  # events that a browser which does not read may leave


class Events:
    """Streams of events, which may come from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._streams: dict[str, _Stream] = {}
        self._shown: dict[str, tuple[str, str]] = {}  # a window's image and stream
        self._closed = False

    def publish(self, kind: str, **values: Any) -> None:
        """Tell every window."""
        event = {"kind": kind, **values}
        with self._lock:
            streams = list(self._streams.values())
        for stream in streams:
            stream.put(event)

    def publish_edit(
        self,
        image: str,
        page: int,
        revision: int,
        status: str,
        *,
        objects: int | None,
        window: str = "",
    ) -> None:
        """Tell that objects of a plane changed, by an edit in a `window` or by nobody's hand.

        `objects` is how many the whole image has by now, None where that is not known.
        """
        self.publish(
            "edit",
            image=image,
            page=page,
            revision=revision,
            window=window,
            status=status,
            objects=objects,
        )

    def show(self, window: str, image: str | None, *, stream: str) -> None:
        """A window shows an image now, or none, and hears of it through a stream; all windows are
        told how many show each. It counts no longer than its stream lasts."""
        with self._lock:
            self._shown.pop(window, None)
            if image is not None and stream in self._streams:
                self._shown[window] = (image, stream)
        self._publish_windows()

    def close(self) -> None:
        """End every stream."""
        with self._lock:
            self._closed = True
            streams = list(self._streams.values())
        for stream in streams:
            stream.put(None)

    async def listen(self, name: str) -> AsyncIterator[str]:
        """The events of a stream from now on, as server-sent events; ends with the server."""
        stream = _Stream(asyncio.get_running_loop())
        with self._lock:
            if self._closed:
                return
            self._streams[name] = stream
        try:
            yield _line({"kind": "hello"})
            while True:
                try:
                    event = await asyncio.wait_for(stream.queue.get(), ALIVE)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if event is None:
                    return
                yield _line(event)
        finally:
            self._end(name, stream)

    def _end(self, name: str, stream: "_Stream") -> None:
        with self._lock:
            if self._streams.get(name) is stream:
                del self._streams[name]
                self._shown = {w: shown for w, shown in self._shown.items() if shown[1] != name}
        self._publish_windows()

    def _publish_windows(self) -> None:
        with self._lock:
            images = [image for image, _ in self._shown.values()]
        self.publish("windows", counts={image: images.count(image) for image in images})


class _Stream:
    def __init__(self, loop: asyncio.AbstractEventLoop):
        self.loop = loop
        self.queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    def put(self, event: dict[str, Any] | None) -> None:
        if self.queue.qsize() < WAITING and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.queue.put_nowait, event)


def _line(event: dict[str, Any]) -> str:
    return f"data: {json.dumps(event, separators=(',', ':'))}\n\n"
