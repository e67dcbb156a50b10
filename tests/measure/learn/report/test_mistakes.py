"""Wrongly predicted objects: which, in which order, and their pictures."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from kontur.errors import InputError
from kontur.measure.learn.report.mistakes import (
    draw_mistakes,
    kinds_of_mistakes,
    mistakes_section,
)
from kontur.measure.learn.study import learn
from kontur.measure.measure_many import measure_many
from kontur.measure.plots.pictures import Pictures, find_pictures
from kontur.measure.sources.find_sources import find_sources
from tests.measure.learn.tables import objects


def with_outputs(study, outputs):
    best = replace(study.best, outputs=outputs)
    return replace(study, results={**study.results, study.best.name: best})


@pytest.fixture(scope="module")
def study():
    return learn(objects(), "state", families=["logistic"], folds=4, nested=False)


def wrong(study, probabilities):
    """The study with these rows mistaken, at these probabilities of the wrong class."""
    truth = study.task.truth
    outputs = np.eye(2)[truth] * 0.8 + 0.1
    for row, probability in probabilities.items():
        outputs[row] = np.where(np.arange(2) == truth[row], 1 - probability, probability)
    return with_outputs(study, outputs)


def test_the_most_confident_mistakes_stand_first_and_kinds_by_number(study):
    # rows 0 to 7 are live, 8 to 15 dead
    mistaken = wrong(study, {0: 0.6, 3: 0.9, 9: 0.7, 5: 0.8})
    first, second = kinds_of_mistakes(mistaken)
    assert (first.name, first.rows) == ("true live, predicted dead", [3, 5, 0])
    assert (second.name, second.rows) == ("true dead, predicted live", [9])
    section = mistakes_section(mistaken, pictured=False)
    assert section.sentences[0].startswith("4 of 128 objects are predicted wrongly")
    assert [row[1] for row in section.rows[1:]] == ["3", "5", "1", "0"]
    assert section.rows[1] == ["well_00", "3", "live", "dead", "0.900"]
    assert section.figure is None
    assert "--report DIR --images FOLDER --outlines FILES" in section.sentences[1]


def test_without_a_mistake_there_is_no_picture(study):
    perfect = wrong(study, {})
    assert kinds_of_mistakes(perfect) == []
    section = mistakes_section(perfect, pictured=False)
    assert section.sentences == ["Every object is predicted correctly while held out."]
    assert draw_mistakes(perfect, Pictures(study.task.table, {})) is None


def test_a_table_without_ids_says_what_is_missing():
    table = objects().drop(columns="id")
    study = learn(table, "state", families=["logistic"], folds=2, nested=False)
    section = mistakes_section(study, pictured=False)
    assert "needs the columns image and id" in section.sentences[-1]


def test_of_an_amount_the_largest_errors_either_way_are_shown():
    study = learn(objects(), "area", families=["ridge"], folds=2, nested=False)
    error = np.zeros(128)
    error[[4, 7, 9]] = 3.0, -5.0, -1.0
    study = with_outputs(study, (study.task.truth + error)[:, None])
    large, small = kinds_of_mistakes(study)
    assert (large.name, large.rows) == ("predicted too large", [4])
    assert (small.name, small.rows[:2]) == ("predicted too small", [7, 9])
    section = mistakes_section(study, pictured=False)
    assert section.title == "Objects with the largest errors"
    assert [row[:2] for row in section.rows[1:3]] == [["well_00", "7"], ["well_00", "4"]]


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """Six images of squares in rows; the upper half of each is called live, some of it wrongly."""
    folder = tmp_path_factory.mktemp("scenes")
    rng = np.random.default_rng(0)
    for part in ("images", "labels"):
        (folder / part).mkdir()
    for number in range(6):
        label = np.zeros((60, 80), np.uint16)
        for k in range(6):
            top, left = 2 + 30 * (k // 3), 3 + 26 * (k % 3)
            label[top : top + 12 + k // 3 * 6, left : left + 12 + k] = k + 1
        image = rng.integers(0, 60, label.shape) + 120 * (label > 0)
        Image.fromarray(image.astype(np.uint8)).save(folder / f"images/i{number}.png")
        Image.fromarray(label).save(folder / f"labels/i{number}.png")
    table = measure_many(find_sources(folder).images)
    table["state"] = np.where((table["id"] > 3) ^ (rng.random(len(table)) < 0.2), "live", "dead")
    return folder, table


def test_mistaken_objects_are_cut_out_of_their_images(scenes):
    folder, table = scenes
    study = learn(table, "state", families=["logistic"], folds=3, nested=False)
    pictures = find_pictures(study.task.table, [str(folder)])
    drawn = draw_mistakes(study, pictures)
    mistaken = sum(len(kind.rows) for kind in kinds_of_mistakes(study))
    shown = [axes for axes in drawn.axes if axes.images]
    assert len(shown) == mistaken > 0
    names = {axes.get_xlabel() for axes in shown}
    rows = [row for kind in kinds_of_mistakes(study) for row in kind.rows]
    ids = study.task.table.loc[rows, ["image", "id"]].itertuples(index=False)
    assert names == {f"{image}\u00a0·\u00a0{number}" for image, number in ids}


def test_images_that_are_not_those_of_the_table_are_refused(scenes, tmp_path):
    folder, table = scenes
    study = learn(table, "state", families=["logistic"], folds=3, nested=False)
    for path in (folder / "images").iterdir():
        Image.fromarray(np.zeros((10, 10), np.uint8)).save(tmp_path / path.name)
    pictures = find_pictures(study.task.table, [str(tmp_path)], folder / "labels")
    with pytest.raises(InputError, match="give the image that was measured"):
        draw_mistakes(study, pictures)
