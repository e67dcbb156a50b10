"""The report of a folder: a row for each image, of all calls into it."""

from pathlib import Path

import pytest

from kontur.infer.inputs import InputImage
from kontur.infer.report import Report
from kontur.infer.tasks.image_task import Outcome

arrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


def outcome(name, **how):
    return Outcome(InputImage(name, Path(f"{name}.tif")), **how)


def written(path, *outcomes):
    report = Report(path)
    for one in outcomes:
        report.add(one)
    report.write()
    return {row.pop("name"): tuple(row.values()) for row in parquet.read_table(path).to_pylist()}


def test_rows_of_earlier_calls_stay_and_of_an_image_the_newest_counts(tmp_path):
    path = tmp_path / "predict.parquet"
    first = (outcome("a", objects=1, seconds=2.0), outcome("b", failure="it is damaged"))
    assert written(path, *first) == {"a": (1, 2.0, None), "b": (None, 0.0, "it is damaged")}
    second = (outcome("b", objects=4, seconds=3.0), outcome("c", objects=5, seconds=6.0))
    both = {"a": (1, 2.0, None), "b": (4, 3.0, None), "c": (5, 6.0, None)}
    assert written(path, *second) == both
    assert written(path, outcome("a", objects=1, skipped=True)) == both
    assert list(both) == parquet.read_table(path)["name"].to_pylist()


def test_calls_that_overlap_keep_each_other_s_rows(tmp_path):
    path = tmp_path / "predict.parquet"
    one = Report(path)
    written(path, outcome("b", objects=2))
    one.add(outcome("a", objects=1))
    one.write()
    assert parquet.read_table(path)["name"].to_pylist() == ["a", "b"]


@pytest.mark.parametrize("table", [{"x": [1]}, {"name": ["a"], "objects": ["many"]}, None])
def test_what_is_no_report_is_replaced(tmp_path, table):
    path = tmp_path / "predict.parquet"
    path.write_bytes(b"PAR1") if table is None else parquet.write_table(arrow.table(table), path)
    assert written(path, outcome("b", objects=2)) == {"b": (2, 0.0, None)}
