"""Warnings where images may be recognised instead of objects."""

import numpy as np
import pytest

from kontur.measure.learn.leakage import brightness_note, image_note
from kontur.measure.learn.task import make_task
from tests.measure.learn.tables import objects


def test_a_target_that_is_the_same_within_every_image_is_warned_of():
    note = image_note(make_task(objects(), "state"))
    assert "In all 16 images all objects have the same state" in note
    assert "only folds that hold out whole images, as here, are an honest test" in note


def test_an_amount_that_is_the_same_within_every_image_is_warned_of_too():
    table = objects()
    table["dose"] = table["image"].str[-2:].astype(float) + 0.5
    assert "the same dose" in image_note(make_task(table, "dose"))


def test_a_target_that_varies_within_images_is_not_warned_of():
    table = objects()
    table["state"] = np.where(table["id"] % 2, "live", "dead")
    assert image_note(make_task(table, "state")) is None
    assert image_note(make_task(objects(), "area")) is None


def test_a_few_mixed_images_do_not_hide_it():
    table = objects(images=20)
    table.loc[0, "state"] = "dead"
    assert "In 19 of 20 images" in image_note(make_task(table, "state"))


def test_images_of_one_object_each_and_rows_without_images_say_nothing():
    assert image_note(make_task(objects(each=1), "state")) is None
    alone = objects().drop(columns="image")
    assert image_note(make_task(alone, "state", group=None)) is None


@pytest.mark.parametrize("group", [None, "id"])
def test_folds_that_split_such_images_are_sent_to_the_group(group):
    note = image_note(make_task(objects(), "state", group=group))
    assert "scores are far too high: use --group image" in note


def test_columns_that_join_images_are_suggested_as_groups():
    table = objects()
    number = table["image"].str[-2:].astype(int)
    table["plate"] = "p" + (number // 4).astype(str)
    table["camera"] = np.where(number < 15, "a", "b")
    table["treatment"] = table["state"] + "ly"  # one group a class: cannot be held out
    note = image_note(make_task(table, "state"))
    assert "--group plate" in note
    assert "treatment" not in note
    by_plate = image_note(make_task(table.drop(columns="camera"), "state", group="plate"))
    assert by_plate.endswith("are an honest test (by plate)")


def test_wells_stand_for_images_where_the_table_has_none():
    table = objects().rename(columns={"image": "well"})
    assert "In all 16 wells" in image_note(make_task(table, "state", group="well"))


def test_brightness_is_named_where_images_may_be_recognised_by_it():
    task = make_task(objects(), "state")
    assert "intensity_mean-1" in brightness_note(task, ("intensity_mean-1", "area"))
    assert brightness_note(task, ("area",)) is None
    mixed = objects()
    mixed["state"] = np.where(mixed["id"] % 2, "live", "dead")
    assert brightness_note(make_task(mixed, "state"), ("intensity_mean-1",)) is None
