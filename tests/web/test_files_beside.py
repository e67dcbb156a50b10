"""The file beside an image: ours is written at every change, nobody else's ever."""

import json
import shutil

import numpy as np
import shapely
from PIL import Image

from kontur import formats
from tests.web.conftest import opened, wait_for_job
from tests.web.edits import DISC, edit, key_of, keys

FOREIGN = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [[[5, 5], [15, 5], [15, 15], [5, 5]]]},
            "properties": {"objectType": "annotation", "classification": {"name": "Tumor"}},
        }
    ],
}


def test_another_programs_file_is_shown_and_never_written(images):
    text = json.dumps(FOREIGN)
    (images / "cells0.geojson").write_text(text)
    with opened(images) as api:
        key = key_of(api)
        found = api.get(f"/api/images/{key}/objects").json()
        assert found["classes"] == ["Tumor"]
        assert found["status"] == "done"
        edit(api, key, 0, move="add", ring=DISC)
    assert (images / "cells0.geojson").read_text() == text
    assert len(formats.read(images / "cells0.kontur.geojson")) == 2
    with opened(images) as api:  # ours is the newer one
        assert len(api.get(f"/api/images/{key}/objects").json()["objects"]) == 2


def test_our_file_that_another_program_changed_is_taken_and_undo_brings_ours_back(images):
    """Between two sessions, and while one is open; also planes, also with new objects."""
    file = images / "cells0.geojson"
    with opened(images) as api:
        key = key_of(api)
        edit(api, key, 0, move="add", ring=DISC)
        edit(api, key, 1, move="add", ring=[[50, 50], [60, 50], [60, 60]])
    file.write_text(file.read_text().replace("30.0", "31.0"))
    with opened(images) as api:
        found = api.get(f"/api/images/{key}/objects").json()
        assert [max(each["parts"][0][0]) for each in found["objects"]] == [31, 60]
        assert (found["undo"], found["revision"]) == (3, 3)
        file.write_text(file.read_text().replace("31.0", "32.0"))
        late = edit(api, key, 3, move="delete", objects=[1])
        assert late.status_code == 409  # it was changed since the window saw it
        body = {"direction": "undo", "revision": 4}
        back = api.post(f"/api/images/{key}/steps", json=body).json()
        assert max(back["objects"][0]["parts"][0][0]) == 31
        api.post(f"/api/images/{key}/steps", json=body | {"revision": 5})
    assert formats.read(file).areas.tolist() == [400.0, 50.0]
    assert not (images / "cells0.kontur.geojson").exists()


def test_our_file_that_another_program_made_its_own_is_taken_and_not_written_any_more(images):
    file = images / "cells0.geojson"
    with opened(images) as api:
        key = key_of(api)
        edit(api, key, 0, move="add", ring=DISC)
    file.write_text(json.dumps(FOREIGN))
    with opened(images) as api:
        found = api.get(f"/api/images/{key}/objects").json()
        assert [each["by"] for each in found["objects"]] == ["file"]
        edit(api, key, found["revision"], move="add", ring=DISC)
    assert json.loads(file.read_text()) == FOREIGN
    assert len(formats.read(images / "cells0.kontur.geojson")) == 2
    with opened(images) as api:
        assert len(api.get(f"/api/images/{key}/objects").json()["objects"]) == 2


def test_our_file_that_cannot_be_read_any_more_stays_and_so_do_our_outlines(images):
    file = images / "cells0.geojson"
    with opened(images) as api:
        key = key_of(api)
        edit(api, key, 0, move="add", ring=DISC)
        file.write_text("{")
        assert edit(api, key, 1, move="shift", objects=[1], by=[1, 1]).status_code == 200
    assert file.read_text() == "{"
    assert formats.read(images / "cells0.kontur.geojson").areas.tolist() == [400.0]


def test_what_is_annotated_after_an_image_was_looked_at_is_shown(images):
    with opened(images) as api:
        key = key_of(api)
        assert api.get(f"/api/images/{key}/objects").json()["status"] == "untouched"
    (images / "cells0.geojson").write_text(json.dumps(FOREIGN))
    with opened(images) as api:
        found = api.get(f"/api/images/{key}/objects").json()
        assert (found["status"], len(found["objects"])) == ("done", 1)


def test_a_file_that_a_kill_left_half_known_is_still_ours(images, monkeypatch):
    """Killed between the file and the note that it is there."""
    with opened(images) as api:
        key = key_of(api)
        edit(api, key, 0, move="add", ring=DISC)
        with monkeypatch.context() as killed:
            killed.setattr("kontur.web.history.History.set_written", lambda *_: None)
            edit(api, key, 1, move="shift", objects=[1], by=[2, 2])
    with opened(images) as api:
        found = api.get(f"/api/images/{key}/objects").json()
        assert (found["revision"], found["undo"]) == (2, 2)
        edit(api, key, 2, move="shift", objects=[1], by=[1, 1])
    assert not (images / "cells0.kontur.geojson").exists()
    assert formats.read(images / "cells0.geojson").boxes.tolist() == [[13, 13, 33, 33]]


def test_outlines_of_predict_are_taken_up_as_predicted(images):
    from kontur.instances import Instances

    one = Instances.of(
        [shapely.Polygon([(1, 1), (9, 1), (9, 9)])], scores=[0.7], size=(200, 260), classes=["cell"]
    )
    formats.write(images / "cells1.geojson", one)
    with opened(images) as api:
        listed = {each["name"]: each for each in api.get("/api/folder").json()["images"]}
        assert (listed["cells1.png"]["status"], listed["cells1.png"]["objects"]) == ("predicted", 1)
        assert api.get("/api/training").json()["corrected"] == 0  # before anybody has looked at it
        found = api.get(f"/api/images/{key_of(api, 'cells1.png')}/objects").json()
        assert (found["status"], found["classes"]) == ("predicted", ["cell"])
        assert found["objects"][0]["by"] == "model"


def outline_all(api):
    job = api.post("/api/predict", json={"model": "nuclei", "images": None}).json()
    assert wait_for_job(api, job["number"])["state"] == "done"


def test_what_a_hand_corrected_is_told_from_the_file_alone(images):
    """The history can be thrown away: what a hand changed has no score of a model any more."""
    with opened(images) as api:
        key = key_of(api)
        outline_all(api)
        found = api.get(f"/api/images/{key}/objects").json()
        assert all(each["score"] for each in found["objects"])
        first = found["objects"][0]["id"]
        moved = edit(api, key, found["revision"], move="shift", objects=[first], by=[3, 2]).json()
        assert moved["objects"][0]["score"] is None
        ring = moved["objects"][0]["parts"]
    shutil.rmtree(images / ".kontur")
    with opened(images) as api:
        listed = {each["name"]: each for each in api.get("/api/folder").json()["images"]}
        assert listed["cells0.png"]["status"] == "corrected"
        outline_all(api)
        again = api.get(f"/api/images/{key}/objects").json()["objects"]
        assert ring in [each["parts"] for each in again if each["by"] != "model"]


def test_a_class_that_is_renamed_has_its_new_name_in_the_files(images):
    with opened(images) as api:
        edit(api, key_of(api), 0, move="add", ring=DISC)
        api.put("/api/classes", json={"names": ["nucleus"]})
    assert formats.read(images / "cells0.geojson").classes == ("nucleus",)


def test_a_folder_that_nobody_annotated_has_no_problem(images, tmp_path):
    (tmp_path / "empty").mkdir()
    for folder in (images, tmp_path / "empty"):
        with opened(folder) as api:
            assert api.get("/api/folder").json()["problems"] == []


def test_annotations_that_cannot_be_read_are_said(images):
    (images / "annotations.json").write_text('{"images": [')
    with opened(images) as api:
        (problem,) = api.get("/api/folder").json()["problems"]
        assert "annotations were left out" in problem
        assert "annotations.json" in problem


def test_images_of_one_name_in_two_folders_are_told_apart_in_one_file(tmp_path):
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        Image.fromarray(np.zeros((40, 40), np.uint8)).save(tmp_path / name / "a.png")
    with opened(tmp_path) as api:
        for key in keys(api).values():
            edit(api, key, 0, move="add", ring=DISC)
        made = api.post("/api/export", json={"format": "coco", "images": None})
    assert [each["file_name"] for each in made.json()["images"]] == ["x/a.png", "y/a.png"]


def test_label_images_of_a_training_folder_are_its_outlines_and_no_images(tmp_path):
    for name in ("images", "labels"):
        (tmp_path / name).mkdir()
    labels = np.zeros((20, 30), np.uint16)
    labels[3:9, 4:12] = 5
    Image.fromarray(np.zeros((20, 30), np.uint8)).save(tmp_path / "images" / "a.png")
    Image.fromarray(labels).save(tmp_path / "labels" / "a.png")
    with opened(tmp_path) as api:
        assert list(keys(api)) == ["images/a.png"]
        found = api.get(f"/api/images/{key_of(api, 'images/a.png')}/objects").json()
        assert [each["id"] for each in found["objects"]] == [5]
        assert found["status"] == "done"
        edit(api, key_of(api, "images/a.png"), 0, move="shift", objects=[5], by=[1, 1])
    assert len(formats.read(tmp_path / "images" / "a.geojson")) == 1
    with opened(tmp_path) as api:
        assert list(keys(api)) == ["images/a.png"]


def test_two_images_of_one_name_have_files_of_their_own(images):
    Image.open(images / "cells0.png").save(images / "cells0.tif")
    with opened(images) as api:
        edit(api, key_of(api, "cells0.tif"), 0, move="add", ring=DISC)
        edit(api, key_of(api, "cells0.png"), 0, move="add", ring=DISC[:3])
    assert formats.read(images / "cells0.png.geojson").areas.tolist() == [200.0]
    assert formats.read(images / "cells0.tif.geojson").areas.tolist() == [400.0]
