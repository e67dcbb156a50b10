import re

import numpy as np
import pytest
import shapely

from kontur.instances import Instances
from kontur.instances.notebook import FIRST, summary
from tests.instances.drawn import several


def test_a_notebook_shows_a_picture_and_the_first_objects():
    boxes = [shapely.box(i, 0, i + 1, 2) for i in range(9)]
    html = Instances.of(boxes, scores=np.arange(9) / 10, ids=range(10, 19))._repr_html_()
    assert html.count("<img ") == 1
    assert html.count("<tr>") == 1 + FIRST
    assert re.findall(r">(1\d)<", html) == ["10", "11", "12", "13", "14", "15"]
    assert "and 3 more" in html


def test_columns_without_content_are_left_out():
    plain = Instances.of([shapely.box(0, 0, 1, 1)])._repr_html_()
    assert ">score<" not in plain
    assert ">class<" not in plain
    assert ">area<" in plain
    assert ">class<" in several()._repr_html_()


def test_the_summary_says_how_many_of_what():
    boxes = [shapely.box(i, 0, i + 1, 2) for i in range(3)]
    found = Instances.of(boxes, [1, 1, 0], size=(5, 9), classes=["a", "b"])
    assert summary(found) == "3 objects in 5×9 pixels (b: 2, a: 1)"
    assert summary(found.replace(ignore=[True, False, False])).endswith(", 1 to ignore")
    assert summary(found.replace(labels=[0, 0, 0], classes=["cell"])) == "3 cells in 5×9 pixels"
    assert summary(Instances.empty()) == "0 objects"
    assert summary(Instances.empty(classes=["a", "b"])) == "0 objects"


@pytest.mark.parametrize("size", [None, (1, 1), (7, 3000)])
def test_nothing_is_shown_too(size):
    assert "<img " in Instances.empty(size)._repr_html_()


def test_outlines_without_a_size_and_outside_of_the_image_are_shown():
    far = Instances.of([shapely.box(-20, -20, -10, -10), shapely.box(1e8, 5, 1e9, 7)])
    assert "<img " in far._repr_html_()
    assert "<img " in Instances.of([shapely.box(-20, -20, -10, -10)])._repr_html_()


def test_ten_thousand_objects_take_no_more_room_than_a_picture():
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 2000, (10_000, 2))
    boxes = shapely.box(*corners.T, *(corners + rng.uniform(1, 20, (10_000, 2))).T)
    assert len(Instances.of(boxes, size=(2000, 2000))._repr_html_()) < 150_000


def test_names_of_classes_cannot_write_html():
    classes = ["<script>alert(1)</script>", "b"]
    html = Instances.of([shapely.box(0, 0, 1, 1)], classes=classes)._repr_html_()
    assert "<script" not in html
