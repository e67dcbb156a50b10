import numpy as np
import pytest
from shapely.geometry import box

from kontur import Instances
from kontur.formats import geoparquet, read, read_images, read_to_disk, write_images
from kontur.formats.geojson import lines as geojson_lines
from kontur.formats.image_annotation import ImageAnnotation
from kontur.instances.plane import Plane

FRAMES = {0: 5, 1: 3, 3: 2}  # objects of each


def objects(count: int, plane: Plane | None = None) -> Instances:
    squares = [box(10 * i, 0, 10 * i + 5, 5) for i in range(count)]
    return Instances.of(squares).replace(plane=plane)


@pytest.fixture(params=["f.geojsonl", "f.geo.parquet"])
def film(request, tmp_path, monkeypatch):
    """A file whose parts, as they are read, lie on one frame or on several."""
    for module in (geojson_lines, geoparquet):
        monkeypatch.setattr(module, "GROUP", 2)
    path = tmp_path / request.param
    frames = [objects(count, Plane(t=t)) for t, count in FRAMES.items()]
    write_images(path, [ImageAnnotation("f", None, frame) for frame in frames])
    return path


def test_every_frame_has_its_objects_in_whatever_parts_they_come(film):
    found = {plane.t: len(objects) for (_, plane), objects in read_to_disk(film).items()}
    assert found == FRAMES


def test_ids_are_those_of_the_whole_film_as_read_at_once(film):
    ids = [one.ids.tolist() for one in read_to_disk(film).values()]
    assert ids == [one.instances.ids.tolist() for one in read_images(film)]
    assert ids == [[*range(1, count + 1)] for count in FRAMES.values()]


@pytest.mark.parametrize("page", range(5))
def test_a_page_has_its_own_objects_as_read_at_once(film, page, caplog):
    ((_, found),) = read_to_disk(film, page=page).items()
    assert len(found) == len(read(film, page=page)) == FRAMES.get(page, 0)
    (first, *_) = found.parts()
    np.testing.assert_array_equal(first.boxes, objects(FRAMES.get(page, 0)).boxes)
    warned = [record.getMessage() for record in caplog.records]
    assert all("no outline is on page" in line for line in warned)
    assert len(warned) == 2 * (page not in FRAMES)  # of each way to read


def test_outlines_of_no_plane_are_on_every_page(tmp_path):
    path = tmp_path / "one.geojsonl"
    write_images(path, [ImageAnnotation("one", None, objects(4))])
    ((key, found),) = read_to_disk(path, page=7).items()
    assert (key, len(found)) == (("one", None), 4)
