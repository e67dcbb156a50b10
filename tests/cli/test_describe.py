import re

import numpy as np
import pandas as pd
import pytest

from kontur.measure.tables.table_files import write_table


@pytest.fixture
def worms(tmp_path):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "image": np.repeat(["A01", "A02", "B01"], 20),
            "id": np.tile(np.arange(20), 3),
            "ignore": np.arange(60) == 7,
            "area": rng.normal(100, 10, 60),
            "state": np.repeat(["live", "dead", "live"], 20),
            "plate": "p1",
        }
    )
    table.attrs = {"units": {"area": "µm²"}, "pixel_size": 0.5}
    write_table(tmp_path / "worms.parquet", table)
    return tmp_path / "worms.parquet"


def test_a_table_is_described_in_text(kontur, worms):
    output = kontur("describe", worms)
    assert "59 objects of 3 images, 6 columns, pixels of 0.5 µm, 1 row to ignore left out" in output
    assert "live (39), dead (20)" in output
    assert "! 2 columns with the same value in every row: ignore, plate" in output


def test_a_report_that_cannot_be_written_is_known_before_the_table_is_described(
    kontur, worms, tmp_path
):
    (tmp_path / "file").touch()
    output = kontur("describe", worms, "--out", tmp_path / "file/report.html", code=1)
    assert "report.html: could not write" in output
    assert "objects" not in output


def test_columns_are_sorted_by_a_column_of_the_summary(kontur, worms):
    output = kontur("describe", worms, "--sort", "-different,column")
    assert output.index("area ") < output.index("id ")
    assert "did you mean 'missing'" in kontur("describe", worms, "--sort", "mising", code=1)


def test_groups_are_printed_and_written(kontur, worms, tmp_path):
    out = tmp_path / "wells.csv"
    output = kontur("describe", worms, "--by", "image", "--sort", "-area_median", "--out", out)
    assert "3 groups" in output
    table = pd.read_csv(out)
    assert table["objects"].sum() == 59
    assert table["area_median"].is_monotonic_decreasing
    units = pd.read_csv(tmp_path / "wells.units.csv").set_index("column")
    assert units.loc["area_median"].tolist() == ["µm²", "median of area", "number"]


def test_a_condition_keeps_rows_and_says_how_many(kontur, worms, tmp_path):
    out = tmp_path / "report.html"
    words = ("--where", "state == 'live'", "--by", "state,plate", "--out", out)
    output = kontur("describe", worms, *words)
    assert "40 of 60 rows, where state == 'live'" in output
    assert "1 group," in output
    text = out.read_text(encoding="utf-8")
    assert "40 of 60 rows" in text
    assert "worms.parquet" in text
    assert "Per state, plate" in text


def test_the_description_is_written_as_a_table(kontur, worms, tmp_path):
    kontur("describe", worms, "--out", tmp_path / "d.parquet")
    made = pd.read_parquet(tmp_path / "d.parquet").set_index("column")
    assert made.loc["area", "unit"] == "µm²"
    assert made.loc["state", "values"] == "live (39), dead (20)"


def test_a_table_of_another_program_and_one_without_rows_are_described(kontur, tmp_path):
    (tmp_path / "wine.csv").write_text("alcohol,kind\n13.1,red\ninvalid,white\n12.0,\n")
    output = kontur("describe", tmp_path / "wine.csv")
    assert "3 rows, 2 columns" in output
    assert re.search(r"alcohol +number +1 \(33\.3%\) +12 ", output)
    assert "! words between numbers, read as missing values: alcohol 'invalid' (row 3)" in output
    (tmp_path / "none.csv").write_text("image,area\n")
    assert "! the table has no row" in kontur("describe", tmp_path / "none.csv", "--by", "image")
    assert "0 objects of 0 images" in kontur("describe", tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere.csv"], "there is no table nowhere.csv"),
        (["{worms}", "--where", "aera > 5"], "no column 'aera'; did you mean 'area'"),
        (["{worms}", "--by", "wall"], "no column 'wall'"),
        (["{worms}", "--by", "image", "--sort", "area"], "did you mean 'area_std'"),
        (["{worms}", "--out", "r.txt"], "wanted REPORT.html, SUMMARY.csv or SUMMARY.parquet"),
        (["{worms}", "--out", "."], "wanted REPORT.html"),
        (["{worms}", "--out", "there.html"], "there.html exists already"),
        (["{worms}", "--out", "there.csv"], "there.csv exists already"),
    ],
)
def test_what_cannot_be_described_is_one_sentence_and_writes_nothing(
    kontur, worms, words, sentence, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.html").write_text("kept")
    (tmp_path / "there.csv").write_text("kept")
    before = sorted(tmp_path.iterdir())
    output = kontur("describe", *(word.format(worms=worms) for word in words), code=1)
    assert sentence in output
    assert len(output.strip().splitlines()) == 1
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "there.html").read_text() == "kept"
