import numpy as np
import pytest
import tifffile


@pytest.fixture
def labels(tmp_path):
    image = np.zeros((20, 30), np.uint16)
    image[2:9, 3:12], image[10:18, 15:29] = 5, 7
    image[4, 4] = 0  # a hole
    tifffile.imwrite(tmp_path / "a.labels.tif", image)
    return tmp_path / "a.labels.tif"


@pytest.mark.parametrize("ending", [".geojson", ".coco.json", ".csv", ".png"])
def test_a_label_image_survives_the_way_through_any_format(kontur, labels, tmp_path, ending):
    assert kontur("convert", labels, tmp_path / f"b{ending}").startswith("2 objects → ")
    kontur("convert", tmp_path / f"b{ending}", tmp_path / "c.labels.tif")
    assert np.array_equal(tifffile.imread(tmp_path / "c.labels.tif"), tifffile.imread(labels))


def test_nothing_is_overwritten_without_force(kontur, labels, tmp_path):
    (tmp_path / "b.csv").write_text("mine")
    assert "b.csv exists already" in kontur("convert", labels, tmp_path / "b.csv", code=1)
    assert (tmp_path / "b.csv").read_text() == "mine"
    kontur("convert", labels, tmp_path / "b.csv", "--force")


@pytest.mark.parametrize(
    ("source", "target", "sentence"),
    [
        ("none.geojson", "b.csv", "there is no file"),
        ("a.labels.tif", "b.xyz", "the ending says the format"),
        ("a.labels.tif", "b", "the ending says the format"),
    ],
)
def test_what_cannot_be_converted_is_one_sentence(
    kontur, labels, tmp_path, source, target, sentence
):
    told = kontur("convert", tmp_path / source, tmp_path / target, code=1)
    assert sentence in told
    assert len(told.strip().splitlines()) == 1
