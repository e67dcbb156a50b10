import io
import sys
import zipfile

import numpy as np
import pytest
import roifile
import shapely

from kontur import formats
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.instances.plane import Plane
from tests.formats import scenes
from tests.formats.imagej.rois import saved

TRIANGLE = np.array([[1.25, 2], [6, 2.5], [3, 7.125]])


def test_roifile_reads_outlines_to_the_thousandth_and_every_ring(tmp_path):
    found = scenes.ring_with_island()
    formats.write(tmp_path / "a.zip", found)
    frame, parts, triangle = roifile.roiread(tmp_path / "a.zip")
    assert len(frame.coordinates(multi=True)) == 2
    assert len(parts.coordinates(multi=True)) == 2
    assert triangle.coordinates().tolist() == [[0, 8], [4, 8.125], [2, 9.5]]
    assert [roi.name for roi in (frame, parts, triangle)] == ["ring 0003", "cell 0004", "cell 0009"]
    assert frame.properties["kontur.class"] == "ring"
    assert (triangle.left, triangle.top, triangle.right, triangle.bottom) == (0, 8, 4, 10)


def test_a_zip_is_written_anew(tmp_path):
    found = scenes.ring_with_island()
    formats.write(tmp_path / "a.zip", found)
    formats.write(tmp_path / "a.zip", found[:1])
    assert len(roifile.roiread(tmp_path / "a.zip")) == 1


def test_outlines_of_others_keep_names_colours_and_groups(tmp_path):
    roi = roifile.ImagejRoi.frompoints(TRIANGLE, name="soma")
    roi.stroke_color, roi.group, roi.float_stroke_width = b"\xff\x00\x80\x10", 3, 1.5
    roi.c_position = 2
    roi.properties = {"patient": "A:7"}
    again = formats.read(saved(tmp_path, roi))
    assert again.classes == ("group 3",)
    assert again.polygons[0].equals(shapely.Polygon(TRIANGLE))
    formats.write(tmp_path / "b.zip", again)
    (written,) = roifile.roiread(tmp_path / "b.zip")
    for name in ("name", "stroke_color", "group", "float_stroke_width", "c_position"):
        assert getattr(written, name) == getattr(roi, name)
    assert written.properties["patient"] == "A:7"
    assert np.array_equal(written.coordinates(), TRIANGLE.astype(np.float32))


def test_a_new_class_takes_its_colour_and_name(tmp_path):
    found = scenes.ring_with_island()
    formats.write(tmp_path / "a.zip", found)
    changed = formats.read(tmp_path / "a.zip").replace(labels=[1, 1, 1])
    formats.write(tmp_path / "b.zip", changed)
    rois = roifile.roiread(tmp_path / "b.zip")
    assert [roi.name for roi in rois] == ["cell 0003", "cell 0004", "cell 0009"]


def test_a_roi_without_a_name_is_called_as_its_file_and_two_of_one_name_are_both_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "a_rois.zip", "w") as archive:
        for x in (0, 20):
            roi = roifile.ImagejRoi.frompoints(TRIANGLE + x, name="")
            with pytest.warns(UserWarning, match="Duplicate name") if x else nothing():
                archive.writestr("001_001.roi", roi.tobytes())
        archive.writestr("__MACOSX/._001_001.roi", b"junk")
    found = formats.read(tmp_path / "a_rois.zip")
    assert found.boxes[:, 0].tolist() == [1.25, 21.25]
    assert found.extras[0]["imagej"]["name"] == "001_001"
    assert formats.read_images(tmp_path / "a_rois.zip")[0].file_name == "a"


class nothing:
    def __enter__(self): ...
    def __exit__(self, *_): ...


def test_what_has_no_area_is_counted(tmp_path, caplog):
    line = roifile.ImagejRoi(roitype=roifile.ROI_TYPE.LINE, x2=5.0)
    point = roifile.ImagejRoi.frompoints([[3, 4]])
    point.roitype = roifile.ROI_TYPE.POINT
    (entry,) = formats.read_images(
        saved(tmp_path, line, point, roifile.ImagejRoi.frompoints(TRIANGLE))
    )
    assert len(entry.instances) == 1
    assert entry.without_outline == {"line": 1, "point": 1}
    assert "2 of 3 ROIs have no area" in caplog.text


def test_positions_are_planes_and_come_back(tmp_path):
    rois = [
        roifile.ImagejRoi.frompoints(TRIANGLE, t=t, z=z, name=f"{t}") for t, z in [(0, 2), (4, 2)]
    ]
    entries = formats.read_images(saved(tmp_path, *rois))
    assert [entry.instances.plane for entry in entries] == [Plane(2, 0), Plane(2, 4)]
    formats.write_images(tmp_path / "b.zip", entries)
    written = roifile.roiread(tmp_path / "b.zip")
    assert [(roi.z_position, roi.t_position) for roi in written] == [(3, 1), (3, 5)]
    assert len(formats.read(tmp_path / "b.zip", page=4)) == 1
    frame = ImageAnnotation("a", None, entries[0].instances.replace(plane=Plane(t=6)))
    formats.write_images(tmp_path / "c.zip", [frame])
    assert roifile.roiread(tmp_path / "c.zip")[0].position == 7


def test_names_do_not_leave_the_zip_and_stay_apart(tmp_path):
    found = scenes.ring_with_island().replace(classes=("../../c\\x", "ring 😀\nx"))
    formats.write(tmp_path / "a.zip", found)
    names = zipfile.ZipFile(tmp_path / "a.zip").namelist()
    assert len(set(names)) == 3
    assert not any(mark in name for name in names for mark in "/\\\n")
    assert scenes.named(formats.read(tmp_path / "a.zip")) == scenes.named(found)


def test_without_the_package_a_sentence_names_the_extra(tmp_path, monkeypatch):
    formats.write(tmp_path / "a.zip", scenes.ring_with_island())
    monkeypatch.setitem(sys.modules, "roifile", None)
    for use in (formats.read, lambda path: formats.write(path, scenes.ring_with_island())):
        with pytest.raises(InputError, match=r"package roifile.*pip install .*\[imagej\]'"):
            use(tmp_path / "a.zip")


def test_several_objects_or_images_are_no_single_roi(tmp_path):
    found = scenes.ring_with_island()
    with pytest.raises(InputError, match=r"a \.roi holds one object, and there are 3"):
        formats.write(tmp_path / "a.roi", found)
    entry = ImageAnnotation("a", None, found)
    with pytest.raises(InputError, match="the outlines of one image, and there are 2"):
        formats.write_images(tmp_path / "a.zip", [entry, entry])


def zipped(**files: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in files.items():
            archive.writestr(f"{name}.roi", data)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "neither an ImageJ ROI nor a zip"),
        (b"PK\x03\x04 cut", "damaged or cut short"),
        (zipped(a=b"Iout"), "the ROI a is damaged or cut short; save it again"),
        (zipped(a=b"xxxx" * 40), "the ROI a is damaged or cut short; save it again"),
        (zipped(a=roifile.ImagejRoi.frompoints(TRIANGLE).tobytes()[:70]), "damaged or cut short"),
    ],
)
def test_what_is_damaged_is_one_sentence(tmp_path, content, sentence):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        formats.read(tmp_path / "a.zip")


def test_a_zip_that_claims_to_be_huge_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("kontur.formats.imagej.format.LARGEST_ZIP", 1000)
    (tmp_path / "a.zip").write_bytes(zipped(a=b"Iout" + bytes(2000)))
    with pytest.raises(InputError, match="which is too large"):
        formats.read(tmp_path / "a.zip")


def test_a_zip_whose_names_are_no_text_or_differ_gets_a_short_sentence(tmp_path):
    named = zipped(**{"é" * 200: b"Iout"})  # written as UTF-8, and marked so
    name = ("é" * 200).encode()
    first = named.index(name)
    for content in (
        named.replace(name, b"\xe5" * len(name)),  # nowhere text
        named[:first] + b"\xc3\xaa" + named[first + 2 :],  # another one in the file's own header
    ):
        (tmp_path / "a.zip").write_bytes(content)
        with pytest.raises(InputError) as caught:
            formats.read(tmp_path / "a.zip")
        assert len(str(caught.value)) < 400


def test_a_zip_of_other_things_is_not_an_image_without_objects(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("annotations/instances_default.json", "{}")
        archive.writestr("images/a.png", b"")
    with pytest.raises(InputError, match=r"holds no ImageJ ROI but annotations/.*; unpack it"):
        formats.read(tmp_path / "a.zip")
    formats.write(tmp_path / "b.zip", scenes.ring_with_island()[:0])
    assert len(formats.read(tmp_path / "b.zip")) == 0
    assert formats.find_format(tmp_path / "b.zip") is formats.FORMATS["imagej"]
    assert formats.find_format(tmp_path / "a.zip") is None
