import numpy as np
import pytest
import tifffile

from kontur.files import file_stamp
from kontur.infer.records.source_file import SourceFile, file_digest
from tests.images import films


def test_digests_distinguish_contents(tmp_path):
    for name, content in (("a", b"1"), ("b", b"1"), ("c", b"2")):
        (tmp_path / name).write_bytes(content)
    a, b, c = (file_digest(tmp_path / name) for name in "abc")
    assert a == b != c
    assert len(a) == 16


def test_a_source_is_seen_from_the_outputs_and_a_missing_one_is_none(tmp_path):
    (tmp_path / "a.png").write_bytes(b"1")
    place, size, _ = SourceFile.of(tmp_path / "a.png", tmp_path / "deep" / "out")
    assert (place, size) == ("../../a.png", 1)
    assert SourceFile.of(tmp_path / "b.png", tmp_path) is None


def test_all_files_of_a_film_count_whichever_is_named(tmp_path):
    frames = np.arange(3, dtype=np.uint8)[:, None, None] * np.ones((1, 9, 10), np.uint8)
    files = films.save(tmp_path, frames)
    known = {file: SourceFile.of(file, tmp_path) for file in files}
    assert {one.bytes for one in known.values()} == {sum(file.stat().st_size for file in files)}
    films.save_frame(tmp_path, frames + 1, 1)
    changed = {file: SourceFile.of(file, tmp_path) for file in files}
    assert all(changed[file].sha256 != known[file].sha256 for file in files)
    files[1].unlink()
    assert SourceFile.of(files[0], tmp_path).sha256 != changed[files[0]].sha256


def test_each_file_of_films_that_name_all_is_read_once(tmp_path, monkeypatch):
    monkeypatch.setattr(file_stamp, "SETTLED", -1.0)
    read = []

    def noted(file):
        read.append(file.name)
        return file_digest(file)

    monkeypatch.setattr("kontur.infer.records.source_file.file_digest", noted)
    frames = np.zeros((3, 9, 10), np.uint8)
    files = films.save(tmp_path, frames)
    for file in files:
        SourceFile.of(file, tmp_path)
    assert sorted(read) == [file.name for file in files]
    films.save_frame(tmp_path, frames + 1, 1)
    SourceFile.of(files[0], tmp_path)
    assert read[3:] == ["f1.ome.tif"]


@pytest.mark.parametrize("how", [{"ome": True}, {"imagej": True}, {}])
def test_a_tiff_alone_is_its_own_bytes_also_by_another_name(tmp_path, how):
    frames = np.zeros((3, 9, 10), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", frames, photometric="minisblack", **how)
    one, _, _ = films.save(tmp_path, frames)
    content = one.read_bytes()
    alone = content.replace(b"00000001-", b"00000000-").replace(b"00000002-", b"00000000-")
    (tmp_path / "renamed.ome.tif").write_bytes(alone)
    for name in ("a.tif", "renamed.ome.tif"):
        path = tmp_path / name
        assert SourceFile.of(path, tmp_path)[1:] == (path.stat().st_size, file_digest(path))
