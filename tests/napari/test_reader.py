import numpy as np
import pytest
import shapely

from kontur import formats
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.instances import Instances
from kontur.instances.plane import Plane
from kontur.napari import layers, reader
from kontur.napari.layers import instances_of
from kontur.napari.writer import write_layer
from tests.formats.scenes import content
from tests.images import volumes
from tests.napari.scenes import SIZE, on_grid


@pytest.fixture(autouse=True)
def told(monkeypatch):
    sentences = []
    for part in ("reader", "writer"):
        monkeypatch.setattr(f"kontur.napari.{part}.show_message", sentences.append)
    return sentences


@pytest.mark.parametrize("name", list(formats.WRITABLE))
def test_every_format_becomes_a_layer_and_a_file_again(tmp_path, name, told):
    one = formats.WRITABLE[name]
    path, second = tmp_path / f"cells{one.ending}", tmp_path / f"again{one.ending}"
    found = on_grid()
    if one.relative:  # the image beside tells its size
        np.save(tmp_path / "cells.npy", np.zeros(SIZE, np.uint8))
    formats.write(path, found, image_name="cells.npy")
    (layer,) = reader.get_reader(str(path))(str(path))
    data, attributes, kind = layer
    assert kind == ("labels" if one.raster else "shapes")
    assert attributes["name"] == "cells"
    (again,) = instances_of(*layer).values()
    expected = formats.read(path, size=SIZE if one.relative else None)
    assert shapely.to_wkb(again.polygons).tolist() == shapely.to_wkb(expected.polygons).tolist()
    assert write_layer(str(second), data, attributes, kind) == [str(second)]
    if name != "yolo":  # whose class names lie beside
        assert content(second) == content(path)
    if name in ("geojson", "imagej"):  # which hold everything
        assert not told


def test_what_is_no_file_of_outlines_is_left_to_others(tmp_path):
    (tmp_path / "a.json").write_text('{"name": "package"}')
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "a.txt").write_text("dear reader")
    for path in tmp_path.iterdir():
        assert reader.get_reader(str(path)) is None, path
    assert reader.get_reader([]) is None
    assert reader.get_reader(str(tmp_path / "gone.geojson")) is not None  # reading it says so


def test_several_files_and_images_become_a_layer_each(tmp_path):
    for name in "ab":
        formats.write(tmp_path / f"{name}.geojson", on_grid())
    paths = [str(tmp_path / f"{name}.geojson") for name in "ab"]
    assert [layer[1]["name"] for layer in reader.get_reader(paths)(paths)] == ["a", "b"]
    entries = [ImageAnnotation(f"{i}.png", SIZE, on_grid()) for i in range(3)]
    path = tmp_path / "all.coco.json"
    formats.write_images(path, entries)
    assert [layer[1]["name"] for layer in reader.read(str(path))] == ["0.png", "1.png", "2.png"]
    formats.write_images(
        path, [entry._replace(file_name=f"{i}.png") for i, entry in enumerate(entries * 9)]
    )
    with pytest.raises(InputError, match=r"describes 27 images .* over one another"):
        reader.read(str(path))


def test_planes_of_a_stack_are_planes_of_one_layer(tmp_path):
    planes = [on_grid().replace(plane=Plane(t=t)) for t in (0, 4)]
    path = tmp_path / "film.geojson"
    formats.write_images(path, [ImageAnnotation("film.tif", SIZE, one) for one in planes])
    (layer,) = reader.read(str(path))
    assert {int(points[0, 0]) for points in layer[0]} == {0, 4}
    second = tmp_path / "again.geojson"
    write_layer(str(second), *layer)
    assert second.read_bytes() == path.read_bytes()
    with pytest.raises(InputError, match="holds no planes of a stack"):
        write_layer(str(tmp_path / "a.labels.tif"), *layer)


def test_the_first_plane_of_a_stack_stays_one(tmp_path):
    path = tmp_path / "film.geojson"
    formats.write(path, on_grid().replace(plane=Plane()), image_name="film.tif")
    (layer,) = reader.read(str(path))
    write_layer(str(tmp_path / "again.geojson"), *layer)
    assert (tmp_path / "again.geojson").read_bytes() == path.read_bytes()


def test_too_many_outlines_for_shapes_become_labels_which_is_said(tmp_path, monkeypatch, told):
    monkeypatch.setattr(layers, "MOST", {True: 3, False: 3})
    path = tmp_path / "many.geojson"
    formats.write(path, on_grid())
    (layer,) = reader.read(str(path))
    assert layer[2] == "labels"
    assert told[0].startswith("many: 4 outlines are shown as labels")
    write_layer(str(tmp_path / "b.geojson"), *layer)
    same = formats.read(tmp_path / "b.geojson").polygons, formats.read(path).polygons
    assert shapely.to_wkb(same[0]).tolist() == shapely.to_wkb(same[1]).tolist()


def test_an_image_without_objects_is_a_layer_without_shapes(tmp_path):
    formats.write(tmp_path / "none.geojson", Instances.empty(SIZE))
    (layer,) = reader.read(str(tmp_path / "none.geojson"))
    assert (len(layer[0]), layer[1]["ndim"]) == (0, 2)


def test_what_a_format_cannot_hold_is_said(tmp_path, told):
    formats.write(tmp_path / "a.geojson", on_grid())
    (layer,) = reader.read(str(tmp_path / "a.geojson"))
    write_layer(str(tmp_path / "a.via.json"), *layer)
    assert any("hole" in sentence for sentence in told)


def test_a_layer_of_points_is_refused(tmp_path):
    with pytest.raises(InputError, match="layers of shapes or labels, and this one is of points"):
        write_layer(str(tmp_path / "a.geojson"), [], {}, "points")


def test_a_volume_of_labels_becomes_labels_at_their_planes(tmp_path):
    volume = np.zeros((9, 7, 4), np.uint8)  # x, y, z
    volume[2:5, 1:4, 2], volume[4:8, 3:6, 3] = 3, 5
    path = volumes.write(tmp_path / "cells_labels.nii.gz", volume)
    ((planes, settings, kind),) = reader.get_reader(str(path))(str(path))
    assert kind == "labels"
    assert settings["translate"].tolist() == [2, 0, 0]
    np.testing.assert_array_equal(planes > 0, volume[:, :, 2:].transpose(2, 1, 0) > 0)
