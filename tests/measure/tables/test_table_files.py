"""Tables in files: they come back, with their units, whole or not at all."""

import csv

import numpy as np
import pandas as pd
import pyarrow.parquet as parquet
import pytest

import kontur
from kontur.errors import InputError
from kontur.instances import Instances
from kontur.measure.table import measure
from kontur.measure.tables.table_files import check_target, read_table, write_table
from tests.measure.drawn import blob, disc


@pytest.fixture
def table():
    found = Instances.of(
        [disc(8, (20, 20)), blob(1, 6, (50, 30))],
        scores=[np.nan, 0.1 + 0.2],
        size=(60, 80),
        classes=("细胞, „a“",),
    )
    image = np.random.default_rng(0).integers(0, 255, (60, 80), dtype=np.uint8)
    return measure(found, image, name="a", pixel_size=0.5, outlines=True, metadata={"well": "A01"})


def test_parquet_keeps_every_digit_type_and_unit(table, tmp_path):
    write_table(tmp_path / "t.parquet", table)
    back = pd.read_parquet(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(back, table)
    assert back.attrs == table.attrs
    schema = parquet.read_schema(tmp_path / "t.parquet")
    assert schema.field("area").metadata[b"unit"].decode() == "µm²"
    assert schema.field("area").metadata[b"meaning"].decode().startswith("area")
    assert schema.field("well").metadata[b"meaning"] == b"of metadata.csv"


def test_csv_keeps_every_digit_and_has_its_units_beside_it(table, tmp_path):
    write_table(tmp_path / "t.csv", table)
    back = pd.read_csv(tmp_path / "t.csv")
    pd.testing.assert_frame_equal(back, table, check_dtype=False)
    units = pd.read_csv(tmp_path / "t.units.csv").set_index("column")
    assert list(units.index) == list(table.columns)
    assert units.loc["area", "unit"] == "µm²"
    assert (tmp_path / "t.csv").read_bytes().startswith(b"\xef\xbb\xbf")  # for spreadsheets
    with (tmp_path / "t.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["class"] == "细胞, „a“"
    assert rows[0]["score"] == ""


def test_a_csv_with_outlines_is_a_file_of_outlines(table, tmp_path):
    write_table(tmp_path / "t.csv", table)
    back = kontur.read(tmp_path / "t.csv")
    assert back.ids.tolist() == [1, 2]
    assert back.size == (60, 80)
    assert back.classes == ("细胞, „a“",)


def test_plain_tables_have_no_mark(tmp_path):
    write_table(tmp_path / "t.csv", measure(Instances.empty((4, 5))))
    assert (tmp_path / "t.csv").read_text().startswith("image,id,class,score,ignore,x,y")
    write_table(tmp_path / "t.parquet", measure(Instances.empty((4, 5))))
    back = pd.read_parquet(tmp_path / "t.parquet")
    assert back.dtypes.to_dict() == measure(Instances.empty((4, 5))).dtypes.to_dict()


def test_what_is_there_stays_unless_it_may_be_overwritten(table, tmp_path):
    for name in ("t.csv", "t.parquet"):
        write_table(tmp_path / name, table)
        with pytest.raises(InputError, match="exists already"):
            write_table(tmp_path / name, table[:1], overwrite=False)
        assert len(pd.read_csv(tmp_path / name) if name == "t.csv" else table) == 2
    (tmp_path / "new.units.csv").touch()
    with pytest.raises(InputError, match=r"new\.units\.csv exists"):
        check_target(tmp_path / "new.csv", overwrite=False)


@pytest.mark.parametrize("name", ["t.xlsx", "t", "t.json"])
def test_other_endings_are_refused(table, tmp_path, name):
    with pytest.raises(InputError, match=r"wanted TABLE\.parquet or TABLE\.csv"):
        write_table(tmp_path / name, table)


def test_a_folder_is_no_table(tmp_path):
    (tmp_path / "t.csv").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        check_target(tmp_path / "t.csv", overwrite=True)


def test_a_table_that_cannot_be_written_leaves_nothing(table, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(parquet, "write_table", full)
    with pytest.raises(OSError, match="No space"):
        write_table(tmp_path / "t.parquet", table)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_table_comes_back_with_its_units(table, tmp_path, ending):
    write_table(tmp_path / f"t.{ending}", table)
    back = read_table(tmp_path / f"t.{ending}")
    pd.testing.assert_frame_equal(back, table, check_dtype=False)
    assert back.attrs["units"] == {"well": "", **table.attrs["units"]}


def test_a_table_of_another_program_has_no_units_and_its_images_stay_text(tmp_path):
    (tmp_path / "t.csv").write_text("image,Area µm\n007,3.5\n008,\n", encoding="utf-8")
    back = read_table(tmp_path / "t.csv")
    assert back["image"].tolist() == ["007", "008"]
    assert back["Area µm"].isna().tolist() == [False, True]
    assert back.attrs == {"units": {"image": "", "Area µm": "µm"}, "pixel_size": None}
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet").attrs == {"units": {"a": ""}, "pixel_size": None}


def test_what_is_no_table_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"wanted a table, TABLE\.parquet or TABLE\.csv, got"):
        read_table(tmp_path / "t.json")
    with pytest.raises(InputError, match=r"t\.xlsx is a spreadsheet; save its sheet as CSV"):
        read_table(tmp_path / "t.xlsx")
    with pytest.raises(InputError, match="there is no table"):
        read_table(tmp_path / "t.csv")
    for ending, sentence in (("csv", "is empty"), ("parquet", "is no table that can be read")):
        (tmp_path / f"e.{ending}").write_bytes(b"")
        with pytest.raises(InputError, match=sentence):
            read_table(tmp_path / f"e.{ending}")
    (tmp_path / "b.csv").write_bytes(b"a,b\n\0,1\n")
    with pytest.raises(InputError, match="no text"):
        read_table(tmp_path / "b.csv")


def test_a_table_saved_by_a_european_spreadsheet_is_read_as_it_was(table, tmp_path):
    write_table(tmp_path / "t.csv", table)
    ours = read_table(tmp_path / "t.csv")
    ours.to_csv(tmp_path / "t.csv", sep=";", decimal=",", index=False, encoding="utf-8-sig")
    units = (tmp_path / "t.units.csv").read_text(encoding="utf-8-sig")
    (tmp_path / "t.units.csv").write_text("column;unit;meaning\narea;µm²;\n", encoding="utf-8")
    assert "µm²" in units
    theirs = read_table(tmp_path / "t.csv")
    pd.testing.assert_frame_equal(theirs, ours)
    assert theirs.attrs["units"]["area"] == "µm²"
    (tmp_path / "p.csv").write_text("image;area\na;1.5\n")
    assert read_table(tmp_path / "p.csv")["area"].tolist() == [1.5]


def test_cells_are_never_read_into_other_columns(tmp_path):
    (tmp_path / "t.csv").write_text("image,area\na,1,9\nb,2,9\n")
    with pytest.raises(InputError, match="line 2: 3 cells under a heading of 2 names"):
        read_table(tmp_path / "t.csv")


def test_units_that_cannot_be_read_are_an_error(tmp_path):
    (tmp_path / "t.csv").write_text("image,area\na,1\n")
    (tmp_path / "t.units.csv").write_text("what,else\n1,2\n")
    with pytest.raises(InputError, match=r"t\.units\.csv lacks the columns column and unit"):
        read_table(tmp_path / "t.csv")


def test_an_index_is_columns_and_lists_are_words(tmp_path):
    table = pd.DataFrame({"image": ["a", "a"], "id": [1, 2], "l": [[1, 2], None]})
    table.set_index(["image", "id"]).to_parquet(tmp_path / "t.parquet")
    read = read_table(tmp_path / "t.parquet")
    assert list(read.columns) == ["image", "id", "l"]
    assert read["l"].tolist()[0] == "[1, 2]"
    assert read["l"].isna().tolist() == [False, True]
    table[["id"]][::-1].to_parquet(tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet").index.tolist() == [0, 1]
