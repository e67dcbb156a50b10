"""What was done to each plane of a film: looked at, outlined by a model, corrected."""

import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import shapely
import tifffile

from kontur import formats
from kontur.edit import moves
from kontur.errors import InputError
from kontur.infer.options import PredictOptions
from kontur.instances import Instances
from kontur.web import plane_statuses
from kontur.web.authorship import MODEL
from kontur.web.exporting import export
from kontur.web.jobs import Job
from kontur.web.predicting import predict_images
from kontur.web.training import corrected_planes
from kontur.web.workspace import open_workspace

SQUARE = shapely.box(2, 2, 12, 12)


@pytest.fixture
def film(tmp_path):
    """A film of five planes in a folder that is open."""
    write_film(tmp_path / "film.tif", axes="TYX", shape=(5, 20, 30))
    here = open_workspace(tmp_path)
    yield here
    here.close()


def write_film(path, *, axes, shape):
    tifffile.imwrite(path, np.zeros(shape, np.uint8), imagej=True, metadata={"axes": axes})


def only(here):
    (image,) = here.folder.images.values()
    return image


def draw(here, page, square=SQUARE):
    here.annotations.edit(
        only(here), page, "add", lambda f: moves.add(f, square), known_revision=10**6
    )


def predict(here, page, *squares):
    """As a model: all of its objects are replaced."""

    def replaced(found):
        for number in found.ids:
            found = moves.delete(found, [number])
        for square in squares:
            found = moves.add(found, square)
        return found.replace(scores=np.full(len(found), 0.9))

    here.annotations.edit(
        only(here), page, "predict", replaced, known_revision=10**6, by=MODEL, status="predicted"
    )


def learned(here):
    return [page for _, page in corrected_planes(here)]


def status(here):
    return here.annotations.statuses.of(only(here))[0]


def test_planes_that_were_looked_at_or_predicted_alone_are_not_learned_from(film):
    draw(film, 0)
    film.annotations.open(only(film), 1)
    predict(film, 2, SQUARE)
    predict(film, 4)  # finds nothing
    assert learned(film) == [0]
    assert status(film) == "corrected"
    film.annotations.set_status(only(film), "done")
    assert learned(film) == [0, 2, 4]  # right as they are


def test_a_plane_of_which_a_person_has_deleted_objects_is_corrected_until_it_is_predicted(film):
    draw(film, 3)
    predict(film, 1, SQUARE)
    (number,) = film.annotations.open(only(film), 1).instances.ids.tolist()
    film.annotations.edit(
        only(film),
        1,
        "delete",
        lambda f: moves.delete(f, [number]),
        known_revision=10**6,
        touched=[number],
    )
    assert learned(film) == [1, 3]
    predict(film, 1, SQUARE)
    assert learned(film) == [3]


def test_undo_in_one_plane_leaves_the_image_what_other_planes_make_it(film):
    draw(film, 0)
    draw(film, 1)
    film.annotations.step(only(film), 0, "undo", known_revision=10**6)
    assert (status(film), learned(film)) == ("corrected", [1])
    film.annotations.step(only(film), 1, "undo", known_revision=10**6)
    assert (status(film), learned(film)) == ("untouched", [])


@pytest.mark.parametrize(
    ("axes", "shape", "pages"), [("TYX", (5, 20, 30), [1, 3]), ("TZYX", (2, 3, 20, 30), [1, 5])]
)
def test_planes_of_our_file_are_kept_where_another_one_is_edited_without_the_history(
    tmp_path, axes, shape, pages
):
    """Also as predict writes them beside the image."""
    write_film(tmp_path / "film.tif", axes=axes, shape=shape)
    here = open_workspace(tmp_path)
    for page in pages:
        draw(here, page)
    here.close()
    shutil.rmtree(tmp_path / ".kontur")
    here = open_workspace(tmp_path)
    draw(here, 0)
    assert learned(here) == [0, *pages]
    here.close()
    planes = formats.read_images(tmp_path / "film.geojson")
    assert [len(plane.instances) for plane in planes] == [1, 1, 1]


def test_a_plane_that_another_program_has_added_to_our_file_is_kept(film, tmp_path):
    draw(film, 0)
    file = tmp_path / "film.geojson"
    here = tmp_path / "elsewhere"
    here.mkdir()
    shutil.copy(tmp_path / "film.tif", here)
    other = open_workspace(here)
    for page in (0, 2):
        draw(other, page)
    other.close()
    shutil.copy(here / "film.geojson", file)
    draw(film, 0, shapely.box(14, 2, 19, 12))
    assert [len(plane.instances) for plane in formats.read_images(file)] == [2, 1]


def test_before_the_history_knows_an_image_its_file_tells_the_planes(film, tmp_path):
    draw(film, 1)
    predict(film, 3, SQUARE)
    film.close()
    shutil.rmtree(tmp_path / ".kontur")
    here = open_workspace(tmp_path)
    assert learned(here) == [1]
    here.close()


def test_of_the_folder_the_planes_are_outlined_that_nobody_has_corrected(film):
    draw(film, 2)
    film.models = SimpleNamespace(predictor=lambda name: FindsNothing())
    job = Job(1, "predict", lambda job: None, film.events)
    made = predict_images(film, None, job, model="", page="all", options=PredictOptions())
    assert made["images"] == 1
    assert plane_statuses.outlined_planes(film.history, only(film).key) == [0, 1, 2, 3, 4]
    assert learned(film) == [2]
    assert status(film) == "corrected"
    film.annotations.set_status(only(film), "done")
    made = predict_images(film, None, job, model="", page="all", options=PredictOptions())
    assert made["images"] == 0


def test_a_model_that_finds_nothing_leaves_an_image_predicted_and_its_file(film, tmp_path):
    predict(film, 0)
    assert status(film) == "predicted"
    assert len(formats.read(tmp_path / "film.geojson")) == 0
    predict(film, 0)
    film.annotations.step(only(film), 0, "undo", known_revision=10**6)
    assert status(film) == "untouched"


class FindsNothing:
    """A model that sees no object anywhere."""

    card = SimpleNamespace(channel=None)

    def takes(self, image):
        return True

    def thresholds(self, options):
        return SimpleNamespace(overlap=0.5)

    def predict_detailed(self, image, options):
        return SimpleNamespace(instances=Instances.empty(image.pixels.shape[:2]), hint=None)


def test_an_empty_file_of_a_model_is_not_learned_from_without_the_history(film, tmp_path):
    predict(film, 0)
    film.close()
    shutil.rmtree(tmp_path / ".kontur")
    here = open_workspace(tmp_path)
    assert (status(here), learned(here)) == ("predicted", [])
    here.close()


@pytest.mark.parametrize("format", ["coco", "cvat", "via"])
def test_planes_are_exported_by_names_of_their_own_where_a_format_knows_none(film, format):
    for page in (0, 3):
        draw(film, page)
    film.annotations.open(only(film), 1)  # looked at
    made = export(film, [only(film)], format)
    path = film.root / made.name
    path.write_bytes(made.content)
    planes = {image.file_name: len(image.instances) for image in formats.read_images(path)}
    assert planes == {"film.page0000.tif": 1, "film.page0003.tif": 1}
    assert any("a plane of a stack" in loss for loss in made.losses)


def test_a_refused_export_names_the_file_without_the_folder_of_a_moment(film):
    for page in (0, 1):
        draw(film, page)
    shutil.copy(only(film).path, film.root / "film.page0000.tif")
    film.folder.refresh()
    images = list(film.folder.images.values())
    with pytest.raises(InputError, match=f"^{film.root.name}.via.json would have two images"):
        export(film, images, "via")
