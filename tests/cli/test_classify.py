import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import kontur as package
from kontur.measure.learn.trained.model_file import write_table_model
from kontur.measure.table import measure
from kontur.measure.tables.table_files import write_table
from tests.measure.learn.drawn import COLUMNS, KINDS, boxes, decision


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "kind.safetensors"
    write_table_model(path, decision())
    return path


@pytest.fixture
def table(tmp_path):
    write_table(tmp_path / "t.csv", measure(boxes(ignore=[9]), name="a"))
    return tmp_path / "t.csv"


def test_a_table_becomes_predictions(kontur, model, table, tmp_path):
    for name in ("p.csv", "p.parquet"):
        output = kontur("classify", table, "--model", model, "--out", tmp_path / name)
        assert "3 objects in 1 image; kind by logistic, learned from 40 objects in 20 im" in output
        assert "1 row of regions to ignore: without prediction" in output
        assert f"wrote {tmp_path / name}" in output
        read = pd.read_csv if name.endswith("csv") else pd.read_parquet
        predicted = read(tmp_path / name)
        assert predicted["id"].tolist() == [3, 8, 9]
        assert predicted["predicted"].tolist()[:2] == KINDS[:2]
    units = pd.read_csv(tmp_path / "p.units.csv").set_index("column")
    assert units.loc["predicted", "meaning"] == "kind, by logistic"


def test_outlines_get_their_classes_in_colour(kontur, model, images, tmp_path):
    (tmp_path / "found").mkdir()
    for name in "abc":
        Image.fromarray(np.zeros((60, 80), np.uint8)).save(images / f"{name}.png")
        package.write(tmp_path / "found" / f"{name}.geojson", boxes())
    words = ("classify", tmp_path / "found", images, "--model", model, "--out")
    output = kontur(*words, tmp_path / "classified")
    assert "wrote 3 files to" in output
    assert [line.split() for line in output.splitlines() if line.startswith("square")] == [
        ["square", "6", "66.7"]
    ]
    content = json.loads((tmp_path / "classified/b.geojson").read_text())
    kinds = [feature["properties"]["classification"] for feature in content["features"]]
    assert [each["name"] for each in kinds] == KINDS
    assert kinds[0]["color"] == kinds[2]["color"] != kinds[1]["color"]
    assert "exists already" in kontur(*words, tmp_path / "classified", code=1)
    kontur(*words, tmp_path / "classified", "--force")


def test_a_place_that_cannot_be_written_is_known_before_any_object_is_measured(
    kontur, model, images, tmp_path, monkeypatch
):
    def fail(*_, **__):
        raise AssertionError

    (tmp_path / "found").mkdir()
    for name in "abc":
        Image.fromarray(np.zeros((60, 80), np.uint8)).save(images / f"{name}.png")
        package.write(tmp_path / "found" / f"{name}.geojson", boxes())
    monkeypatch.setattr("kontur.measure.measure_many.measure_many", fail)
    (tmp_path / "file").touch()
    words = ("classify", tmp_path / "found", images, "--model", model, "--out")
    output = kontur(*words, tmp_path / "file/classified", code=1)
    assert "classified/a.geojson: could not write" in output


def test_a_training_folder_is_classified_too(kontur, model, images, tmp_path):
    (tmp_path / "labels").mkdir()
    for name in "abc":
        Image.fromarray(np.zeros((60, 80), np.uint8)).save(images / f"{name}.png")
        label = boxes().label_image().astype(np.uint16)
        Image.fromarray(label).save(tmp_path / "labels" / f"{name}.png")
    kontur("classify", tmp_path, "--model", model, "--out", tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {f"{n}.geojson" for n in "abc"}


def test_gaps_and_units_that_are_not_stated_are_counted(kontur, tmp_path):
    write_table_model(tmp_path / "m.safetensors", decision([*COLUMNS, "perimeter"]))
    rows = measure(boxes(), name="a")
    rows.loc[0, "solidity"] = np.nan
    rows.to_csv(tmp_path / "t.csv", index=False)
    words = ("classify", tmp_path / "t.csv", "--model", tmp_path / "m.safetensors")
    output = kontur(*words, "--out", tmp_path / "p.csv")
    assert "! values missing: solidity 1" in output
    assert "! the table does not state its units; the model takes perimeter to be in px" in output


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_no_rows_are_no_predictions(kontur, model, ending, tmp_path):
    place, out = tmp_path / f"t.{ending}", tmp_path / f"p.{ending}"
    write_table(place, measure(boxes()[:0]))
    output = kontur("classify", place, "--model", model, "--out", out)
    assert "0 objects in 0 images" in output
    read = pd.read_csv if ending == "csv" else pd.read_parquet
    assert list(read(out).columns)[:3] == ["image", "id", "predicted"]


def test_outlines_may_be_classified_in_their_place(kontur, model, tmp_path):
    package.write(tmp_path / "a.geojson", boxes())
    words = ("classify", tmp_path, "--model", model, "--out", tmp_path)
    assert "exists already" in kontur(*words, code=1)
    kontur(*words, "--force")
    found = package.read(tmp_path / "a.geojson")
    assert [found.classes[label] for label in found.labels] == KINDS
    assert [path.name for path in tmp_path.iterdir()] == ["a.geojson"]


@pytest.mark.parametrize("classes", [(False, True), (0, 1)])
def test_classes_may_be_truth_or_numbers(kontur, classes, table, tmp_path):
    made = decision()
    made = type(made)(made.card.replace(classes=classes), made.parameters)
    write_table_model(tmp_path / "m.safetensors", made)
    for name in ("p.csv", "p.parquet"):
        kontur("classify", table, "-m", tmp_path / "m.safetensors", "-o", tmp_path / name)


def test_a_number_is_predicted_for_tables_only(kontur, table, tmp_path):
    place = tmp_path / "area.safetensors"
    write_table_model(place, decision(["perimeter", "area_convex"], "area", "ridge"))
    output = kontur("classify", table, "--model", place, "--out", tmp_path / "p.csv")
    assert "px²" in output
    package.write(tmp_path / "a.geojson", boxes())
    words = ("classify", tmp_path / "a.geojson", "--model", place, "--out", tmp_path / "o")
    assert "predicts a number, area" in kontur(*words, code=1)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["t.csv", "--out", "p.txt"], "there are no outlines"),
        (["a.geojson", "--out", "p.csv"], "outlines into a folder, --out DIR"),
        (["t.csv", "a.png", "--out", "p.csv"], "classified by itself, without images"),
        (["none.csv", "--out", "p.csv"], "there is no table none.csv"),
        (["t.csv", "--out", "t.csv"], "t.csv is the table that is read"),
        (["poor.csv", "--out", "p.csv"], "has no column 'solidity'; did you mean 'solidty'?"),
        (["large.csv", "--out", "p.csv"], "infinite values"),
        (["a.geojson", "--out", "a.geojson"], "wants a folder"),
        (["t.csv", "--out", "p.csv", "--model", "t.csv"], "is no whole model of a table"),
        (["t.csv", "--out", "p.csv", "--model", "no.safetensors"], "there is no model"),
    ],
)
def test_what_cannot_be_classified_is_one_sentence_and_writes_nothing(
    kontur, model, table, words, sentence, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    if words[:3] == ["t.csv", "--out", "p.txt"]:
        sentence = "t.csv"  # read as outlines, which it holds none of
    rows = pd.read_csv("t.csv")
    rows.rename(columns={"solidity": "solidty"}).to_csv("poor.csv", index=False)
    rows.assign(solidity=np.inf).to_csv("large.csv", index=False)
    package.write("a.geojson", boxes())
    before = sorted(path.name for path in tmp_path.iterdir())
    command = words if "--model" in words else [*words, "--model", model]
    output = kontur("classify", *command, code=1)
    assert sentence in output
    assert len(output.strip().splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_table_in_micrometres_and_a_model_in_pixels_are_refused(kontur, tmp_path):
    write_table_model(tmp_path / "m.safetensors", decision(["area", "perimeter"]))
    write_table(tmp_path / "t.csv", measure(boxes(), name="a", pixel_size=0.5))
    words = ("classify", tmp_path / "t.csv", "--model", tmp_path / "m.safetensors")
    output = kontur(*words, "--out", tmp_path / "p.csv", code=1)
    assert "learned area and 1 more column in other units, px², than the table" in output
    assert "--pixel-size pixels" in output
    package.write(tmp_path / "a.geojson", boxes())
    words = ("classify", tmp_path / "a.geojson", "--model", tmp_path / "m.safetensors")
    assert "other units" in kontur(*words, "--out", tmp_path / "o", "--pixel-size", 0.5, code=1)
    kontur(*words, "--out", tmp_path / "o", "--pixel-size", "pixels")


def test_the_table_that_is_read_is_never_written_over(kontur, model, table):
    before = table.read_bytes()
    output = kontur("classify", table, "--model", model, "--out", table, "--force", code=1)
    assert "is the table that is read" in output
    assert "is the table that is read" in kontur(
        "describe", table, "--out", table, "--force", code=1
    )
    assert table.read_bytes() == before


def test_the_page_of_a_stack_is_classified_and_the_others_stay(kontur, model, tmp_path):
    package.write(tmp_path / "a.geojson", boxes())
    content = json.loads((tmp_path / "a.geojson").read_text())
    whole = {"type": "FeatureCollection", "features": []}
    for z in (0, 1):
        for feature in content["features"]:
            place = {**feature["geometry"], "plane": {"z": z}}
            whole["features"].append({"type": "Feature", "properties": {}, "geometry": place})
    (tmp_path / "a.geojson").write_text(json.dumps(whole))
    words = ("classify", tmp_path / "a.geojson", "--model", model, "--out", tmp_path / "o")
    assert "choose one with --page" in kontur(*words, code=1)
    kontur(*words, "--page", 1)
    written = json.loads((tmp_path / "o/a.geojson").read_text())["features"]
    named = [each["properties"].get("classification", {}).get("name") for each in written]
    assert named == [None] * len(KINDS) + KINDS
