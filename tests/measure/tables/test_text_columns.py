"""What a column of texts is, decided by all its cells, and what is said of the odd ones."""

import pandas as pd
import pytest

from kontur.errors import InputError
from kontur.measure.learn.study import learn
from kontur.measure.tables.table_files import read_table
from tests.measure.learn.tables import objects
from tests.measure.tables.csv_files import written


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


def test_images_and_classes_are_names_and_measurements_numbers(tmp_path):
    rows = [["image", "class", "ignore", "holes", "area"], ["007", "1", "0", "2", "4"]]
    table = written(tmp_path / "t.csv", [*rows, ["008", "NA", "1", "", "oops"]])
    assert table["image"].tolist() == ["007", "008"]
    assert table["class"].tolist() == ["1", "NA"]
    assert table["ignore"].tolist() == [False, True]
    assert table["holes"].dtype == "Int64"
    assert "'area' is numbers but for 1 cell: 'oops' (row 3)" in table.attrs["warnings"][0]


def test_numbers_with_other_cells_are_not_learned_from_and_the_cells_are_named(tmp_path):
    table = objects(images=4, each=6).astype({"area": object})
    table.loc[7, "area"] = "1.2?"
    with pytest.raises(InputError, match=r"a measurement but .* '1\.2\?', first in row 8"):
        learn(table, "state")
    table.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(InputError, match=r"'area' is numbers but for 1 cell: '1\.2\?' \(row 9\)"):
        learn(read_table(tmp_path / "t.csv"), "state")
