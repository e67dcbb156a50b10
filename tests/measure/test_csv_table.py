"""CSV files as spreadsheets write them, and the same table from CSV and Parquet."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kontur.errors import InputError
from kontur.measure import csv_rows
from kontur.measure.describe import describe
from kontur.measure.learn.study import learn
from kontur.measure.table_files import read_table, with_file_types, write_table
from tests.measure.learn.tables import objects

NAN = float("nan")
ROWS = [["a", "1", "1046.7", "live"], ["a", "2", "998.1", "dead"], ["b", "1", "", "live"]]
HEADING = ["image", "id", "area", "state"]


def written(path, rows, *, delimiter=",", end="\n", encoding="utf-8", before=""):
    lines = [delimiter.join(row) for row in rows]
    path.write_bytes((before + end.join(lines) + end).encode(encoding))
    return read_table(path)


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


def test_odd_cells_are_reported_with_their_rows_and_the_column_stays_text(tmp_path):
    cells = [["1.5"], ["2.5"], ["oops"], ["3.5"], ["oops"]]
    table = written(tmp_path / "t.csv", [["dose"], *cells])
    assert table["dose"].tolist() == [cell for (cell,) in cells]
    assert table.attrs["warnings"] == [
        "the column 'dose' is numbers but for 2 cells: 'oops' (2 cells, the first in row 4); it is "
        "read as words: correct those cells, or empty them"
    ]


def test_missing_words_among_numbers_and_names_among_words_are_reported(tmp_path):
    rows = [["dose", "state"], ["1", "None"], ["#DIV/0!", ""], ["NA", "None"], ["2", "live"]]
    table = written(tmp_path / "t.csv", rows)
    assert table["dose"].isna().tolist() == [False, True, True, False]
    assert table["state"].dropna().tolist() == ["None", "None", "live"]
    assert table["state"].isna().tolist() == [False, True, False, False]
    assert table.attrs["warnings"] == [
        "words between numbers, read as missing values: dose '#DIV/0!' (row 3), 'NA' (row 4)",
        "words that are names here, for among words only an empty cell is missing: state 'None' "
        "(2 cells, the first in row 2)",
    ]


def test_the_names_that_look_missing_are_those_of_words_only(tmp_path):
    table = pd.DataFrame({"dose": ["1", "n/a", "2"], "stain": ["HE", "NA", "PAS"]})
    table.to_parquet(tmp_path / "t.parquet")
    (warning,) = read_table(tmp_path / "t.parquet").attrs["warnings"]
    assert "stain 'NA' (row 2)" in warning
    assert "dose" not in warning  # numbers as text, for learning


@pytest.mark.parametrize(
    ("text", "value", "warning"),
    [
        ("a;b\n1.046;2\n", 1.046, True),
        ("a;b\n1,046;2\n", 1.046, True),
        ("a;b\n1.046;2,5\n", 1046, False),
        ("a;b\n1.046;2.5\n", 1.046, False),
        ("a,b\n1.046,2\n", 1.046, False),
        ('a,b\n"1,046",2\n', 1046, False),
        ('a,b\n"1,046","2,5"\n', 1.046, False),
    ],
)
def test_a_thousand_or_a_decimal_is_decided_by_the_file_or_reported(tmp_path, text, value, warning):
    (tmp_path / "t.csv").write_text(text)
    table = read_table(tmp_path / "t.csv")
    assert table["a"].tolist() == [value]
    assert ("leaves open" in " ".join(table.attrs.get("warnings", []))) == warning


def test_headings_without_names_and_with_the_same_name(tmp_path):
    rows = [["", "image", "area", "area", ""], *([str(k), "a", "1", "2", "x"] for k in range(3))]
    table = written(tmp_path / "t.csv", rows)
    assert list(table) == ["image", "area", "area (column 4)", "column 5"]
    assert table.attrs["warnings"] == [
        "columns 3 and 4 have the same name; the second is called 'area (column 4)'",
        "the heading of column 5 is empty; it is called 'column 5'",
    ]
    assert "1 column without a name left out" in table.attrs["format_note"]


def test_short_rows_are_filled_up_and_long_ones_refused(tmp_path):
    table = written(
        tmp_path / "t.csv", [["image", "dose", "x"], ["a", "1"], ["b", "oops"], ["c", "3", "1"]]
    )
    assert table["x"].isna().tolist() == [True, True, False]
    assert "'oops' (row 3)" in table.attrs["warnings"][0]
    with pytest.raises(InputError, match="line 2: 3 cells under a heading of 2 names"):
        written(tmp_path / "t.csv", [["a", "b"], ["1", "2", "3"]])


def test_a_row_may_be_longer_than_a_block(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_rows, "BLOCK", 64)
    rows = [["image", "outline", "dose"], ["a", "ä" * 500, "1"], ["b", "x", "2"]]
    table = written(tmp_path / "t.csv", rows)
    assert table["outline"].str.len().tolist() == [500, 1]
    assert table["dose"].tolist() == [1, 2]


def test_units_of_headings_and_cells_are_units(tmp_path):
    table = written(tmp_path / "t.csv", [["Area (µm²)", "share"], ["1.5", "12 %"], ["2.5", "7 %"]])
    assert table.attrs["units"] == {"Area (µm²)": "µm²", "share": "%"}
    assert table["share"].tolist() == [12, 7]


def test_images_and_classes_are_names_and_measurements_numbers(tmp_path):
    rows = [["image", "class", "ignore", "holes", "area"], ["007", "1", "0", "2", "4"]]
    table = written(tmp_path / "t.csv", [*rows, ["008", "NA", "1", "", "oops"]])
    assert table["image"].tolist() == ["007", "008"]
    assert table["class"].tolist() == ["1", "NA"]
    assert table["ignore"].tolist() == [False, True]
    assert table["holes"].dtype == "Int64"
    assert "'area' is numbers but for 1 cell: 'oops' (row 3)" in table.attrs["warnings"][0]


@pytest.mark.parametrize("content", ["image,area\n", "image,area"])
def test_a_heading_alone_is_a_table_without_rows(tmp_path, content):
    (tmp_path / "t.csv").write_text(content)
    table = read_table(tmp_path / "t.csv")
    assert (len(table), list(table)) == (0, ["image", "area"])
    assert table["area"].dtype == float


# The quick way and the other give the same, whatever the cells are and wherever blocks end.

CELLS = st.sampled_from(
    [
        *("", "1", "-7", "12.5", "1e-05", "007", "E01", "1E1", "1,5", "1.046", "2.113", "1200"),
        *("NA", "oops", "TRUE", "1,046", "0.5", "3e5", "123456789012345678901", " 4 ", "inf"),
        '"q;r"',
    ]
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data(), st.sampled_from(";,\t"))
def test_plain_columns_are_what_they_are_without_the_quick_way(tmp_path, data, delimiter):
    n = data.draw(st.integers(1, 6))
    few = st.lists(CELLS, min_size=1, max_size=3, unique=True).flatmap(st.sampled_from)
    columns = [data.draw(st.lists(few, min_size=n, max_size=n)) for _ in range(3)]
    quoted = [[f'"{c}"' if delimiter in c and '"' not in c else c for c in row] for row in columns]
    path = tmp_path / "t.csv"
    lines = [
        delimiter.join(row) for row in (["k", "a", "b", "c"], *zip("x" * n, *quoted, strict=True))
    ]
    path.write_text("\n".join(lines) + "\n")
    quick = read_table(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_rows, "WHOLE", "^never$")
        patch.setattr(csv_rows, "PLAIN", "^never$")
        slow = read_table(path)
    pd.testing.assert_frame_equal(quick, slow)
    assert quick.attrs == slow.attrs
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_rows, "BLOCK", 64)
        blocks = read_table(path)
    pd.testing.assert_frame_equal(quick, blocks)


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


def test_numbers_with_other_cells_are_not_learned_from_and_the_cells_are_named(tmp_path):
    table = objects(images=4, each=6).astype({"area": object})
    table.loc[7, "area"] = "1.2?"
    with pytest.raises(InputError, match=r"a measurement but .* '1\.2\?', first in row 8"):
        learn(table, "state")
    table.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(InputError, match=r"'area' is numbers but for 1 cell: '1\.2\?' \(row 9\)"):
        learn(read_table(tmp_path / "t.csv"), "state")
