"""One file of outlines with its image: which of its planes are those of the image's pages."""

import pytest
import tifffile

from kontur import formats
from kontur.data.conversion.convert_file import convert
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.instances import Instances
from kontur.instances.plane import Plane
from tests.data.planes.test_places import DEPTHS, ORDERS, OUTLINES, SIZE, TIMES, labels, save

PAGES = range(DEPTHS * TIMES)
SOURCES = [*ORDERS, "NIfTI", *OUTLINES]


@pytest.fixture
def place(tmp_path):
    save(tmp_path / "images/f", "ZTYX", 2 * labels())
    return tmp_path


def found_in(place, axes):
    save(place / "found/f", axes)
    return next((place / "found").iterdir())


@pytest.mark.parametrize("axes", SOURCES)
def test_a_chosen_page_is_that_of_the_image(place, axes):
    source, image = found_in(place, axes), place / "images/f.ome.tif"
    for page in (1, 3):
        convert(source, place / "b.geojson", image=str(image), page=page)
        convert(source, place / "b.coco.json", image=str(image), page=page)
        z, t = divmod(page, TIMES)
        read = formats.read(place / "b.geojson")
        assert read.plane == Plane(z, t).numbered(page)
        assert read.ids.tolist() == [10 * t + z + 1]
        assert formats.read(place / "b.coco.json").boxes.tolist() == read.boxes.tolist()


@pytest.mark.parametrize("axes", [axes for axes in SOURCES if axes not in ORDERS])
def test_all_planes_get_the_pages_of_the_image(place, axes):
    source, image = found_in(place, axes), place / "images/f.ome.tif"
    convert(source, place / "b.geojson", image=str(image))
    known = {
        one.instances.plane: one.instances.ids for one in formats.read_images(place / "b.geojson")
    }
    assert known == {
        Plane(z, t).numbered(TIMES * z + t): [10 * t + z + 1]
        for z in range(DEPTHS)
        for t in range(TIMES)
    }


def test_of_several_images_in_a_file_the_planes_of_the_one_count(place):
    entries = [
        ImageAnnotation(name, SIZE, one.replace(plane=Plane(z, t)))
        for name in ("f.ome.tif", "g.tif")
        for t, depths in enumerate(labels())
        for z, one in enumerate(map(Instances.from_label_image, depths))
    ]
    formats.write_images(place / "all.csv", entries)
    convert(place / "all.csv", place / "b.csv", image=str(place / "images/f.ome.tif"), page=4)
    (read,) = formats.read_images(place / "b.csv")
    assert (read.file_name, read.instances.plane) == ("f.ome.tif", Plane(1, 1, page=4))
    assert read.instances.ids.tolist() == [12]


def test_pages_of_labels_that_know_no_depth_are_those_of_the_image(place):
    plain = place / "f.tif"
    tifffile.imwrite(plain, labels().reshape(-1, *SIZE), photometric="minisblack")
    for page in PAGES:
        convert(plain, place / "b.csv", image=str(place / "images/f.ome.tif"), page=page)
        read, (t, z) = formats.read(place / "b.csv"), divmod(page, DEPTHS)
        assert read.ids.tolist() == [10 * t + z + 1]
        assert read.plane == Plane(*divmod(page, TIMES)).numbered(page)


def test_labels_of_one_plane_are_of_the_chosen_page(place):
    tifffile.imwrite(place / "f.tif", labels()[1, 1], photometric="minisblack")
    convert(place / "f.tif", place / "b.csv", image=str(place / "images/f.ome.tif"), page=4)
    assert formats.read(place / "b.csv").ids.tolist() == [12]


@pytest.mark.parametrize("axes", ["NIfTI", "outlines"])
def test_planes_that_the_image_lacks_are_refused(place, axes):
    save(place / "images/f", "ZTYX", labels()[:2])
    with pytest.raises(InputError, match=r"has no such page|has 6 pages and its image"):
        convert(found_in(place, axes), place / "b.csv", image=str(place / "images/f.ome.tif"))
    assert not (place / "b.csv").exists()


def test_a_source_that_is_not_there_is_named(place):
    with pytest.raises(InputError, match="there is no image"):
        convert(place / "f.labels.tif", place / "b.csv", image=str(place / "images/f.ome.tif"))
