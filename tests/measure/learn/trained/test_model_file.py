"""The file of a table model: what it predicts, what it says, how it is damaged."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from kontur.errors import InputError
from kontur.measure.learn.families.family import CLASSIFIERS, REGRESSORS
from kontur.measure.learn.trained.model_file import read_table_model, write_table_model
from tests.measure.learn.tables import bundled, exported, fitted
from tests.test_house import BLOCKED_IMPORTS, in_a_fresh_process

CASES = [
    *((task, family) for family in CLASSIFIERS for task in ("two", "three")),
    *(("number", family) for family in REGRESSORS),
]
EARLIER = {  # the card as Kontur 0.1.0 wrote it at first, field by field
    **{"format": 1, "target": "state", "classes": ["dead", "live"], "unit": ""},
    **{"mean": 0.0, "scale": 1.0, "units": {"area": "px²"}},
    "recipe": {
        "invalid": ["nan"],
        "columns": [
            {
                **{"name": "area", "kind": "number", "fill": 50.0, "mean": 50.0, "scale": 10.0},
                **{"flag": False, "silent": False},
            }
        ],
    },
    **{"family": "logistic", "settings": {"setting": "logistic C=0.1"}, "activation": "relu"},
    **{"scores": {"accuracy": 0.75, "auc": None}, "images": 18, "objects": 252},
    **{"about": {"group": "image", "nested": True, "notes": []}, "version": "0.1.0"},
}


@pytest.mark.parametrize(("name", "family"), CASES)
def test_a_file_predicts_as_the_estimator(name, family, tmp_path):
    preparation, estimator, table = fitted(name, family)
    write_table_model(tmp_path / "m.safetensors", exported(name, family))
    model = read_table_model(tmp_path / "m.safetensors")
    rows = preparation.transform(table)
    if name == "number":
        expected = estimator.predict(rows)
        assert np.abs(model.predict(table) / expected - 1).max() < 1e-9
        with pytest.raises(InputError, match="has no probabilities"):
            model.probabilities(table)
    else:
        assert model.predict(table).tolist() == estimator.predict(rows).tolist()
        difference = model.probabilities(table) - estimator.predict_proba(rows)
        assert np.abs(difference).max() < 1e-9
        assert model.probabilities(table[:0]).shape == (0, len(estimator.classes_))
    assert model.predict(table[:0]).shape == (0,)
    assert len(model.predict(table[:1])) == 1


def test_a_file_has_its_card(tmp_path):
    model = exported("two", "logistic")
    write_table_model(tmp_path / "m.safetensors", model)
    card = read_table_model(tmp_path / "m.safetensors").card
    assert card == model.card
    assert (card.task, card.target, card.classes) == ("classification", "state", ("dead", "live"))
    assert (card.images, card.objects, card.settings) == (3, 569, {"hidden": [3]})
    assert card.scores == {"accuracy": 0.9, "lowest": None}
    assert card.units["column 1"] == "µm²"
    assert card.columns[-1] == "stain"
    before = (tmp_path / "m.safetensors").read_bytes()
    write_table_model(tmp_path / "m.safetensors", read_table_model(tmp_path / "m.safetensors"))
    assert (tmp_path / "m.safetensors").read_bytes() == before


@pytest.mark.parametrize("family", ["logistic", "boosting", "network"])
def test_predicting_needs_neither_torch_nor_scikit_learn(family, tmp_path):
    table, _ = bundled("two")
    model = exported("two", family)
    write_table_model(tmp_path / "m.safetensors", model)
    table.to_csv(tmp_path / "t.csv", index=False)
    program = (
        BLOCKED_IMPORTS
        + f"""
import pandas
model = modules and sys.modules["kontur.measure.learn.trained.model_file"].read_table_model(
    {str(tmp_path / "m.safetensors")!r}
)
probabilities = model.probabilities(pandas.read_csv({str(tmp_path / "t.csv")!r}))
print(json.dumps(probabilities.tolist()))
"""
    )
    heavy = ["torch", "sklearn", "scipy", "lightning"]
    packages = json.dumps([heavy, ["kontur.measure.learn.trained.model_file"]])
    probabilities = np.array(json.loads(in_a_fresh_process(program, packages)))
    assert np.abs(probabilities - model.probabilities(table)).max() < 1e-12


def test_what_is_no_whole_file_of_ours_is_one_sentence(tmp_path):
    place = tmp_path / "m.safetensors"
    with pytest.raises(InputError, match="there is no model"):
        read_table_model(place)
    place.write_bytes(b"PK\x03\x04 something else")
    with pytest.raises(InputError, match="is no whole model of a table"):
        read_table_model(place)
    save_file({"a": np.zeros(3)}, place)
    with pytest.raises(InputError, match="is not from kontur learn"):
        read_table_model(place)
    model = exported("two", "boosting")
    write_table_model(place, model)
    whole = place.read_bytes()
    for length in (0, 7, 300, len(whole) - 1):
        place.write_bytes(whole[:length])
        with pytest.raises(InputError, match="is no whole model of a table"):
            read_table_model(place)
    place.write_bytes(whole.replace(b'\\"format\\":1', b'\\"format\\":7'))
    with pytest.raises(InputError, match="written by a newer Kontur"):
        read_table_model(place)
    place.write_bytes(whole.replace(b'\\"target\\"', b'\\"tarket\\"'))
    with pytest.raises(InputError, match="'target' is missing"):
        read_table_model(place)


def test_arrays_that_do_not_fit_the_card_are_refused(tmp_path):
    place = tmp_path / "m.safetensors"
    boosting, network = exported("two", "boosting"), exported("two", "network")
    trees, first = boosting.parameters, network.parameters[0]
    turning = trees.left.copy()
    turning[5] = 0  # a walk that would never end
    wrong = [
        (boosting, trees._replace(left=turning)),
        (boosting, trees._replace(feature=trees.feature + 1000)),
        (boosting, trees._replace(value=trees.value * np.inf)),
        (network, (first._replace(weights=first.weights[1:]), *network.parameters[1:])),
        (network, network.parameters[:1]),
        (network, ()),
    ]
    for model, parameters in wrong:
        write_table_model(place, type(model)(model.card, parameters))
        with pytest.raises(InputError, match="is damaged"):
            read_table_model(place)


def test_an_existing_file_and_another_ending_are_refused(tmp_path):
    model = exported("two", "logistic")
    write_table_model(tmp_path / "m.safetensors", model)
    with pytest.raises(InputError, match="exists already"):
        write_table_model(tmp_path / "m.safetensors", model, overwrite=False)
    with pytest.raises(InputError, match=r"is one file MODEL\.safetensors, got"):
        write_table_model(tmp_path / "m.pickle", model)


@pytest.mark.parametrize(
    ("key", "value"), [("scale", 0.0), ("fill", "x"), ("mean", None), ("silent", "no")]
)
def test_a_recipe_that_cannot_be_applied_is_damage(tmp_path, key, value):
    model = exported("two", "logistic")
    recipe = json.loads(json.dumps(model.card.recipe))
    recipe["columns"][0][key] = value
    card = model.card.replace(recipe=recipe)
    write_table_model(tmp_path / "m.safetensors", replace(model, card=card))
    with pytest.raises(InputError, match="is damaged"):
        read_table_model(tmp_path / "m.safetensors")


@pytest.mark.parametrize(
    "arrays",
    [
        {
            "layers.0.weights": np.array([[1.5]]),
            "layers.0.bias": np.array([[0.0]]),
            "layers.0.slope": np.array([0.0]),
        },
        {  # a tree of one split: area up to its mean gives -1.5, above it 1.5
            "trees.left": np.array([1, 1, 2]),
            "trees.right": np.array([2, 1, 2]),
            "trees.feature": np.array([0, 0, 0]),
            "trees.threshold": np.zeros(3),
            "trees.value": np.array([0.0, -1.5, 1.5]),
            "trees.roots": np.array([0]),
            "trees.output": np.array([0]),
            "trees.start": np.zeros((1, 1)),
        },
    ],
    ids=["layers", "trees"],
)
def test_files_of_the_first_layout_still_predict(arrays, tmp_path):
    save_file(arrays, tmp_path / "old.safetensors", {"kontur": json.dumps(EARLIER)})
    model = read_table_model(tmp_path / "old.safetensors")
    table = pd.DataFrame({"area": [40.0, 60.0]})
    assert model.predict(table).tolist() == ["dead", "live"]
    sure = 1 / (1 + np.exp(-1.5))
    assert np.allclose(model.probabilities(table), [[sure, 1 - sure], [1 - sure, sure]])


@pytest.mark.parametrize("card", ["[" * 100_000, '{"format": 1e999}', '{"format": "1.5"}', "[1]"])
def test_a_card_that_cannot_be_read_is_damage(card, tmp_path):
    save_file({"a": np.zeros(3)}, tmp_path / "m.safetensors", {"kontur": card})
    with pytest.raises(InputError, match="is damaged"):
        read_table_model(tmp_path / "m.safetensors")
