"""Files of crowded images follow their edits: once a pause, and in long series now and then."""

import time

import pytest

from kontur.errors import InputError
from kontur.web import files_writer
from kontur.web.files_writer import FilesWriter
from kontur.web.image_folder import FolderImage


@pytest.fixture
def image(tmp_path, monkeypatch):
    monkeypatch.setattr(files_writer, "PAUSE", 0.3)
    monkeypatch.setattr(files_writer, "LONGEST", 0.8)
    return FolderImage("key", "a.png", tmp_path / "a.png")


def test_edits_in_quick_succession_are_written_once(image):
    written = []
    writer = FilesWriter(written.append, written.append)
    for _ in range(5):
        writer.write_soon(image)
        time.sleep(0.02)
    assert written == []
    time.sleep(0.6)
    assert written == [image]
    writer.close()
    assert written == [image]


def test_edits_without_a_pause_are_written_all_the_same(image):
    written = []
    writer = FilesWriter(written.append, written.append)
    end = time.monotonic() + 2
    while time.monotonic() < end:
        writer.write_soon(image)
        time.sleep(0.02)
    assert 1 <= len(written) <= 5
    writer.close()
    assert len(written) <= 6


def test_what_waits_is_written_at_the_end_and_a_failure_is_told(image):
    def fail(image):
        raise InputError("no room")

    told = []
    writer = FilesWriter(fail, told.append)
    writer.write_soon(image)
    writer.close()
    assert told == ["no room"]
