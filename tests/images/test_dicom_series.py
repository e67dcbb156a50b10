"""DICOMs of one series, as they are found beside one of them."""

import struct

import pytest

from kontur.images import dicom_series
from kontur.images.image_file import files_of
from kontur.infer.inputs import InputImage, without_duplicates
from kontur.infer.records.source_file import SourceFile
from kontur.infer.records.source_stamp import SourceStamp

TYPED, UNTYPED = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"


def element(group, number, kind, value, typed=True):
    """An element; a value of None is a sequence whose end is marked, with another series in it."""
    tag = struct.pack("<HH", group, number)
    if value is None:
        inner = element(0x0020, 0x000E, b"UI", b"9.9\0", typed)
        item = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF) + inner
        item += struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
        item += struct.pack("<HHI", 0xFFFE, 0xE000, len(inner)) + inner
        end = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
        head = struct.pack("<2sHI", b"SQ", 0, 0xFFFFFFFF) if typed else struct.pack("<I", 2**32 - 1)
        return tag + head + item + end
    if not typed:
        return tag + struct.pack("<I", len(value)) + value
    long = kind in dicom_series.LONG
    length = struct.pack("<2sHI" if long else "<2sH", kind, *([0] if long else []), len(value))
    return tag + length + value


def write(path, series, encoding=TYPED, pixels=b"pixels"):
    typed = encoding != UNTYPED
    content = bytes(128) + b"DICM" + element(0x0002, 0x0001, b"OB", b"\0\1")
    content += element(0x0002, 0x0010, b"UI", encoding.encode() + b"\0" * (len(encoding) % 2))
    content += element(0x0008, 0x0060, b"CS", b"SM", typed)
    content += element(0x0008, 0x1115, b"SQ", None, typed)
    content += element(0x0020, 0x000D, b"UI", b"1.1\0", typed)
    content += element(0x0020, 0x000E, b"UI", series.encode() + b"\0" * (len(series) % 2), typed)
    path.write_bytes(content + element(0x7FE0, 0x0010, b"OW", pixels, typed))
    return path


RUN_LENGTHS, BIG, DEFLATED = (f"1.2.840.10008.1.2.{rest}" for rest in ("5", "2", "1.99"))


@pytest.mark.parametrize("encoding", [TYPED, UNTYPED, "1.2.840.10008.1.2.4.50", RUN_LENGTHS])
def test_the_series_is_that_of_the_file_and_not_of_what_it_refers_to(tmp_path, encoding):
    path = write(tmp_path / "a.dcm", "1.2.34", encoding)
    assert dicom_series.series_of(path) == "1.2.34"
    whole = path.read_bytes()
    for length in range(whole.index(b"1.2.34") + len("1.2.34")):
        path.write_bytes(whole[:length])
        assert dicom_series.series_of(path) is None


@pytest.mark.parametrize("encoding", [BIG, DEFLATED])
def test_the_series_in_another_encoding_is_not_told(tmp_path, encoding):
    assert dicom_series.series_of(write(tmp_path / "a.dcm", "1.2.34", encoding)) is None


@pytest.mark.parametrize(("depth", "told"), [(dicom_series.DEEPEST, "1.2.3"), (200, None)])
def test_the_series_behind_sequences_within_one_another_is_told_to_some_depth(
    tmp_path, depth, told
):
    path = write(tmp_path / "a.dcm", "1.2.3")
    sequence = struct.pack("<HH2sHI", 0x0008, 0x1115, b"SQ", 0, 0xFFFFFFFF)
    item = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    ends = [struct.pack("<HHI", 0xFFFE, end, 0) for end in (0xE00D, 0xE0DD)]
    times = depth // 2
    nested = (sequence + item) * times + b"".join(ends) * times
    whole = path.read_bytes()
    at = whole.index(struct.pack("<HH", 0x0020, 0x000D))
    path.write_bytes(whole[:at] + nested + whole[at:])
    assert dicom_series.series_of(path) == told


def test_all_instances_of_a_series_are_one_image_and_count_as_its_content(tmp_path):
    files = [write(tmp_path / f"{name}.dcm", "1.2.3") for name in "abc"]
    other = write(tmp_path / "other.dcm", "1.2.4")
    (tmp_path / "text.txt").write_text("nothing")
    assert files_of(files[1]) == [files[1], files[0], files[2]]
    assert files_of(other) == [other]
    inputs = [InputImage(file.stem, file) for file in (*files, other)]
    taken, lines = without_duplicates(inputs)
    assert [image.name for image in taken] == ["a", "other"]
    assert lines == ["2 files (b.dcm, c.dcm) left out: one image with a.dcm, which is taken once"]
    known, stamp = SourceFile.of(files[0], tmp_path), SourceStamp.of(files[0])
    write(files[2], "1.2.3", pixels=b"Pixels..")
    assert SourceFile.of(files[0], tmp_path).sha256 != known.sha256
    assert stamp.differs(files[0])
    known, stamp = SourceFile.of(files[0], tmp_path), SourceStamp.of(files[0])
    files[1].unlink()
    assert SourceFile.of(files[0], tmp_path).sha256 != known.sha256
    assert stamp.differs(files[0])
