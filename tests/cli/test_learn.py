import csv
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from kontur.measure.learn.trained.model_file import read_table_model
from tests.measure.learn.tables import objects

QUICK = ("--families", "logistic", "--folds", "2", "--plain", "--quiet")


@pytest.fixture
def worms(tmp_path):
    """Twelve images with live or dead objects, and one region to ignore, as a CSV."""
    table = objects(images=12)
    table.loc[0, "ignore"] = True
    path = tmp_path / "worms.csv"
    table.to_csv(path, index=False)
    return path


def test_a_table_becomes_a_model_and_a_report(kontur, worms, tmp_path):
    out, report = tmp_path / "state.safetensors", tmp_path / "report"
    output = kontur("learn", worms, "--target", "state", "--out", out, "--report", report, *QUICK)
    assert "95 objects of 12 images." in output
    assert "2 folds, each holding out 6 images that no model of the fold was trained on" in output
    assert "! 1 row to ignore left out" in output
    assert re.search(r"logistic +0\.\d{3} ± 0\.\d{3}", output)
    assert "resample the 12 images, not the objects" in output
    assert "! In all 12 images all objects have the same state" in output
    words = ("log loss", "balanced accuracy", "AUC", "95 % interval", "Wilson's interval")
    for word in (*words, "expected calibration error", "confusion matrix", "fold", "lasso"):
        assert output.count(f"\n  {word}: ") == 1
    assert "To see them, learn again with --report DIR --images FOLDER" in output
    assert re.search(r"By majority vote of its objects, \d+ of 12 images are predicted", output)
    assert "The best single measurement of all rows is area, cut at" in output
    assert output.rstrip().endswith(f"wrote {out} and {report / 'report.html'}")

    decision = read_table_model(out)
    table = pd.read_csv(worms)
    right = (decision.predict(table) == table["state"]).mean()
    assert 0.75 < right <= 1
    assert decision.card.classes == ("dead", "live")
    assert (decision.card.images, decision.card.objects) == (12, 95)
    assert 0.6 < decision.card.scores["accuracy"] < 1
    assert decision.card.about["nested"] is False

    page = (report / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 6
    assert "//" not in re.sub(r"base64,[^\"]+", "", page)  # no address
    assert "95 objects of 12 images." in page
    assert "<dt>log loss</dt><dd>the mean of" in page
    assert "Wrongly predicted objects" in page
    names = {"scores", "confusion", "calibration", "importance", "learning-curve", "lasso-path"}
    assert {path.stem for path in report.glob("*.png")} == names
    with (report / "held-out.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 95
    share = np.mean([row["state"] == row["predicted"] for row in rows])
    assert share == pytest.approx(decision.card.scores["accuracy"])
    assert set(pd.read_csv(report / "importance.csv")["column"]) <= set(table.columns)
    assert list(pd.read_csv(report / "lasso.csv")) == ["name", "coefficient", "folds"]
    results = pd.read_csv(report / "results.csv")
    assert set(results["part"]) == {"judged", "setting", "curve"}
    assert results[results["part"] == "judged"].groupby("name").size().tolist() == [2, 2, 2]


def test_an_amount_is_predicted_with_its_unit(kontur, tmp_path):
    table = objects(images=8)
    table["area"] = 40 + 5 * table["extent"] + table["solidity"]
    table.to_csv(tmp_path / "t.csv", index=False)
    (tmp_path / "t.units.csv").write_text("column,unit,meaning\narea,µm²,\n", encoding="utf-8")
    words = ("learn", tmp_path / "t.csv", "--target", "area", "--out", tmp_path / "m.safetensors")
    output = kontur(
        *words, "--report", tmp_path / "r", "--folds", "2", "--families", "ridge", "--plain"
    )
    assert "MAE, µm²" in output
    assert re.search(r"ridge +(0\.9|1\.0)", output)
    assert "area: median 4" in output
    assert (tmp_path / "r" / "predicted.png").is_file()
    decision = read_table_model(tmp_path / "m.safetensors")
    assert np.abs(decision.predict(table) - table["area"]).max() < 1


def test_bad_input_is_one_sentence_and_writes_nothing(kontur, worms, tmp_path):
    out = tmp_path / "m.safetensors"
    words = ("learn", worms, "--target", "state", "--out", out)
    assert "did you mean 'state'" in kontur("learn", worms, "-t", "stat", "-o", out, code=1)
    assert "no column 'well' for the group" in kontur(*words, "--group", "well", code=1)
    assert "did you mean 'boosting'" in kontur(*words, "--families", "bosting", code=1)
    assert "13 folds need at least 13 groups" in kontur(*words, "--folds", "13", code=1)
    assert "is text such as" in kontur(*words, "--task", "regress", code=1)
    assert "MODEL.safetensors" in kontur("learn", worms, "-t", "state", "-o", "m.pkl", code=1)
    assert "there is no table" in kontur("learn", "no.csv", "-t", "state", "-o", out, code=1)
    assert "is a file" in kontur(*words, "--report", worms, code=1)
    assert not out.exists()
    out.write_bytes(b"")
    assert "--force" in kontur(*words, code=1)


def test_rows_may_stand_for_themselves(kontur, worms, tmp_path):
    out = tmp_path / "m.safetensors"
    output = kontur("learn", worms, "-t", "state", "-o", out, "--group", "none", *QUICK)
    assert "95 objects of 95 rows, each by itself, 12 images." in output
    assert "by vote" not in output


def test_a_place_that_cannot_be_written_is_reported_before_anything_is_learned(
    kontur, worms, tmp_path
):
    (tmp_path / "file").touch()
    words = ("learn", worms, "--target", "state", *QUICK, "--out")
    assert "could not write" in kontur(*words, tmp_path / "file" / "m.safetensors", code=1)
    out = tmp_path / "m.safetensors"
    output = kontur(*words, out, "--report", tmp_path / "file" / "r", code=1)
    assert "could not write" in output
    assert "objects" not in output


def test_a_table_of_anybodys_in_the_folder_of_a_report_is_not_written_over(kontur, worms, tmp_path):
    words = ("learn", worms, "--target", "state", *QUICK, "--out", tmp_path / "m.safetensors")
    for name in ("results.csv", "scores.png"):
        (tmp_path / name).write_text("mine")
        assert f"{name} exists already" in kontur(*words, "--report", tmp_path, code=1)
        (tmp_path / name).unlink()


def test_an_empty_list_is_an_error_and_not_all(kontur, worms, tmp_path):
    out = tmp_path / "m.safetensors"
    for option in ("--columns", "--without", "--classes", "--families"):
        output = kontur("learn", worms, "--target", "state", "--out", out, option, " ,", code=1)
        assert "a list without a word was given" in output


def test_a_model_that_is_no_better_than_looking_at_nothing_is_reported(kontur, worms, tmp_path):
    table = pd.read_csv(worms)
    noise = np.random.default_rng(1)
    table[["area", "solidity", "circularity"]] = noise.normal(size=(len(table), 3))
    table.to_csv(worms, index=False)
    words = ("learn", worms, "--target", "state", "--columns", "area,solidity,circularity")
    quick = ("--families", "boosting", *QUICK[2:])  # which learns noise by heart
    output = kontur(*words, "--out", tmp_path / "m.safetensors", *quick)
    assert "no better than largest class, which uses no column" in output


def test_images_put_pictures_of_mistakes_on_the_page(kontur, tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "images").mkdir()
    names = [f"i{k}" for k in range(8)]
    for name in names:
        image = np.zeros((40, 60), np.uint8)
        image[4:20, 5:25] = 200
        Image.fromarray(image).save(tmp_path / "images" / f"{name}.png")
    square = "POLYGON ((5 4, 25 4, 25 20, 5 20, 5 4))"
    table = pd.DataFrame({"image": np.repeat(names, 2), "id": [1, 2] * 8, "outline": square})
    table["area"], table["state"] = rng.normal(size=16), ["live", "dead"] * 8
    table.to_csv(tmp_path / "t.csv", index=False)
    words = ("learn", tmp_path / "t.csv", "-t", "state", "-o", tmp_path / "m.safetensors", *QUICK)
    images = ("--images", tmp_path / "images")
    assert "name its folder with --report DIR" in kontur(*words, *images, code=1)
    output = kontur(*words, *images, "--report", tmp_path / "r")
    assert "Pictures of the worst of each kind: mistakes.png" in output
    assert (tmp_path / "r" / "mistakes.png").is_file()
    assert "mistakes.png" in (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
    Image.fromarray(image[:10]).save(tmp_path / "images" / "i0.png")
    again = ("--report", tmp_path / "q", "--force")
    assert "image 'i0' has 10×60 pixels" in kontur(*words, *images, *again, code=1)
    page = (tmp_path / "q" / "report.html").read_text(encoding="utf-8")  # and nothing is lost
    assert "They could not be shown: image" in page
    assert (tmp_path / "q" / "held-out.csv").is_file()
