"""What is asked of a table, what is left out and counted, and what cannot be asked."""

import numpy as np
import pandas as pd
import pytest

from kontur.errors import InputError
from kontur.measure.learn.task import make_task
from tests.measure.learn.tables import COLUMNS, objects


def test_by_default_every_measurement_is_learned_from_and_nothing_else():
    table = objects().assign(score=0.5, x=1.0, left=2.0, dose=3.0)
    task = make_task(table, "state")
    assert task.columns == tuple(COLUMNS)
    assert task.classes == ("dead", "live")
    assert (task.kind, task.images, task.constant_within_groups) == (
        "classify",
        16,
        True,
    )
    assert make_task(table, "area").columns == tuple(COLUMNS[1:])
    assert make_task(table, "area").unit == "µm²"
    assert make_task(table, "state", columns=["s*", "area"]).columns == ("solidity", "area")


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (["a", "b"], "classify"),
        ([True, False], "classify"),
        ([1, 2], "classify"),
        ([0.5, 1.5], "regress"),
        (pd.Categorical(["a", "b"]), "classify"),
    ],
)
def test_the_target_says_whether_it_is_classes_or_an_amount(values, task):
    table = objects(images=4, each=2)
    table["species"] = pd.Series(values)[np.arange(8) % 2].to_numpy()
    assert make_task(table, "species").kind == task


def test_many_whole_numbers_are_an_amount_unless_said_otherwise():
    table = objects(images=4, each=12).assign(species=np.tile(np.arange(12), 4))
    assert make_task(table, "species").kind == "regress"
    assert make_task(table, "species", kind="classify").classes == tuple(range(12))


def test_rows_left_out_are_counted_by_reason():
    table = objects(images=6, each=4)
    table.loc[[0, 1], "ignore"] = True
    table.loc[[1, 2, 3], "state"] = None
    table.loc[[9], "image"] = None
    table.loc[20:, "state"] = "unsure"
    task = make_task(table, "state", classes=["live", "dead"])
    assert len(task.truth) == 24 - 2 - 2 - 1 - 4
    assert task.notes == (
        "2 rows to ignore left out",
        "2 rows without state left out",
        "1 row without image left out",
        "4 rows of other classes than live, dead left out",
    )


def test_columns_without_information_are_left_out_and_counted():
    table = objects().assign(parts=1, holes=0, touching_length=np.nan)
    task = make_task(table, "state")
    assert task.columns == tuple(COLUMNS)
    assert task.notes == (
        "1 column without any value left out: touching_length",
        "2 columns the same in every row left out: parts, holes",
    )


def test_columns_may_be_left_out_and_copies_of_an_amount_are_reported():
    table = objects()
    table["area_convex"] = table["area"] * 1.01
    task = make_task(table, "area")
    assert "nearly copies of area (rank correlation above 0.98): area_convex" in task.notes[0]
    assert not make_task(table, "area", without=["area*"]).notes
    assert make_task(table, "state", without=["area*", "extent"]).columns == tuple(COLUMNS[1:4])
    with pytest.raises(InputError, match="no column is left without form"):
        make_task(table, "state", without=["form"])


def broken(**columns):
    return objects(images=4, each=3).assign(**columns)


@pytest.mark.parametrize(
    ("table", "words", "sentence"),
    [
        (broken(), {"target": "sate"}, "no column 'sate' for the target; did you mean 'state'"),
        (broken(), {"group": "wel"}, "no column 'wel' for the group"),
        (broken(), {"columns": ["aera"]}, "did you mean 'area'"),
        (broken(), {"columns": ["area", "state"]}, "'state' is the target"),
        (broken(), {"columns": ["area", "image"]}, "'image' is the group"),
        (broken(), {"group": "state"}, "'state' is the target and the group"),
        (broken(state="live"), {}, "'state' is live in all 12 rows"),
        (broken(state=["odd"] * 3 + ["live", "dead", "dead"] * 3), {}, "class 'odd' is in one im"),
        (broken(), {"classes": ["live", "dad"]}, "no class 'dad'; did you mean 'dead'"),
        (broken(), {"kind": "regress"}, "'state' is text such as 'live'"),
        (broken(state=1.5), {}, "'state' is 1.5 in all 12 rows"),
        (broken(state=[np.inf, 1.5, 2.5] * 4), {}, "'state' is infinite in 4 of 12 rows"),
        (broken(area=np.inf), {}, r"infinite values, .* in the columns area \(12\)"),
        (broken(state=None), {}, "no row is left to learn 'state' from: 12 rows without state"),
        (broken().iloc[:0], {}, "the table has no rows"),
        (broken().iloc[:1], {}, "'state' is live in all 1 rows"),
        (broken()[["image", "state"]], {}, "no measurement columns"),
        (broken(area=1.0)[["image", "area", "state"]], {}, "all 1 columns are empty or the same"),
    ],
)
def test_a_task_that_cannot_be_learned_is_one_sentence(table, words, sentence):
    with pytest.raises(InputError, match=sentence):
        make_task(table, **{"target": "state", **words})


def test_a_missing_value_makes_no_amount_of_a_few_whole_numbers():
    table = objects(images=4, each=2)
    table["dose"] = [1, 2, 1, 2, 1, 2, 1, np.nan]
    task = make_task(table, "dose", classes=["1", "2"])
    assert task.classes == (1, 2)
    assert task.notes == ("1 row without dose left out",)
    assert make_task(table, "dose", kind="regress").classes == ()
    table["dose"] = [1e300, 2, 1, 2, 1, 2, 1.5, np.nan]
    assert make_task(table, "dose").kind == "regress"


@pytest.mark.parametrize("group", [None, "id"])
def test_images_that_the_folds_part_are_reported(group):
    table = objects(images=4, each=2).assign(id=[1, 2] * 4)
    notes = " ".join(make_task(table, "state", group=group).notes)
    assert "4 images split by the folds" in notes
    assert "parted" not in " ".join(make_task(table, "state").notes)
