"""A model knows the rows that it was trained on, without holding them."""

from dataclasses import replace

import numpy as np
import pandas as pd

from kontur.measure.learn.study import learn
from kontur.measure.learn.trained import training_rows
from kontur.measure.learn.trained.model_file import read_table_model, write_table_model
from kontur.measure.learn.trained.training_rows import overlap, row_digests, sketch_of
from kontur.measure.tables.table_files import read_table, write_table
from tests.measure.learn.tables import objects


def test_rows_of_the_training_are_recognised_after_files_and_others_are_not(tmp_path):
    table = objects(images=8)
    table.loc[3, "area"] = np.nan
    study = learn(table, "state", families=["logistic"], folds=2, nested=False)
    write_table_model(tmp_path / "m.safetensors", study.table_model)
    model = read_table_model(tmp_path / "m.safetensors")
    for name in ("t.csv", "t.parquet"):
        write_table(tmp_path / name, table)
        note = next(n for n in model.notes(read_table(tmp_path / name)) if "trained on" in n)
        assert "trained on 64 of these 64 rows" in note
        assert "held-out rows do: accuracy 0." in note
    mixed = pd.concat([table.iloc[::-1].iloc[:10], objects(images=4, seed=1)])
    mixed.attrs = table.attrs
    assert any("10 of these 42 rows" in note for note in model.notes(mixed))
    assert not any("trained on" in note for note in model.notes(objects(seed=2)))
    renamed = table.assign(image="other")
    unnamed = table.drop(columns=["image", "id"])
    for known in (renamed, unnamed, table.assign(id=range(64, 128))):
        (note,) = (note for note in model.notes(known) if "trained on" in note)
        assert "64 of these 64 rows (same values under another image or id): scores on" in note
    regions = pd.concat([renamed, objects(images=3, seed=2).assign(image="other", ignore=True)])
    assert any("trained on 64 of these 88 rows" in note for note in model.notes(regions))
    both = pd.concat([table[:16], renamed[16:]])
    assert [note.partition("(")[0] for note in model.notes(both) if "trained on" in note] == [
        "the model was trained on 16 of these 64 rows ",
        "the model was trained on 48 of these 64 rows ",
    ]


def test_a_file_without_digests_of_values_knows_rows_by_their_names_alone(tmp_path):
    table = objects(images=8)
    model = learn(table, "state", families=["logistic"], folds=2, nested=False).table_model
    write_table_model(tmp_path / "m.safetensors", replace(model, training_values=None))
    earlier = read_table_model(tmp_path / "m.safetensors")
    assert any("64 of these 64" in note for note in earlier.notes(table))
    assert not any("trained on" in note for note in earlier.notes(table.assign(image="other")))


def test_of_many_rows_a_sample_estimates_the_share(monkeypatch):
    monkeypatch.setattr(training_rows, "KEPT", 200)
    digests = np.random.default_rng(0).integers(2**63, size=4000).astype(np.uint64)
    sketch = sketch_of(digests)
    others = np.random.default_rng(1).integers(2**63, size=4000).astype(np.uint64)
    found = overlap(sketch, np.concatenate([digests, others]))
    assert not found.exact
    assert 0.4 < found.share < 0.6
    assert overlap(sketch, others).known == 0


def test_a_table_of_other_programs_has_digests_of_its_values_alone():
    table = objects()[["area", "extent"]]
    recipe = {
        "invalid": [],
        "columns": [{"name": "area", "kind": "number"}, {"name": "extent", "kind": "number"}],
    }
    digests = row_digests(recipe, table)
    assert len(np.unique(digests)) == len(table)
    assert (row_digests(recipe, table.iloc[::-1]) == digests[::-1]).all()
