"""Rows outside the ranges of the training are counted, by column, in one sentence."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kontur.errors import InputError
from kontur.measure.learn.prepare import Preparation
from kontur.measure.learn.trained.model_file import read_table_model, write_table_model
from kontur.measure.learn.trained.training_ranges import range_note
from tests.measure.learn.drawn import decision

LEARNED = pd.DataFrame({"area": np.arange(100.0), "width": np.linspace(2, 3, 100), "same": 1.0})
RECIPE = Preparation().fit(LEARNED.assign(stain="HE")).recipe()


def note(table, recipe=RECIPE):
    return range_note(recipe, table.assign(stain="IHC"), trained_on=100)


def test_rows_outside_are_counted_by_column_in_one_sentence():
    other = LEARNED.assign(area=LEARNED["area"] + 40, same=5.0)  # 40 above 99
    other.loc[:19, "width"] = 1.5
    assert note(other).startswith(
        "60 of 100 rows lie outside the range of the 100 training rows (area 40, width 20), "
    )
    below = LEARNED.assign(width=LEARNED["width"] - 0.5)
    assert "50 of 100 rows" in note(below)


def test_rows_inside_missing_values_and_no_rows_say_nothing():
    assert note(LEARNED) is None
    assert note(LEARNED.assign(area=np.nan)) is None
    assert note(LEARNED[:0]) is None


def test_a_few_rows_that_chance_explains_say_nothing_however_far_out_and_more_do():
    rng = np.random.default_rng(0)
    learned, others = (
        pd.DataFrame(rng.normal(size=(n, 30)), columns=[f"c{k}" for k in range(30)])
        for n in (500, 200)
    )
    recipe = Preparation().fit(learned).recipe()
    assert range_note(recipe, others, trained_on=500) is None
    others["c7"] = 0.0
    others.loc[3, "c7"] = 1e6
    assert range_note(recipe, others, trained_on=500) is None
    others.loc[:7, "c7"] = 1e6  # (2/7)^8 (1 + 8 · 5/7) = 0.0003, below 0.01 / 30
    assert "8 of 200 rows" in range_note(recipe, others, trained_on=500)
    assert "(c7 8)" in range_note(recipe, others, trained_on=500)


def test_a_single_row_far_out_in_many_columns_is_told_and_one_in_a_few_is_not():
    rng = np.random.default_rng(0)
    names = [f"c{k}" for k in range(20)]
    learned, one = (pd.DataFrame(rng.normal(size=(n, 20)), columns=names) for n in (100, 1))
    recipe = Preparation().fit(learned).recipe()

    def told(columns, value):
        return range_note(recipe, one.assign(**dict.fromkeys(columns, value)), trained_on=100)

    assert told(names[:6], 20.0).startswith("1 of 1 row lies outside the range of the 100 training")
    assert "c0 1, c1 1" in told(names[:5], -20.0)
    assert told(names[:4], 20.0) is None  # fewer than a quarter
    assert told(names[:6], learned.max().max()) is None  # not far
    recipe = Preparation().fit(learned[names[:4]]).recipe()
    assert told(names[:2], 20.0) is None  # of four columns two, which may go together
    assert "(c0 1, c1 1, c2 1)" in told(names[:3], 20.0)


@pytest.mark.parametrize("draw", ["lognormal", "exponential", "standard_cauchy"])
def test_rows_like_those_of_the_training_say_nothing_in_skewed_columns_either(draw):
    rng = np.random.default_rng(1)
    names, noted = [f"c{k}" for k in range(20)], 0
    column = {"kind": "number", "silent": False, "flag": False, "fill": 0.0, "mean": 0.0}
    for _ in range(20):
        learned, others = (getattr(rng, draw)(size=(n, 20)) for n in (100, 200))
        ranges = zip(names, learned.min(axis=0), learned.max(axis=0), strict=True)
        columns = [
            column | {"scale": 1.0, "name": name, "low": low, "high": high}
            for name, low, high in ranges
        ]
        recipe = {"columns": columns, "invalid": [], "invalid_words": []}
        noted += range_note(recipe, pd.DataFrame(others, columns=names), trained_on=100) is not None
    assert noted <= 1  # 0.2 are expected


def test_a_file_keeps_the_ranges_and_one_without_them_is_read(tmp_path):
    model = decision()
    place = tmp_path / "m.safetensors"
    write_table_model(place, model)
    recipe = read_table_model(place).card.recipe
    assert all(column["low"] <= column["high"] for column in recipe["columns"])
    older = json.loads(json.dumps(recipe))
    for column in older["columns"]:
        del column["low"], column["high"]
    write_table_model(place, replace(model, card=model.card.replace(recipe=older)))
    assert range_note(read_table_model(place).card.recipe, LEARNED, trained_on=40) is None
    recipe["columns"][0]["low"] = recipe["columns"][0]["high"] + 1
    write_table_model(place, replace(model, card=model.card.replace(recipe=recipe)))
    with pytest.raises(InputError, match="is damaged"):
        read_table_model(place)
