import pytest

from kontur.errors import InputError
from kontur.files import csv_dialect
from kontur.files.csv_dialect import Dialect


@pytest.mark.parametrize(
    ("text", "delimiter", "decimal"),
    [
        ("id,area\n1,3.5\n", ",", "."),
        ("id;area\n1;3,5\n", ";", ","),
        ("id;area\n1;3.5\n", ";", "."),
        ("id\tarea\n1\t3,25\n", "\t", ","),
        ("id|area\n1|3\n", "|", "."),
        ('"id","area, µm²"\n1,"2,5"\n', ",", ","),  # quoted numbers of a German program
        ("area, mean;id, of the cell\n1;2\n", ";", "."),  # commas in both names
        ("id;area\n1;1.234,5\n", ";", ","),
        ('id,area\n1,"1,234"\n', ",", "."),  # a thousand
        ("id;area\n1;1,234\n", ";", ","),  # one and a bit
        ("area\n1\n", ",", "."),
        ("", ",", "."),
        ("outline;id\nPOLYGON ((0.5 1, 2 3, 1.5 9, 0.5 1));1\n", ";", "."),
    ],
)
def test_delimiter_and_decimal_mark_are_those_of_the_rows(text, delimiter, decimal):
    found = csv_dialect.detect_in_text(text)
    assert (found.delimiter, found.decimal) == (delimiter, decimal)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encoding_is_found_and_the_rows_are_the_same(tmp_path, encoding):
    path = tmp_path / "a.csv"
    path.write_bytes("id;größe\r\n1;2,5\r\n".encode(encoding))
    assert list(csv_dialect.rows(path)) == [(1, ["id", "größe"]), (2, ["1", "2,5"])]


def test_rows_without_text_are_left_out_and_lines_counted_as_an_editor_does(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('sep=;\n\nid;name\n;;\n1;"two\nlines"\n;;;;\n2;x\n\n;\n')
    assert csv_dialect.detect(path).skip == 2
    assert list(csv_dialect.rows(path)) == [
        (3, ["id", "name"]),
        (6, ["1", "two\nlines"]),
        (8, ["2", "x"]),
    ]


def test_a_sample_that_ends_within_a_row_gives_the_same_dialect(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_dialect, "SAMPLE", 25)
    path = tmp_path / "a.csv"
    path.write_text("id;area\n1;3,5\n2;4,5\n3;5,5\n")
    assert csv_dialect.detect(path) == Dialect("utf-8-sig", ";", ",", 0)


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("1.5", ".", 1.5),
        ("1,5", ",", 1.5),
        ("1.234.567,5", ",", 1234567.5),
        ("1'234.5", ".", 1234.5),
        ("1\u202f234,5", ",", 1234.5),
        (" -7 ", ".", -7),
        ("1E1", ".", 10),
        ("1,5", ".", None),
        ("1.5.2", ",", None),
        ("1_000", ".", None),
        ("12,34,567", ".", None),
        ("E01", ".", None),
        ("", ".", None),
    ],
)
def test_numbers_of_cells(text, decimal, value):
    assert csv_dialect.number(text, decimal=decimal) == value


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"PK\x03\x04 and so on", "an Excel workbook"),
        (b"PAR1 and so on", "a Parquet table"),
        (b"id,area\n\0\0", "no text"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path, content, sentence):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        csv_dialect.detect(tmp_path / "a.csv")


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(InputError, match="there is no file"):
        csv_dialect.detect(tmp_path / "none.csv")
    with pytest.raises(InputError, match="is a folder"):
        csv_dialect.detect(tmp_path)
