"""The widget without a window: a model outlines a layer, what it found is corrected and saved."""

import time

import numpy as np
import pytest
import shapely

import kontur
from kontur.data.folder import open_folder
from kontur.instances.plane import Plane
from tests.napari.in_napari import MISSING, ViewerModel, napari

if MISSING:
    pytest.skip(MISSING, allow_module_level=True)

pytestmark = pytest.mark.filterwarnings("default")  # napari's own

PATIENCE = 120  # seconds


@pytest.fixture(scope="module")
def application():
    from qtpy.QtWidgets import QApplication

    return QApplication.instance() or QApplication([])


@pytest.fixture
def viewer():
    return ViewerModel()


@pytest.fixture
def widget(application, viewer):
    from kontur.napari.widget import OutlineWidget

    return OutlineWidget(viewer)


def nuclei(count=1, dtype=np.uint16):
    """Bright discs on a dark ground."""
    rows, columns = np.mgrid[:96, :128]
    places = [(24, 30), (60, 40), (40, 90), (70, 100)]
    distance = np.min([np.hypot(rows - r, columns - c) for r, c in places[:count]], axis=0)
    noise = np.random.default_rng(0).normal(0, 20, distance.shape)
    return np.clip(1000 * (distance < 9) + 100 + noise, 0, 65535).astype(dtype)


def outline(widget, application):
    """Press the button and wait as a person does."""
    widget.outline_button.changed.emit(True)
    end = time.monotonic() + PATIENCE
    while widget.task is not None:
        application.processEvents()
        time.sleep(0.01)
        assert time.monotonic() < end, widget.status.value


def press_save(widget, path):
    widget.file.value = path
    widget.save_button.changed.emit(True)
    return widget.status.value


def test_the_layer_that_is_selected_is_outlined(widget, viewer, application):
    viewer.add_image(nuclei(), name="one")
    viewer.add_image(nuclei(3), name="three")
    viewer.layers.selection.active = viewer.layers["three"]
    outline(widget, application)
    layer = viewer.layers["three outlines"]
    expected = kontur.load("nuclei").predict(nuclei(3))
    assert isinstance(layer, napari.layers.Shapes)
    assert len(layer.data) == len(expected) == 3
    assert widget.status.value == "3 objects in 1 plane, as shapes"
    np.testing.assert_allclose(layer.features["score"], expected.scores)
    inside = layer.to_labels((96, 128)) > 0
    assert (inside == (expected.label_image() > 0)).mean() > 0.998


def test_outlines_lie_on_an_image_of_any_scale_and_are_saved_in_its_pixels(
    widget, viewer, application, tmp_path
):
    place = {"scale": (0.5, 0.5), "translate": (30, 7), "units": ("um", "um")}
    viewer.add_image(nuclei(2), name="scaled", **place)
    outline(widget, application)
    layer = viewer.layers["scaled outlines"]
    assert layer.scale.tolist() == [0.5, 0.5]
    assert layer.translate.tolist() == [30, 7]
    expected = kontur.load("nuclei").predict(nuclei(2))
    assert "2 objects → " in press_save(widget, tmp_path / "a.geojson")
    found = kontur.read(tmp_path / "a.geojson")
    assert (shapely.hausdorff_distance(found.polygons, expected.polygons) < 1e-3).all()
    drawn = viewer.add_shapes(
        [np.array([[31, 8], [31, 9], [32, 9], [32, 8.0]])], shape_type="polygon"
    )
    viewer.layers.selection.active = drawn  # in micrometres of the world, scale 1
    press_save(widget, tmp_path / "b.geojson")
    assert kontur.read(tmp_path / "b.geojson").boxes.tolist() == [[2.5, 2.5, 4.5, 4.5]]
    press_save(widget, tmp_path / "c.labels.tif")
    assert kontur.read(tmp_path / "c.labels.tif").size == (96, 128)


def test_the_contrast_is_typed_as_on_the_command_line(widget, viewer):
    from kontur.napari.outline_layer import parse_options

    assert parse_options("", "100, 4000", "").contrast == (100.0, 4000.0)
    assert parse_options("", " auto ", "").contrast == "auto"
    assert parse_options("", "", "").contrast is None
    viewer.add_image(nuclei(), name="one")
    widget.contrast.value = "4000,100"
    widget.outline_button.changed.emit(True)
    assert "LOW below HIGH" in widget.status.value
    assert widget.task is None


def test_what_to_try_is_told_in_the_words_of_the_form(widget, viewer, application, caplog):
    viewer.add_image(nuclei(3), name="cells")
    widget.contrast.value = "0,9"
    outline(widget, application)
    assert "; its values lie nearly all at or above the range" in widget.status.value
    viewer.add_image(np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8), name="slope")
    widget.contrast.value = ""
    outline(widget, application)
    assert widget.status.value.startswith("0 objects in 1 plane")
    assert "auto in the field diameter measures the objects" in widget.status.value
    assert not caplog.text  # where Python's words are


def test_of_a_stack_the_plane_that_is_shown_or_all(widget, viewer, application, tmp_path):
    stack = np.stack([nuclei(1), nuclei(2), nuclei(3)])
    viewer.add_image(stack, name="film", axis_labels=("t", "y", "x"))
    viewer.dims.set_current_step(0, 1)
    outline(widget, application)
    one = viewer.layers["film outlines"]
    assert len(one.data) == 2
    assert {points[0, 0] for points in one.data} == {1}
    widget.every_plane.value, widget.shown_as.value = True, "labels"
    outline(widget, application)
    every = viewer.layers["film outlines [1]"]
    assert every.data.shape == stack.shape
    assert [len(np.unique(plane)) - 1 for plane in every.data] == [1, 2, 3]
    assert press_save(widget, tmp_path / "film.geojson").startswith("6 objects → ")
    assert kontur.read(tmp_path / "film.geojson", page=2).plane == Plane(t=2)
    widget.with_image.value = True
    (tmp_path / "data").mkdir()
    press_save(widget, tmp_path / "data" / "film.geojson")
    folder = open_folder(tmp_path / "data")
    assert folder.names == ("film_0", "film_1", "film_2")
    assert [len(sample.instances) for sample in folder.samples] == [1, 2, 3]
    np.testing.assert_array_equal(folder.samples[2].image[:, :, 0], stack[2])


@pytest.mark.parametrize("kind", ["rgb", "multiscale"])
def test_colour_and_multiscale_layers_are_outlined_at_full_resolution(
    widget, viewer, application, kind
):
    grey = nuclei(2, np.uint16)
    if kind == "rgb":
        eight = (grey / grey.max() * 255).astype(np.uint8)
        viewer.add_image(np.stack([eight] * 3, axis=-1), name="image")
    else:
        viewer.add_image([grey, grey[::2, ::2]], multiscale=True, name="image")
    outline(widget, application)
    (origin,) = viewer.layers["image outlines"].metadata.values()
    assert origin.size == (96, 128)
    assert len(origin.planes[()]) == 2


def test_a_stack_can_be_stopped_and_keeps_what_was_found(widget, viewer, application):
    viewer.add_image(np.stack([nuclei(1)] * 50), name="film")
    widget.every_plane.value = True
    widget.outline_button.changed.emit(True)
    assert widget.outline_button.text == "Stop after this plane"
    outline(widget, application)
    assert widget.status.value == "1 object in 1 plane, as shapes"
    assert widget.outline_button.text == "Outline objects"


def test_an_image_without_objects_gets_an_empty_layer_to_draw_in(widget, viewer, application):
    viewer.add_image(np.zeros((40, 50), np.uint8), name="black")
    outline(widget, application)
    layer = viewer.layers["black outlines"]
    assert (len(layer.data), layer.ndim) == (0, 2)
    layer.add_polygons([np.array([[1.0, 1], [1, 5], [5, 5]])])
    assert layer.features["id"].tolist() == [0]


def test_what_is_missing_or_wrong_is_said_in_a_sentence(widget, viewer, application, tmp_path):
    widget.outline_button.changed.emit(True)
    assert widget.status.value.startswith("open an image first")
    assert press_save(widget, tmp_path / "a.geojson").startswith("there are no outlines")
    viewer.add_image(nuclei(), name="one")
    widget.diameter.value = "large"
    widget.outline_button.changed.emit(True)
    assert "the diameter, in pixels, is a number" in widget.status.value
    widget.diameter.value = ""
    widget.model.value = widget.model.choices[-1]
    widget.model_file.value = tmp_path / "gone.kontur"
    outline(widget, application)
    assert "there is no model file" in widget.status.value
    viewer.add_labels(np.zeros((5, 5), int), name="small")
    assert "of an image of 5×5 pixels, the image layer has 96×128" in press_save(
        widget, tmp_path / "a.geojson"
    )
    assert not list(tmp_path.iterdir())


def test_the_file_beside_the_image_is_suggested(widget, viewer, tmp_path):
    from PIL import Image

    Image.fromarray(nuclei(1, np.uint8)).save(tmp_path / "a01.png")
    viewer.open(str(tmp_path / "a01.png"), plugin="napari")
    assert widget.file.value == tmp_path / "a01.geojson"
    widget.format.value = "labels"
    assert widget.file.value == tmp_path / "a01.labels.tif"


def test_layers_that_come_and_go_are_offered(widget, viewer):
    assert widget.image.choices == widget.outlines.choices == ()
    image = viewer.add_image(nuclei())
    labels = viewer.add_labels(np.zeros((5, 5), int))
    assert widget.image.choices == (image,)
    assert widget.outlines.choices == (labels,)
    viewer.layers.remove(labels)
    assert widget.outlines.choices == ()
