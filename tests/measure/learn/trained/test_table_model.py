"""A trained model of a table as a file: the answers of the estimators, with nothing but numpy."""

from dataclasses import replace

import numpy as np
import pytest

from kontur.errors import InputError
from kontur.measure.learn.families.family import CLASSIFIERS
from kontur.measure.learn.prepare import Preparation
from kontur.measure.learn.trained.model_file import read_table_model, write_table_model
from kontur.measure.learn.trained.table_model import export_model
from tests.measure.learn.tables import bundled, exported, fitted


@pytest.mark.parametrize("activation", ["leaky-relu", "prelu", "sigmoid", "tanh", "gelu"])
def test_so_does_a_network_of_every_activation(activation):
    preparation, estimator, table = fitted("three", "network", activation=activation)
    probabilities = exported("three", "network", activation=activation).probabilities(table)
    assert (
        np.abs(probabilities - estimator.predict_proba(preparation.transform(table))).max() < 1e-9
    )


def test_classes_that_are_numbers_or_booleans_stay_what_they_are(tmp_path):
    table, target = bundled("two")
    preparation = Preparation().fit(table)
    rows = preparation.transform(table)
    for classes, kind in ((target == "live", bool), ((target == "live") + 7, int)):
        model = CLASSIFIERS["logistic"].make().fit(rows, classes)
        options = {"target": "t", "family": "logistic", "units": {}, "images": 1, "objects": 569}
        write_table_model(tmp_path / "m.safetensors", export_model(preparation, model, **options))
        read = read_table_model(tmp_path / "m.safetensors")
        assert {type(each) for each in read.card.classes} == {kind}
        assert read.predict(table).tolist() == model.predict(rows).tolist()


def test_a_table_without_the_columns_or_in_other_units_is_refused():
    model = exported("two", "logistic")
    table, _ = bundled("two")
    with pytest.raises(InputError, match="has no column 'column 3'; did you mean 'column 33'"):
        model.predict(table.rename(columns={"column 3": "column 33"}))
    pixels = table.copy()
    pixels.attrs = {"units": {"column 0": "px", "column 1": "px²"}}
    with pytest.raises(InputError, match="learned column 0 and 1 more column in other units, µm"):
        model.predict(pixels)
    infinite = table.copy()
    infinite.loc[3, "column 2"] = np.inf
    with pytest.raises(InputError, match="infinite values"):
        model.predict(infinite)


def test_gaps_and_units_that_are_not_stated_are_reported():
    model = exported("two", "logistic")
    table, _ = bundled("two")
    table.loc[:4, "stain"] = "PAS"
    table.attrs = {}
    filled, units = model.notes(table)
    assert "column 0 82" in filled
    assert "never seen in training: stain 5" in filled
    assert "takes column 0 to be in µm" in units


def test_units_that_the_training_did_not_state_are_reported():
    model = exported("two", "logistic")
    unstated = replace(model, card=model.card.replace(units={"column 0": "µm", "column 1": ""}))
    table, _ = bundled("two")
    *_, note = unstated.notes(table)
    assert "learned from a table that did not state its units" in note
    assert "column 1, here in µm²" in note
    assert not [note for note in model.notes(table) if "units" in note]
    table.attrs = {"units": {"column 0": "µm", "column 2": "µm²"}}  # those are of no card
    assert [note for note in unstated.notes(table) if "column 2, here in µm²" in note]
