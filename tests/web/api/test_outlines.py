"""Objects over the wire: drawn, changed, undone, by several windows."""

import numpy as np
import tifffile

from kontur import formats
from tests.web.conftest import nuclei, opened
from tests.web.edits import DISC, edit, key_of


def test_an_object_is_drawn_changed_undone_and_redone_and_the_file_follows(api, images):
    key = key_of(api)
    drawn = edit(api, key, 0, move="add", ring=DISC).json()
    assert (drawn["revision"], drawn["undo"], drawn["status"]) == (1, 1, "corrected")
    number = drawn["objects"][0]["id"]
    assert drawn["classes"] == ["object"]
    moved = edit(api, key, 1, move="drag", object=number, start=[30, 30], end=[36, 38]).json()
    assert moved["objects"][0]["parts"][0][0].count(36.0) == 1
    file = images / "cells0.geojson"
    assert formats.read(file).areas.tolist() == [540.0]
    back = api.post(f"/api/images/{key}/steps", json={"direction": "undo", "revision": 2}).json()
    assert (back["undo"], back["redo"]) == (1, 1)
    assert formats.read(file).areas.tolist() == [400.0]
    gone = api.post(f"/api/images/{key}/steps", json={"direction": "undo", "revision": 3}).json()
    assert gone["deleted"] == [number]
    assert gone["status"] == "untouched"
    again = api.post(f"/api/images/{key}/steps", json={"direction": "redo", "revision": 4}).json()
    assert again["objects"][0]["id"] == number
    nothing = api.post(f"/api/images/{key}/steps", json={"direction": "redo", "revision": 5})
    assert nothing.status_code == 200
    nothing = api.post(f"/api/images/{key}/steps", json={"direction": "redo", "revision": 6})
    assert nothing.status_code == 400
    assert nothing.json()["detail"] == "there is nothing to redo"


def test_what_another_window_changed_is_not_changed_unseen(api):
    key = key_of(api)
    edit(api, key, 0, move="add", ring=DISC)
    edit(api, key, 1, move="add", ring=[[50, 50], [60, 50], [60, 60]])
    edit(api, key, 2, move="shift", objects=[1], by=[2, 0])
    late = edit(api, key, 2, move="delete", objects=[1])
    assert late.status_code == 409
    assert late.json()["reason"] == "conflict"
    other = edit(api, key, 2, move="delete", objects=[2])  # of which the window knows all
    assert other.status_code == 200
    assert {each["id"] for each in other.json()["objects"]} == {1}  # it hears of the shift, too
    undo = api.post(f"/api/images/{key}/steps", json={"direction": "undo", "revision": 3})
    assert undo.status_code == 409


def test_a_status_is_no_edit_and_comes_back_with_undo_and_redo(api, images):
    key = key_of(api)
    edit(api, key, 0, move="add", ring=DISC)
    done = api.put(f"/api/images/{key}/status", json={"status": "done"}).json()
    assert done["status"] == "done"
    steps = [
        api.post(f"/api/images/{key}/steps", json={"direction": way, "revision": seen})
        for way, seen in (("undo", 1), ("redo", 2), ("undo", 3))
    ]  # the first by a window that did not hear of the status
    assert [each.json()["status"] for each in steps] == ["untouched", "done", "untouched"]
    api.put(f"/api/images/{key_of(api, 'cells1.png')}/status", json={"status": "done"})
    assert len(formats.read(images / "cells1.geojson")) == 0  # an image without objects is data


def test_an_edit_of_another_plane_does_not_hinder_undo(tmp_path):
    stack = np.stack([nuclei(1), nuclei(2)])
    tifffile.imwrite(tmp_path / "stack.tif", stack, imagej=True, metadata={"axes": "ZYX"})
    with opened(tmp_path) as api:
        key = key_of(api, "stack.tif")
        edit(api, key, 0, page=0, move="add", ring=DISC)
        edit(api, key, 1, page=1, move="add", ring=DISC)
        body = {"direction": "undo", "revision": 1, "page": 0}
        assert api.post(f"/api/images/{key}/steps", json=body).status_code == 200
