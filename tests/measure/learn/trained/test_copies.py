"""Images under another name are recognised by the values of their objects."""

import numpy as np
import pandas as pd
import pytest

from kontur.measure.learn.leakage import copies_note
from kontur.measure.learn.task import make_task
from kontur.measure.learn.trained import training_rows
from kontur.measure.learn.trained.copies import copied_images, copied_rows
from kontur.measure.learn.trained.training_rows import row_digests, sketch_of
from tests.measure.learn.tables import COLUMNS, objects


def values_of(table, *, columns=COLUMNS):
    recipe = {"invalid": [], "columns": [{"name": name, "kind": "number"} for name in columns]}
    return row_digests(recipe, table, identity=())


def with_copies(table, names):
    parts = [table[table["image"] == old].assign(image=new) for new, old in names.items()]
    return pd.concat([table, *parts], ignore_index=True)


def test_copies_are_found_by_their_values_and_named_after_the_first():
    table = with_copies(objects(each=20), {"x": "well_03", "y": "well_05", "z": "well_03"})
    assert copied_images(values_of(table), table["image"]) == {
        "x": "well_03",
        "y": "well_05",
        "z": "well_03",
    }
    shuffled = table.sample(frac=1, random_state=0)
    found = copied_images(values_of(shuffled), shuffled["image"])
    assert len(found) == 3
    pairs = [set(pair) for pair in found.items()]
    assert {"y", "well_05"} in pairs


def test_of_a_copy_few_objects_may_differ():
    table = with_copies(objects(each=20), {"x": "well_03"})
    own = table.index[table["image"] == "x"]
    table.loc[own[0], "area"] = 0
    assert copied_images(values_of(table), table["image"]) == {"x": "well_03"}
    assert copied_images(values_of(table.drop(own[1])), table.drop(own[1])["image"])
    table.loc[own[:3], "area"] = 0
    assert not copied_images(values_of(table), table["image"])


@pytest.mark.parametrize("each", [3, 6, 40])
def test_coarse_numbers_make_no_copies(each):
    table = objects(images=60, each=each)
    table["neighbours"] = np.random.default_rng(0).integers(8, size=len(table))
    assert copied_images(values_of(table, columns=["neighbours"]), table["image"]) is None
    flags = table.assign(a=table["area"] > 0, b=table["extent"] > 0)
    assert copied_images(values_of(flags, columns=["neighbours", "a", "b"]), table["image"]) is None
    assert copied_images(values_of(table), table["image"]) == {}


def test_no_row_and_images_of_one_object_are_no_copies():
    assert copied_images(np.empty(0, np.uint64), []) is None
    table = with_copies(objects(images=60, each=1), {"x": "well_03"})
    assert copied_images(values_of(table), table["image"]) == {}


def test_known_rows_are_counted_in_images_that_nearly_all_are():
    table = objects(images=8, each=10)
    sketch = sketch_of(values_of(table))
    renamed, new = table.assign(image="x"), objects(images=4, each=10, seed=1)
    for rows, known in (
        (renamed, 80),
        (renamed[:10], 10),
        (renamed[:4], 0),  # too few
        (new, 0),
        (pd.concat([renamed[:20], new]), 20),
        (pd.concat([renamed[:10], new[:5].assign(image="x")]), 0),  # by a third other objects
        (table.assign(image=range(80)), 80),  # an image each, together
        (pd.concat([table[:2], table[:2], table[:2]]), 0),  # two objects, however often
        (table[:0], 0),
    ):
        found = copied_rows(sketch, values_of(rows), rows["image"])
        assert (found.known, found.looked_up, found.exact) == (known, len(rows), True)


def test_of_many_rows_a_sample_of_the_values_is_enough(monkeypatch):
    monkeypatch.setattr(training_rows, "KEPT", 100)
    table = objects(images=20, each=50)
    sketch = sketch_of(values_of(table))
    both = pd.concat([table[:500].assign(image="x"), objects(images=10, each=50, seed=1)])
    found = copied_rows(sketch, values_of(both), both["image"])
    assert not found.exact
    assert 0.35 < found.share < 0.65
    assert copied_rows(sketch, values_of(both[500:]), both["image"][500:]).known == 0


def test_learning_is_told_of_copies_that_folds_may_separate():
    table = with_copies(objects(), {"x": "well_03", "y": "well_04"})
    table["plate"] = table["image"].map({"x": "well_03", "y": "well_04"}).fillna(table["image"])
    note = copies_note(make_task(table, "state"), values_of(table))
    assert note.startswith("2 images with the same values as another under another name (x is")
    assert "x is well_03, y is well_04" in note
    assert "scores are too high; leave the copies out" in note
    assert copies_note(make_task(table, "state", group="plate"), values_of(table)) is None
    assert copies_note(make_task(table, "state", group=None), values_of(table)) == note
    assert copies_note(make_task(objects(), "state"), values_of(objects())) is None
