"""Rows of a CSV: short, long, longer than a block, and the quick way for plain columns."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kontur.errors import InputError
from kontur.measure.tables import csv_rows
from kontur.measure.tables.table_files import read_table
from tests.measure.tables.csv_files import written

CELLS = st.sampled_from(
    [
        *("", "1", "-7", "12.5", "1e-05", "007", "E01", "1E1", "1,5", "1.046", "2.113", "1200"),
        *("NA", "oops", "TRUE", "1,046", "0.5", "3e5", "123456789012345678901", " 4 ", "inf"),
        '"q;r"',
    ]
)


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
