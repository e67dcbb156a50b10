"""The plugin inside napari, headless: its manifest, files opened and saved, what napari draws."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import shapely

import kontur
from kontur import formats
from kontur.data.folder import open_folder
from kontur.instances import Instances
from tests.napari.in_napari import MISSING, ViewerModel, napari, npe2
from tests.napari.scenes import SIZE, assert_same, off_grid, on_grid

if MISSING:
    pytest.skip(MISSING, allow_module_level=True)

MANIFEST = Path(kontur.__file__).parent / "napari" / "napari.yaml"
pytestmark = pytest.mark.filterwarnings("default")  # napari's own


@pytest.fixture(autouse=True)
def plugin():
    """The manifest as it lies in the source, also where the package was installed without it."""
    manager = npe2.PluginManager.instance()
    if "kontur" in manager:
        manager.unregister("kontur")
    manager.register(npe2.PluginManifest.from_file(MANIFEST))


@pytest.fixture
def viewer():
    return ViewerModel()


def test_naparis_own_tool_finds_the_manifest_valid_and_everything_that_it_names():
    found = subprocess.run(
        [sys.executable, "-m", "npe2", "validate", "--imports", str(MANIFEST)],
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout
    assert "Manifest for 'Kontur' valid" in found.stdout


def opened(viewer, path):
    (layer,) = viewer.open(str(path), plugin="kontur")
    return layer


def saved(layer, path):
    """Saved by napari through the plugin, and read again."""
    assert layer.save(str(path), plugin="kontur")
    return kontur.read(path)


@pytest.mark.parametrize("found", [on_grid(), off_grid(), Instances.empty(SIZE)])
def test_outlines_opened_and_saved_are_the_same_file(viewer, tmp_path, found):
    formats.write(tmp_path / "a.geojson", found, image_name="a.png")
    layer = opened(viewer, tmp_path / "a.geojson")
    assert isinstance(layer, napari.layers.Shapes)
    saved(layer, tmp_path / "b.geojson")
    assert (tmp_path / "b.geojson").read_bytes() == (tmp_path / "a.geojson").read_bytes()


def test_napari_fills_the_very_pixels_with_holes_and_parts(viewer, tmp_path):
    formats.write(tmp_path / "a.geojson", on_grid())
    layer = opened(viewer, tmp_path / "a.geojson")
    assert len(layer.data) == 4
    assert layer.features["id"].tolist() == [1, 2, 3, 4]
    np.testing.assert_array_equal(layer.to_labels(SIZE), on_grid().label_image())
    meshes = [shape._face_triangles for shape in layer._data_view.shapes]
    areas = []
    for shape, triangles in zip(layer._data_view.shapes, meshes, strict=True):
        corners = shape._face_vertices[triangles]
        areas.append(sum(abs(np.linalg.det(np.c_[corner, np.ones(3)])) / 2 for corner in corners))
    np.testing.assert_allclose(areas, on_grid().areas, rtol=1e-5)


def test_a_label_image_is_a_layer_of_labels_of_the_same_pixels(viewer, tmp_path):
    formats.write(tmp_path / "a.labels.tif", on_grid())
    layer = opened(viewer, tmp_path / "a.labels.tif")
    assert isinstance(layer, napari.layers.Labels)
    np.testing.assert_array_equal(layer.data, on_grid().label_image())
    layer.paint((20, 20), 9)
    assert 9 in saved(layer, tmp_path / "b.labels.tif").ids


def test_outlines_that_were_corrected_are_training_data(viewer, tmp_path):
    np.save(tmp_path / "a.npy", np.zeros(SIZE, np.uint8))
    formats.write(tmp_path / "a.geojson", off_grid(), image_name="a.npy")
    before = kontur.read(tmp_path / "a.geojson")
    layer = opened(viewer, tmp_path / "a.geojson")
    moved = layer.data[1] + [3, 5]
    layer._data_view.edit(1, moved)  # as a mouse does
    layer.selected_data = {3}
    layer.remove_selected()
    layer.add_polygons([np.array([[30.5, 5.5], [30.5, 9.5], [34.5, 9.5], [34.5, 5.5]])])
    saved(layer, tmp_path / "a.geojson")
    (sample,) = open_folder(tmp_path).samples
    again = sample.instances
    assert again.ids.tolist()[:3] == [1, 2, 3]
    assert_same(again[[0, 2]], before[[0, 2]])
    shift = np.array(again.boxes[1]) - before.boxes[1]
    np.testing.assert_allclose(shift, [5, 3, 5, 3], atol=1e-3)
    assert again.polygon(3).bounds == (6, 31, 10, 35)


def test_labels_of_outlines_keep_what_nobody_painted_over(viewer, tmp_path):
    from kontur.napari.labels_layer import labels_layer
    from tests.napari.scenes import origin

    data, attributes, _ = labels_layer(origin(off_grid()))
    layer = viewer.add_labels(data, **attributes)
    layer.fill((6, 6), 0) if layer.data[6, 6] else layer.paint((6, 6), 7)
    again = saved(layer, tmp_path / "a.geojson")
    kept = np.isin(again.ids, [3, 4])
    expected = off_grid()[[2, 3]]
    near = shapely.hausdorff_distance(again[kept].polygons, expected.polygons)
    assert (near < 1e-3).all()


@pytest.mark.parametrize("key", ["nuclei", "coins", "drawn_cells"])
def test_samples_open(viewer, key):
    layers = viewer.open_sample("kontur", key)
    assert isinstance(layers[0], napari.layers.Image)
    assert [layer.rgb for layer in layers[:1]] == [False]


def test_plain_pictures_are_left_to_napari(tmp_path):
    for name in ("a.tif", "a.png", "a.jpg"):
        readers = [
            one.plugin_name
            for one in npe2.PluginManager.instance().iter_compatible_readers(str(tmp_path / name))
        ]
        assert readers == ["napari"], name
