"""CSV files as spreadsheets write them, and the same table from CSV and Parquet."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kontur.measure.description.describe import describe
from kontur.measure.learn.study import learn
from kontur.measure.tables.table_files import read_table, with_file_types, write_table
from tests.measure.learn.tables import objects
from tests.measure.tables.csv_files import written

NAN = float("nan")
ROWS = [["a", "1", "1046.7", "live"], ["a", "2", "998.1", "dead"], ["b", "1", "", "live"]]
HEADING = ["image", "id", "area", "state"]


def german(cell):
    """A number with a decimal comma and points between thousands, as Excel formats it."""
    try:
        number = float(cell)
    except ValueError:
        return cell
    if number.is_integer():
        return cell
    return f"{number:,.2f}".translate(str.maketrans(",.", ".,"))


@pytest.mark.parametrize(
    ("name", "change", "how"),
    [
        ("t.csv", {}, ""),
        ("t.csv", {"encoding": "utf-8-sig", "end": "\r\n"}, ""),
        ("t.tsv", {"delimiter": "\t"}, "tabs between cells"),
        (
            "t.txt",
            {"delimiter": "\t", "encoding": "utf-16"},
            "tabs between cells, letters in UTF-16",
        ),
        ("t.csv", {"delimiter": ";"}, "semicolons between cells"),
        ("t.csv", {"delimiter": ";", "before": "sep=;\r\n"}, "semicolons between cells"),
    ],
)
def test_however_a_spreadsheet_saves_it_the_table_is_the_same(tmp_path, name, change, how):
    plain = written(tmp_path / "plain.csv", [HEADING, *ROWS])
    table = written(tmp_path / name, [HEADING, *ROWS], **change)
    pd.testing.assert_frame_equal(table, plain)
    assert table.attrs.get("format_note", "") == how
    assert "warnings" not in table.attrs
    assert table["area"].tolist()[:2] == [1046.7, 998.1]


def test_decimal_commas_thousands_and_rows_of_separators(tmp_path):
    plain = written(tmp_path / "plain.csv", [HEADING, *ROWS])
    rows = [[*map(german, row), ""] for row in ROWS]
    table = written(tmp_path / "t.csv", [[*HEADING, ""], *rows, [""] * 5, [" "] * 5], delimiter=";")
    pd.testing.assert_frame_equal(table, plain)
    assert table.attrs["format_note"] == (
        "semicolons between cells, decimal commas, points between thousands, 2 empty rows left "
        "out, 1 column without a name left out"
    )


def test_letters_of_windows_are_read_and_reported(tmp_path):
    table = written(tmp_path / "t.csv", [["größe"], ["1"]], encoding="cp1252")
    assert list(table) == ["größe"]
    assert table.attrs["format_note"] == "letters of Windows-1252"


def test_cells_with_line_breaks_and_delimiters_stay_one(tmp_path):
    rows = [["image", '"area\nmean"'], ['"a\nb"', '"1,046.70"'], ['"c,d"', "3"]]
    table = written(tmp_path / "t.csv", rows)
    assert list(table) == ["image", "area mean"]
    assert table["image"].tolist() == ["a\nb", "c,d"]
    assert table["area mean"].tolist() == [1046.7, 3]


def test_headings_without_names_and_with_the_same_name(tmp_path):
    rows = [["", "image", "area", "area", ""], *([str(k), "a", "1", "2", "x"] for k in range(3))]
    table = written(tmp_path / "t.csv", rows)
    assert list(table) == ["image", "area", "area (column 4)", "column 5"]
    assert table.attrs["warnings"] == [
        "columns 3 and 4 have the same name; the second is called 'area (column 4)'",
        "the heading of column 5 is empty; it is called 'column 5'",
    ]
    assert "1 column without a name left out" in table.attrs["format_note"]


def test_units_of_headings_and_cells_are_units(tmp_path):
    table = written(tmp_path / "t.csv", [["Area (µm²)", "share"], ["1.5", "12 %"], ["2.5", "7 %"]])
    assert table.attrs["units"] == {"Area (µm²)": "µm²", "share": "%"}
    assert table["share"].tolist() == [12, 7]


@pytest.mark.parametrize("content", ["image,area\n", "image,area"])
def test_a_heading_alone_is_a_table_without_rows(tmp_path, content):
    (tmp_path / "t.csv").write_text(content)
    table = read_table(tmp_path / "t.csv")
    assert (len(table), list(table)) == (0, ["image", "area"])
    assert table["area"].dtype == float


# The quick way and the other give the same, whatever the cells are and wherever blocks end.


TEXTS = st.sampled_from(
    ["a", "1", "1.5", "NA", "None", "", " b", "E01", "007", "TRUE", "#N/A", "ä,;\n"]
)
COLUMNS = st.sampled_from(
    [
        (st.floats(allow_nan=True), "float64"),
        (st.floats(-10, 10, width=32), "float32"),
        (st.integers(-(2**63), 2**63 - 1), "int64"),
        (st.integers(0, 200), "uint8"),
        (st.integers(-5, 5) | st.none(), "Int64"),
        (st.booleans(), "bool"),
        (st.booleans() | st.none(), "boolean"),
        (TEXTS | st.none(), "str"),
        (TEXTS, object),
        (TEXTS, "category"),
        (st.datetimes(pd.Timestamp(1900, 1, 1), pd.Timestamp(2100, 1, 1)), "datetime64[us]"),
    ]
)


@st.composite
def tables(draw):
    n = draw(st.integers(0, 5))
    names = draw(
        st.lists(st.sampled_from(["image", "area", "on_border", "dose", "Länge; µm"]), unique=True)
    )
    columns = {}
    for name in ["id", *names]:
        values, dtype = draw(COLUMNS.filter(lambda column: n or column[1] != "category"))
        columns[name] = pd.Series(draw(st.lists(values, min_size=n, max_size=n)), dtype=dtype)
    columns["id"] = pd.Series(range(n), dtype="int64")
    return pd.DataFrame(columns)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(tables())
def test_the_csv_and_the_parquet_of_a_table_are_read_alike(tmp_path, table):
    table.attrs = {"units": {"dose": "mg"}, "pixel_size": None}
    write_table(tmp_path / "t.csv", table)
    write_table(tmp_path / "t.parquet", table)
    ours, theirs = read_table(tmp_path / "t.csv"), read_table(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(ours, theirs, check_exact=False, rtol=1e-6)
    assert ours.attrs["units"] == theirs.attrs["units"]
    pd.testing.assert_frame_equal(with_file_types(theirs), theirs)


def test_without_its_units_file_a_measured_csv_is_read_as_its_parquet(tmp_path):
    table = pd.DataFrame(
        {
            "image": ["1", "2"],
            "id": [1, 2],
            "class": ["1", "2"],
            "ignore": [False, True],
            "area": [4.0, 5.0],
            "holes": [0, 1],
            "well": ["E01", "E5"],
            "dose": [1.5, NAN],
        }
    )
    write_table(tmp_path / "t.csv", table)
    (tmp_path / "t.units.csv").unlink()
    write_table(tmp_path / "t.parquet", table)
    pd.testing.assert_frame_equal(
        read_table(tmp_path / "t.csv"), read_table(tmp_path / "t.parquet"), check_column_type=False
    )
    assert np.isnan(read_table(tmp_path / "t.csv")["dose"][1])


def test_learning_from_the_csv_is_learning_from_the_parquet(tmp_path):
    table = objects(images=8, each=6)
    table["solidity"] = table["solidity"].astype("float32")
    table["on_border"] = np.arange(len(table)) % 3 == 0
    table["well"] = [f"E{int(name[-2:]):02}" for name in table["image"]]
    table["state"] = table["state"].replace({"dead": "None"})
    write_table(tmp_path / "t.csv", table)
    write_table(tmp_path / "t.parquet", table)
    columns = ["area", "solidity", "on_border", "well"]
    ours, theirs = (
        learn(
            read_table(tmp_path / name),
            "state",
            columns=columns,
            families=["linear"],
            folds=2,
            nested=False,
        )
        for name in ("t.csv", "t.parquet")
    )
    assert ours.task.classes == theirs.task.classes == ("None", "live")
    assert ours.verdict.best == theirs.verdict.best
    for name, result in theirs.results.items():
        np.testing.assert_allclose(ours.results[name].outputs, result.outputs, atol=1e-6)
    assert [note.replace("row 8", "row 7") for note in ours.notes] == [*theirs.notes]


@pytest.mark.parametrize(
    "door", [describe, lambda table: learn(table, "well", group=None, folds=2, nested=False)]
)
def test_wells_of_row_e_end_in_no_traceback(tmp_path, door):
    rows = [
        ["image", "well", "area"],
        *([f"i{k}", f"E{k % 2 + 4:02}", str(k * k)] for k in range(20)),
    ]
    table = written(tmp_path / "t.csv", rows)
    assert table["well"][0] == "E04"
    assert door(table)
