import numpy as np
import pytest

from kontur.errors import InputError
from kontur.measure.plots.groups import MISSING, groups
from tests.measure.plots.tables import made_up


def test_groups_are_those_of_a_column_with_their_images_and_objects():
    found = groups(made_up(), "state")
    assert found.names == ("dead", "live")
    dead = found.group == 0
    assert dead.sum() == 60
    assert found.images(dead) == 3
    assert found.counted(dead) == "3 images, 60 objects"


def test_unasked_they_are_the_classes_or_the_first_metadata_of_few_values():
    table = made_up(dose=np.arange(120) % 3)
    assert groups(table).by == "state"
    table["class"] = ["a", "b"] * 60
    assert groups(table).by == "class"
    assert groups(table[["image", "area"]]).by == ""
    assert groups(table[["image", "area"]]).names == ("all",)


def test_numbers_group_unasked_only_where_they_are_the_same_in_an_image():
    table = made_up().drop(columns="state")
    assert groups(table.assign(count=np.arange(120) % 3)).by == ""
    assert groups(table.assign(dose=np.repeat([0, 1, 5], 40))).by == "dose"
    assert groups(table.assign(dose=np.repeat([0, 1, 5], 40)).drop(columns="image")).by == ""


def test_numbers_are_in_their_order_and_written_whole():
    found = groups(made_up(dose=([10.0, 2.0, 0.5] * 40)), "dose")
    assert found.names == ("0.5", "2", "10")


def test_rows_without_a_value_are_a_grey_group_of_their_own():
    found = groups(made_up(dose=[1.0, np.nan, 2.0] * 40), "dose")
    assert found.names == ("1", "2", "no dose")
    assert found.colours[-1] == MISSING
    assert np.bincount(found.group).tolist() == [40, 40, 40]


@pytest.mark.parametrize("count", [1, 2, 7, 8, 10])
def test_every_group_has_a_colour_of_its_own(count):
    found = groups(made_up(kind=[f"k{i % count}" for i in range(120)]), "kind")
    assert len(set(found.colours)) == count


def test_too_many_groups_and_a_column_that_is_not_there_are_refused():
    table = made_up(well=np.arange(120) % 11)
    with pytest.raises(InputError, match=r"'well' has 11 .* 10 groups at most.* are state"):
        groups(table, "well")
    with pytest.raises(InputError, match="no column 'stat'; did you mean 'state'"):
        groups(table, "stat")


def test_a_table_that_names_no_images_counts_objects_only():
    table = made_up().drop(columns="image")
    assert groups(table, "state").counted(np.ones(120, bool)) == "120 objects"
