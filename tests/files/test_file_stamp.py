"""The stamp of a file tells what takes its place, and when it may change unseen."""

import os

import pytest

from kontur.files.file_stamp import SETTLED, FileStamp


def test_a_file_of_the_same_bytes_and_time_in_its_place_has_another_stamp(tmp_path):
    path, other = tmp_path / "a", tmp_path / "b"
    path.write_bytes(b"one")
    stamp = FileStamp.of(path)
    assert FileStamp.of(path) == stamp
    other.write_bytes(b"two")
    os.utime(other, ns=(stamp.modified, stamp.modified))
    other.replace(path)
    now = FileStamp.of(path)
    assert now != stamp
    assert (now.bytes, now.modified) == (stamp.bytes, stamp.modified)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        FileStamp.of(path)


def test_a_file_is_settled_some_time_after_it_was_last_touched(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.touch()
    os.utime(path, (0, 0))  # its content looks old, and it was changed now
    stamp = FileStamp.of(path)
    for later, settled in ((0, False), (SETTLED + 0.1, True)):
        monkeypatch.setattr("time.time", lambda later=later: stamp.changed / 1e9 + later)
        assert stamp.is_settled() == settled
