import pytest

from kontur.data.annotations.folder_tables import read_classes, read_metadata
from kontur.data.folder import open_folder
from kontur.errors import InputError
from tests.data import drawn


def test_metadata_is_joined_by_the_name_of_the_image(tmp_path):
    drawn.labelled(tmp_path)
    drawn.table(tmp_path / "metadata.csv", "id,well,dose", [("a.png", "A1", 5), ("b", "B2", 7)])
    folder = open_folder(tmp_path)
    assert folder.metadata == {"a": {"well": "A1", "dose": "5"}, "b": {"well": "B2", "dose": "7"}}
    assert folder.warnings == ()


def test_metadata_of_splits_is_joined_below_them(tmp_path):
    for split in ("train", "val"):
        drawn.labelled(tmp_path / split)
        drawn.table(tmp_path / split / "metadata.csv", "image,part", [("a", split), ("b", split)])
    assert open_folder(tmp_path).metadata["val/a"] == {"part": "val"}


def test_rows_and_images_without_each_other_are_reported(tmp_path):
    drawn.labelled(tmp_path)
    drawn.table(tmp_path / "metadata.csv", "id,well", [("a", "A1"), ("z", "B2")])
    warnings = open_folder(tmp_path).warnings
    assert "names 1 image (z) that are not among the images" in warnings[0]
    assert "has no row for 1 image (b)" in warnings[1]


def test_semicolons_and_a_byte_order_mark_are_read(tmp_path):
    path = tmp_path / "metadata.csv"
    path.write_text("\ufeffID;Well\na;A1\n\n", encoding="utf-8")
    assert read_metadata(path) == {"a": {"well": "A1"}}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_metadata_is_read_as_spreadsheets_save_it(tmp_path, encoding):
    path = tmp_path / "metadata.csv"
    text = 'sep=;\r\nImage;Größe;Notiz;;\r\na;"1,5";"two\r\nlines";;\r\nb;;\r\n;;;;\r\n'
    path.write_bytes(text.encode(encoding))
    assert read_metadata(path) == {
        "a": {"größe": "1,5", "notiz": "two\r\nlines"},
        "b": {"größe": "", "notiz": ""},
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "needs a column that names the image .* but has none"),
        ("well,dose\nA1,2\n", "but has well, dose"),
        ("id,dose\na,1\na,2\n", "line 3: a second row for image 'a'"),
        ("id,dose\na,1,2\n", "line 2: 3 cells under 2 columns"),
    ],
)
def test_metadata_that_cannot_be_joined_is_refused(tmp_path, text, sentence):
    path = tmp_path / "metadata.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=sentence):
        read_metadata(path)


def test_the_class_of_an_object_comes_from_its_row(tmp_path):
    drawn.labelled(tmp_path)
    rows = [("a", 1, "live"), ("a", 2, "dead"), ("a", 3, "ignore")]
    rows += [("b.png", k, "live") for k in (1, 2, 3)]
    drawn.table(tmp_path / "classes.csv", "image,id,class", rows)
    folder = open_folder(tmp_path)
    first = folder.samples[0].instances
    assert folder.classes == ("dead", "live")
    assert first.labels[:2].tolist() == [1, 0]
    assert first.ignore.tolist() == [False, False, True]
    assert folder.samples[1].instances.labels.tolist() == [1, 1, 1]


def test_the_more_precise_row_wins(tmp_path):
    path = tmp_path / "classes.csv"
    drawn.table(path, "image,id,class", [("a", "", "x"), ("", 2, "y"), ("a", 2, "z")])
    table = read_classes(path)
    assert [table.class_of("a", k) for k in (1, 2)] == ["x", "z"]
    assert table.class_of("b", 2) == "y"


def test_an_object_without_a_class_is_an_error_that_says_which(tmp_path):
    drawn.labelled(tmp_path, ["a"])
    drawn.table(tmp_path / "classes.csv", "image,id,class", [("a", 1, "x"), ("a", 2, "x")])
    with pytest.raises(InputError, match="gives no class to object 3 of image 'a'; add a row"):
        open_folder(tmp_path).samples[0]


def test_classes_of_both_splits_are_one_list(tmp_path):
    for split, name in [("train", "b"), ("val", "a")]:
        drawn.labelled(tmp_path / split, ["x"])
        drawn.table(tmp_path / split / "classes.csv", "image,class", [("x", name)])
    folder = open_folder(tmp_path, split="train")
    assert folder.classes == ("a", "b")
    assert folder.samples[0].instances.labels.tolist() == [1, 1, 1]


def test_ids_of_one_number_and_two_classes_are_refused(tmp_path):
    for split, name in [("train", "b"), ("val", "a")]:
        drawn.labelled(tmp_path / split, ["x"])
        drawn.table(tmp_path / split / "classes.csv", "id,class", [(1, name)])
    with pytest.raises(InputError, match="gives id 1 the class 'a', another"):
        open_folder(tmp_path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("image,id\na,1\n", "needs the columns image, id and class"),
        ("class\nx\n", "needs the columns image, id and class"),
        ("image,id,class\na,one,x\n", "line 2: id 'one' is not a whole number"),
        ("image,id,class\na,1,\n", "line 2: a row needs a class"),
        ("image,id,class\n,,x\n", "line 2: a row needs a class, and an image or an id"),
    ],
)
def test_classes_that_say_too_little_are_refused(tmp_path, text, sentence):
    path = tmp_path / "classes.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=sentence):
        read_classes(path)


def test_a_second_class_of_the_same_object_is_refused(tmp_path):
    rows = [("a", 1, "live"), ("a", "1.0", "dead")]
    drawn.table(tmp_path / "classes.csv", "image,id,class", rows)
    with pytest.raises(InputError, match=r"line 3: the class is 'dead', .* row has 'live'"):
        read_classes(tmp_path / "classes.csv")


def test_ids_that_look_like_numbers_stay_names(tmp_path):
    drawn.table(tmp_path / "metadata.csv", "id,well", [("1E1", "2E2"), ("007", "E01")])
    assert read_metadata(tmp_path / "metadata.csv") == {
        "1E1": {"well": "2E2"},
        "007": {"well": "E01"},
    }
