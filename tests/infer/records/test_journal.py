"""Journals on their own; what a record makes of them is in `test_record`."""

import errno
import io
from pathlib import Path

import pytest

from kontur.infer.records.journal import ImageJournal, Journal, journals

NOW = {"model": "nuclei"}


@pytest.fixture
def record(tmp_path):
    return tmp_path / "predict.json"


def test_what_is_noted_is_read_line_by_line(record):
    journal = Journal(record, NOW)
    journal.begin()
    for name, objects in (("a", 1), ("b", 2), ("b", 2), ("a", 3)):
        assert journal.note(name, {"objects": objects})
    (found,) = journals(record)
    assert (found.file.name, found.settings) == (journal.name, NOW)
    assert len(found.lines) == 3  # the same again is no news
    assert found.since(0) == {"a": {"objects": 3}, "b": {"objects": 2}}
    assert found.since(2) == {"a": {"objects": 3}}
    assert found.since(3) == {}


def test_a_new_file_begins_with_what_the_record_lacks(record):
    journal = Journal(record, NOW)
    journal.begin()
    journal.note("a", {"objects": 1})
    journal.note("b", {"objects": 2})
    before = journal.name
    journal.renew(["a"])
    (found,) = journals(record)
    assert found.file.name == journal.name != before
    assert found.since(0) == {"b": {"objects": 2}}


def test_nothing_is_noted_before_the_beginning_and_after_the_end(record):
    journal = Journal(record, NOW)
    assert not journal.note("a", {})
    journal.renew([])
    journal.begin()
    journal.end()
    assert not journal.note("a", {})
    assert journal.name == ""
    assert journals(record) == []
    assert not [*record.parent.iterdir()]


def test_an_image_is_unfinished_until_all_its_files_have_their_names(record):
    journal = ImageJournal(record, NOW, "a", {"objects": 1, "outputs": ["csv"]})
    journal.begin(["geojson"])
    (found,) = journals(record)
    assert found.since(0)["a"] == {
        **{"objects": 1, "outputs": ["csv", "geojson"], "unfinished": True}
    }
    journal.end()
    (found,) = journals(record)
    assert found.since(0) == {"a": {"objects": 1, "outputs": ["csv"]}}


@pytest.mark.parametrize("text", ["", "{}\n", "[]\n", '{"settings": {}', "no JSON\n"])
def test_a_file_that_is_none_yet_is_passed_over(record, text):
    journal = Journal(record, NOW)
    journal.begin()
    (record.parent / journal.name).write_text(text)
    assert journals(record) == []


def test_half_a_line_of_a_full_disk_takes_no_other_line_with_it(record, monkeypatch):
    journal = Journal(record, NOW)
    journal.begin()
    journal.note("a", {"objects": 1})

    class Full(io.FileIO):
        """A disk with room for seven bytes more."""

        left = 7

        def write(self, text):
            if not self.left:
                raise OSError(errno.ENOSPC, "No space left on device")
            self.left = 0
            return super().write(text[:7])

    with monkeypatch.context() as disk:
        disk.setattr(Path, "open", lambda path, mode, **options: Full(path, mode))
        assert not journal.note("b", {"objects": 2})
    assert not journal.has_noted("b", {"objects": 2})
    assert journal.note("c", {"objects": 3})
    (read,) = journals(record)
    assert read.since(0) == {"a": {"objects": 1}, "c": {"objects": 3}}
    assert read.since(1) == {"c": {"objects": 3}}
