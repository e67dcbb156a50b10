import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image

import kontur as package
from kontur.instances import Instances
from kontur.measure.plots.plan import objects
from kontur.measure.tables.table_files import read_table

LABELS = np.zeros((40, 56), np.uint16)
LABELS[5:20, 10:30] = 3
LABELS[30:36, 40:50] = 8


@pytest.fixture
def data(images, tmp_path):
    """The three images with label images of two boxes each, and a table that tells them apart."""
    (tmp_path / "labels").mkdir()
    for name in "abc":
        Image.fromarray(LABELS).save(tmp_path / "labels" / f"{name}.png")
    (tmp_path / "metadata.csv").write_text("id,state,area\na,live,1\nb,dead,2\nc,live,3\n")
    return tmp_path


def test_a_training_folder_becomes_a_table(kontur, data, tmp_path):
    out = tmp_path / "t.parquet"
    output = kontur("measure", data, "--out", out)
    assert "3 images, 6 objects" in output
    assert "lengths in pixels" in output
    assert f"wrote {out}" in output
    table = pd.read_parquet(out)
    assert table["image"].tolist() == [*"aabbcc"]
    assert table["id"].tolist() == [3, 8] * 3
    assert table["area"].tolist() == [300, 60] * 3
    assert table["state"].tolist() == ["live"] * 2 + ["dead"] * 2 + ["live"] * 2
    assert table["metadata_area"].tolist() == [1, 1, 2, 2, 3, 3]
    assert table["intensity_mean"].notna().all()


def test_outlines_and_images_become_a_csv_in_micrometres(kontur, images, tmp_path):
    (tmp_path / "found").mkdir()
    for name in "abc":
        found = Instances.from_label_image(LABELS)
        package.write(tmp_path / "found" / f"{name}.geojson", found)
    out = tmp_path / "t.csv"
    output = kontur("measure", tmp_path / "found", images, "--out", out, "--pixel-size", "0.5")
    assert "lengths in µm, pixels of 0.5 µm" in output
    assert "t.units.csv" in output
    table = pd.read_csv(out)
    assert table["area"].tolist() == [75, 15] * 3
    assert pd.read_csv(tmp_path / "t.units.csv").set_index("column").loc["area", "unit"] == "µm²"


def test_the_pixel_size_in_the_files_counts(kontur, tmp_path):
    about = {"PhysicalSizeX": 0.25, "PhysicalSizeY": 0.25, "axes": "YX"}
    tifffile.imwrite(tmp_path / "a.ome.tif", LABELS * 9, metadata=about)
    package.write(tmp_path / "a.geojson", Instances.from_label_image(LABELS))
    words = ("measure", tmp_path / "a.geojson", tmp_path / "a.ome.tif", "--out")
    assert "pixels of 0.25 µm" in kontur(*words, tmp_path / "t.parquet")
    assert "in pixels" in kontur(*words, tmp_path / "u.parquet", "--pixel-size", "pixels")


def test_a_label_image_alone_is_measured_without_intensities(kontur, data, tmp_path):
    out = tmp_path / "t.csv"
    kontur("measure", data / "labels/a.png", "--out", out, "--with-outlines")
    assert "intensity_mean" not in pd.read_csv(out)
    back = package.read(out)
    assert back.areas.tolist() == [300, 60]
    assert back.ids.tolist() == [3, 8]


def test_outlines_with_their_measurements_are_written_for_qupath(kontur, data, tmp_path):
    words = ("measure", data, "--geojson", tmp_path / "q", "--out")
    kontur(*words, tmp_path / "t.csv")
    assert {path.name for path in (tmp_path / "q").iterdir()} == {f"{n}.geojson" for n in "abc"}
    assert '"area px²":300' in (tmp_path / "q/a.geojson").read_text(encoding="utf-8")
    assert "exists already" in kontur(*words, tmp_path / "u.csv", code=1)
    assert not (tmp_path / "u.csv").exists()
    (tmp_path / "file").touch()
    words = ("measure", data, "--geojson", tmp_path / "file/q", "--out", tmp_path / "u.csv")
    assert "could not write" in kontur(*words, code=1)
    assert not (tmp_path / "u.csv").exists()


def test_no_objects_are_an_empty_table(kontur, tmp_path):
    package.write(tmp_path / "a.geojson", Instances.empty((9, 9)))
    output = kontur("measure", tmp_path / "a.geojson", "--out", tmp_path / "t.parquet")
    assert "1 image, 0 objects" in output
    table = pd.read_parquet(tmp_path / "t.parquet")
    assert len(table) == 0
    assert table["area"].dtype == float


@pytest.mark.parametrize("out", ["t.parquet", "t.csv"])
def test_images_without_objects_are_named_by_all_that_reads_their_table(kontur, tmp_path, out):
    (tmp_path / "found").mkdir()
    for name, labels in {"a": LABELS, "b": LABELS, "c": LABELS * 0}.items():
        found = Instances.from_label_image(labels)
        package.write(tmp_path / "found" / f"{name}.geojson", found)
    sentence = "1 image (c) has no object and so no row"
    output = kontur("measure", tmp_path / "found", "--out", tmp_path / out)
    assert "3 images, 4 objects" in output
    assert sentence in output
    described = kontur("describe", tmp_path / out, "--by", "image", "--out", tmp_path / "r.html")
    assert "4 objects of 2 images" in described
    for text in (described, (tmp_path / "r.html").read_text()):
        assert (sentence in text) == out.endswith(".parquet")  # a CSV holds the rows alone
    if out.endswith(".parquet"):
        kept = read_table(tmp_path / out)
        assert any(sentence in note for note in objects(kept)[1])


def test_regions_to_ignore_are_rows_that_say_so(kontur, tmp_path):
    found = Instances.from_label_image(np.where(LABELS == 8, -8, LABELS.astype(np.int32)))
    package.write(tmp_path / "a.geojson", found)
    output = kontur("measure", tmp_path / "a.geojson", "--out", tmp_path / "t.parquet")
    assert "1 row of regions to ignore" in output
    assert sorted(pd.read_parquet(tmp_path / "t.parquet")["ignore"]) == [False, True]


def test_images_and_outlines_without_partner_are_reported(kontur, data, images, tmp_path):
    (data / "labels/b.png").rename(data / "labels/z.png")
    output = kontur("measure", data / "labels", images, "--out", tmp_path / "t.parquet")
    assert "not measured, having no outlines: 1 image (b)" in output
    assert "measured without intensities" in output
    assert "3 images, 6 objects" in output


def test_what_is_there_is_kept_unless_forced(kontur, data, tmp_path):
    out = tmp_path / "t.csv"
    kontur("measure", data, "--out", out)
    before = out.read_bytes()
    assert "exists already" in kontur("measure", data / "labels", "--out", out, code=1)
    assert out.read_bytes() == before
    kontur("measure", data / "labels", "--out", out, "--force")
    assert out.read_bytes() != before


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere", "--out", "t.csv"], "there are no outlines nowhere"),
        (["{data}", "--out", "t.txt"], "wanted TABLE.parquet or TABLE.csv"),
        (["{data}/labels", "{data}/nowhere", "--out", "t.csv"], "there is no image or folder"),
        (["{data}", "--metadata", "none.csv", "--out", "t.csv"], "there is no table none.csv"),
        (["{data}", "--channel", "4", "--out", "t.csv"], "channel 4"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence_and_writes_nothing(
    kontur, data, words, sentence, monkeypatch, tmp_path
):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    output = kontur("measure", *(word.format(data=data) for word in words), code=1)
    assert sentence in output
    assert len(output.strip().splitlines()) == 1
    assert list((tmp_path / "empty").iterdir()) == []


@pytest.mark.parametrize("size", ["0", "-1", "wide", "nan", "inf"])
def test_a_pixel_size_is_a_number_above_zero(kontur, data, size):
    output = kontur("measure", data, "--out", "t.csv", "--pixel-size", size, code=2)
    assert "--pixel-size" in output
