import gzip
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from kontur.images.nifti import gzip_places
from kontur.images.nifti.gzip_places import GzipPlaces


@pytest.fixture
def content(monkeypatch):
    monkeypatch.setattr(gzip_places, "SPACING", 5_000)
    monkeypatch.setattr(gzip_places, "PACKED", 700)
    monkeypatch.setattr(gzip_places, "UNPACKED", 900)
    return np.random.default_rng(0).integers(0, 20, 60_000, dtype=np.uint8).tobytes()


def test_any_part_is_what_unpacking_all_of_it_gives(tmp_path, content):
    rng = np.random.default_rng(1)
    (tmp_path / "a.gz").write_bytes(gzip.compress(content))
    places = GzipPlaces(tmp_path / "a.gz")
    parts = [(0, 0), (0, 60_000), (59_990, 100), (60_000, 5), (70_000, 5)]
    parts += [(int(a), int(n)) for a, n in rng.integers(0, [60_000, 9_000], (40, 2))]
    for start, count in parts:
        assert places.read(start, count) == content[start : start + count]


def test_members_one_behind_another_and_zeros_between_them_are_one_content(tmp_path, content):
    packed = [gzip.compress(part) for part in (content[:777], b"", content[777:])]
    (tmp_path / "a.gz").write_bytes(packed[0] + bytes(1500) + packed[1] + packed[2] + bytes(9))
    places = GzipPlaces(tmp_path / "a.gz")
    assert places.read(59_000, 2_000) == content[59_000:]
    assert places.read(700, 200) == content[700:900]


def test_a_later_read_goes_on_from_a_place_and_not_from_the_beginning(tmp_path, content):
    (tmp_path / "a.gz").write_bytes(gzip.compress(content))
    places = GzipPlaces(tmp_path / "a.gz")
    places.read(50_000, 10)
    damaged = bytearray((tmp_path / "a.gz").read_bytes())
    damaged[: len(damaged) // 4] = bytes(len(damaged) // 4)
    (tmp_path / "a.gz").write_bytes(damaged)
    assert places.read(50_010, 100) == content[50_010:50_110]  # where the last read ended
    assert places.read(30_000, 100) == content[30_000:30_100]


def test_several_threads_read_at_once(tmp_path, content):
    (tmp_path / "a.gz").write_bytes(gzip.compress(content))
    places = GzipPlaces(tmp_path / "a.gz")
    starts = list(range(0, 60_000, 1_500))
    with ThreadPoolExecutor(4) as threads:
        parts = list(threads.map(lambda start: places.read(start, 1_500), starts))
    assert b"".join(parts) == content


def test_a_file_that_is_cut_short_or_damaged_is_told(tmp_path, content):
    packed = gzip.compress(content)
    (tmp_path / "short.gz").write_bytes(packed[: len(packed) // 2])
    places = GzipPlaces(tmp_path / "short.gz")
    assert places.read(0, 100) == content[:100]
    with pytest.raises(EOFError):
        places.read(59_000, 100)
    (tmp_path / "bad.gz").write_bytes(packed[:1000] + bytes(1000) + packed[2000:])
    with pytest.raises(zlib.error):
        GzipPlaces(tmp_path / "bad.gz").read(0, 60_000)
