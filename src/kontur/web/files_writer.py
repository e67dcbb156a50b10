"""Writing the files of crowded images behind the answers to their edits.

Thousands of outlines take most of a second to write. The history has an edit already when it is
answered, so the file follows when edits pause: those that come meanwhile are written with it, and
what a kill leaves unwritten is written when the folder is opened next.
"""

import threading
import time
from collections.abc import Callable

from kontur.errors import InputError
from kontur.web.image_folder import FolderImage

PAUSE = 0.6  # seconds without an edit, after which a file is written: writing delays answers
LONGEST = 5.0  # seconds that a file waits for a pause


class FilesWriter:
    """One thread that writes the files of images, each the newest state once."""

    def __init__(self, write: Callable[[FolderImage], None], report: Callable[[str], None]):
        self._write, self._report = write, report
        self._waiting: dict[str, FolderImage] = {}
        self._work_added = threading.Condition()
        self._ended = False
        self._thread: threading.Thread | None = None

    def write_soon(self, image: FolderImage) -> None:
        """Write the file of an image as soon as the thread is free."""
        with self._work_added:
            self._waiting[image.key] = image
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="kontur-files", daemon=True)
                self._thread.start()
            self._work_added.notify()

    def close(self) -> None:
        """Write what waits, then end."""
        with self._work_added:
            self._ended = True
            self._work_added.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._work_added:
                while not self._waiting and not self._ended:
                    self._work_added.wait()
                self._wait_for_a_pause()
                if not self._waiting:
                    return
                image = self._waiting.pop(next(iter(self._waiting)))
            try:
                self._write(image)
            except (InputError, OSError) as error:
                self._report(str(error))

    def _wait_for_a_pause(self) -> None:
        end = time.monotonic() + LONGEST
        while not self._ended and (left := end - time.monotonic()) > 0:
            if not self._work_added.wait(min(PAUSE, left)):  # no edit came meanwhile
                return
