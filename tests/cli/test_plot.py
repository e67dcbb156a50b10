import numpy as np
import pytest
from PIL import Image

from kontur.measure.tables.table_files import write_table
from tests.measure.plots.tables import made_up, measured


@pytest.fixture
def cells(tmp_path):
    """A table of two states in six images."""
    write_table(tmp_path / "cells.parquet", made_up())
    return tmp_path / "cells.parquet"


@pytest.fixture
def seen(tmp_path):
    """A table with outlines, and its images: grey of 8 and 16 bit, and colour."""
    table, image, _ = measured(images=("a", "b", "c"))
    (tmp_path / "images").mkdir()
    Image.fromarray(image[..., 0]).save(tmp_path / "images/a.png")
    Image.fromarray(image[..., 0].astype(np.uint16) * 300).save(tmp_path / "images/b.png")
    Image.fromarray(np.repeat(image, 3, axis=2)).save(tmp_path / "images/c.png")
    write_table(tmp_path / "seen.parquet", table)
    return tmp_path / "seen.parquet", tmp_path / "images"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_unasked_a_table_becomes_plots_and_a_page(kontur, cells, tmp_path):
    output = kontur("plot", cells, "--out", tmp_path / "p")
    assert "6 images, 120 objects, by state: dead, live" in output
    assert names(tmp_path / "p") == [
        "distribution-area.png",
        "distribution-circularity.png",
        "distribution-solidity.png",
        "index.html",
        "scatter-area-circularity.png",
    ]
    page = (tmp_path / "p/index.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 4
    assert "area (µm²)" in page


def test_a_request_is_drawn(kontur, cells, tmp_path):
    words = ("--columns", "solidity, area", "--scatter", "area,solidity", "--by", "image")
    output = kontur("plot", cells, "--out", tmp_path / "p", *words)
    assert "by image: w00" in output
    assert names(tmp_path / "p") == [
        "distribution-area.png",
        "distribution-solidity.png",
        "index.html",
        "scatter-area-solidity.png",
    ]


def test_objects_are_shown_in_their_images(kontur, seen, tmp_path):
    table, images = seen
    words = ("--images", images, "--gallery", "area", "--percentiles", "5,95")
    words += ("--colour", "area", "--image", "[bc]")
    kontur("plot", table, "--out", tmp_path / "p", *words)
    assert names(tmp_path / "p") == [
        "gallery-area.png",
        "index.html",
        "outlines-area-b.png",
        "outlines-area-c.png",
    ]


def test_regions_to_ignore_are_counted_aloud(kontur, tmp_path):
    write_table(tmp_path / "t.csv", made_up(ignore=[True] * 5 + [False] * 115))
    output = kontur("plot", tmp_path / "t.csv", "--out", tmp_path / "p", "--columns", "area")
    assert "left out: 5 rows of regions to ignore" in output
    assert "115 objects" in output
    assert "left out: 5 rows" in (tmp_path / "p/index.html").read_text(encoding="utf-8")


def test_what_is_there_is_kept_unless_forced(kontur, cells, tmp_path):
    out = tmp_path / "p"
    out.mkdir()
    (out / "distribution-area.png").write_text("mine")
    words = ("plot", cells, "--out", out, "--columns", "area")
    assert "distribution-area.png exists already" in kontur(*words, code=1)
    assert names(out) == ["distribution-area.png"]
    kontur(*words, "--force")
    assert (out / "distribution-area.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["{table}", "--columns", "aera"], "did you mean 'area'"),
        (["{table}", "--columns", "state"], "--by state"),
        (["{table}", "--by", "area"], "120 different values"),
        (["{table}", "--gallery", "area"], "--images"),
        (["{table}", "--gallery", "area", "--images", "{images}"], "--with-outlines"),
        (["{table}", "--images", "nowhere", "--outlines", "nowhere"], "no outlines nowhere"),
        (["{seen}", "--images", "{images}", "--colour", "area", "--image", "z"], "no image 'z'"),
        (["nowhere.parquet"], "there is no table nowhere.parquet"),
        (["{images}/a.png"], "wanted a table"),
    ],
)
def test_what_cannot_be_plotted_is_one_sentence_and_writes_nothing(
    kontur, cells, seen, words, sentence, tmp_path
):
    names = {"table": cells, "seen": seen[0], "images": seen[1]}
    out = tmp_path / "p"
    output = kontur("plot", *(word.format(**names) for word in words), "--out", out, code=1)
    assert sentence in output
    assert len(output.strip().splitlines()) == 1
    assert not out.exists()


@pytest.mark.parametrize(
    "words", [("--scatter", "area"), ("--percentiles", "50,101"), ("--percentiles", "many")]
)
def test_wrong_words_say_how_they_are_meant(kontur, cells, tmp_path, words):
    output = kontur("plot", cells, "--out", tmp_path / "p", *words, code=2)
    assert words[0] in output
    assert "wanted" in output
