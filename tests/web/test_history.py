"""The history: nothing that was answered is lost, whenever the server is killed."""

import random
import shutil
import threading
import time

import pytest

from kontur import formats
from kontur.errors import InputError
from kontur.web.history import History
from tests.web.conftest import served, write_images

EDITS = 100


def ring_of(rng):
    x, y, side = rng.randrange(5, 200), rng.randrange(5, 150), rng.randrange(4, 30)
    return [[x, y], [x + side, y], [x + side, y + side], [x, y + side]]


def random_edit(rng, ids):
    """An edit that is always possible, on one of the objects that are there."""
    if len(ids) < 3 or rng.random() < 0.3:
        return {"move": "add", "ring": ring_of(rng)}
    number = rng.choice(sorted(ids))
    if rng.random() < 0.3:
        return {"move": "delete", "objects": [number]}
    if rng.random() < 0.5:
        return {"move": "shift", "objects": [number], "by": [rng.randrange(-3, 4), 1]}
    return {"move": "smooth", "objects": [number], "window": 2}


class Person(threading.Thread):
    """Makes random edits, and notes after each what the server said is there."""

    def __init__(self, server, key, seed):
        super().__init__()
        self.server, self.key, self.rng = server, key, random.Random(seed)
        self.known, self.revision, self.made = {}, 0, 0

    def run(self):
        with self.server.client() as client:
            try:
                for _ in range(EDITS):
                    self.edit(client)
            except Exception:  # the server was killed: the gesture is not finished
                return

    def edit(self, client):
        body = {"edit": random_edit(self.rng, self.known), "revision": self.revision}
        answer = client.post(f"/api/images/{self.key}/edits", json=body)
        assert answer.status_code == 200, answer.text
        changes = answer.json()
        for each in changes["objects"]:
            self.known[each["id"]] = each
        for number in changes["deleted"]:
            self.known.pop(number, None)
        self.revision = changes["revision"]
        self.made += 1


@pytest.mark.parametrize("after", [7, 25, 60])
def test_a_kill_in_the_midst_of_edits_loses_at_most_the_unfinished_one(tmp_path, after):
    folder = write_images(tmp_path / "plate", 1)
    with served(folder) as server:
        with server.client() as client:
            key = client.get("/api/folder").json()["images"][0]["key"]
        person = Person(server, key, seed=after)
        person.start()
        while person.made < after and person.is_alive():
            time.sleep(0.001)  # else it and the thread take the processor from each other
        server.kill()
        person.join()
    assert after <= person.made < EDITS
    beside = formats.read(folder / "cells0.geojson")  # whole, as it lies there after the kill
    known = set(person.known)
    assert len(known ^ set(beside.ids.tolist())) <= 1
    with served(folder) as server, server.client() as client:
        found = client.get(f"/api/images/{key}/objects").json()
        there = {each["id"]: each for each in found["objects"]}
        differing = {n for n in there.keys() | person.known if there.get(n) != person.known.get(n)}
        unfinished = found["revision"] - person.revision
        assert unfinished in (0, 1)
        assert len(differing) <= unfinished
        assert found["undo"] == found["revision"]
        while found["undo"]:
            body = {"direction": "undo", "revision": found["revision"]}
            found = client.post(f"/api/images/{key}/steps", json=body).json()
        assert client.get(f"/api/images/{key}/objects").json()["objects"] == []
        assert len(formats.read(folder / "cells0.geojson")) == 0


def test_a_folder_is_open_in_one_server_at_a_time(tmp_path):
    history = History(tmp_path / ".kontur" / "history.sqlite")
    with pytest.raises(InputError, match="is open in another kontur serve"):
        History(tmp_path / ".kontur" / "history.sqlite")
    history.close()
    History(tmp_path / ".kontur" / "history.sqlite").close()


def test_a_damaged_history_is_told_and_outlines_are_read_from_their_files(tmp_path):
    from tests.web.conftest import opened

    folder = write_images(tmp_path / "plate", 1)
    with opened(folder) as api:
        key = api.get("/api/folder").json()["images"][0]["key"]
        edit = {"move": "add", "ring": [[1, 1], [9, 1], [9, 9]]}
        api.post(f"/api/images/{key}/edits", json={"revision": 0, "edit": edit})
    for file in (folder / ".kontur").iterdir():
        file.write_bytes(b"no database at all, but text that is long enough to be looked at")
    with pytest.raises(InputError, match="is damaged"), opened(folder):
        pass
    shutil.rmtree(folder / ".kontur")
    with opened(folder) as api:
        found = api.get(f"/api/images/{key}/objects").json()
        assert [each["by"] for each in found["objects"]] == ["file"]
        assert found["status"] == "corrected"
