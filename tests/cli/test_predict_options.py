"""Options of a prediction: what they are told, and that Python is told the same."""

import json

import numpy as np
import pytest
import shapely
import tifffile
import typer

import kontur as package
from kontur.cli.predict_options import contrast_of
from tests.cli.test_predict import predict


@pytest.mark.parametrize("word", ["200,10", "5,5", "1,2,3", "low,high", "nan", "0,inf", "10,"])
def test_a_contrast_is_a_percentile_auto_or_two_values(kontur, model, images, tmp_path, word):
    output = predict(kontur, model, images, tmp_path / "out", f"--contrast={word}", code=2)
    assert "wanted a percentile such as 99, auto, folder, or LOW,HIGH" in output.replace("│", " ")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("mode", ["L", "I;16", "RGB", "RGBA", "F"])
def test_a_range_is_the_same_on_the_command_line_and_in_python(kontur, model, tmp_path, mode):
    pixels = np.random.default_rng(1).integers(0, 255, (40, 56, 4), np.uint8)
    pixels[..., 3] = 255
    stored = {"L": pixels[..., 0], "I;16": pixels[..., 0] * np.uint16(16), "RGB": pixels[..., :3]}
    stored |= {"RGBA": pixels, "F": (pixels[..., 0] / 255).astype(np.float32)}
    file, top = tmp_path / "a.tif", {"I;16": 3000, "F": 0.75}.get(mode, 190)
    rgb = {"photometric": "rgb", "extrasamples": ["unassalpha"][: mode == "RGBA"]}
    tifffile.imwrite(file, stored[mode], **(rgb if mode.startswith("RGB") else {}))
    given = (-top / 10, top)
    words = ("--contrast", f"{given[0]},{given[1]}", "--precision", "float32")
    predict(kontur, model, file, tmp_path / "out", *words)
    written = package.read(tmp_path / "out" / "a.geojson")
    one = package.load(model, device="cpu", precision="float32")
    found = one.predict(file, contrast=given)
    near = shapely.hausdorff_distance(np.array(written.polygons), np.array(found.polygons))
    assert len(written) == len(found) > 0
    assert (near < 0.001).all()
    (made,) = json.loads((tmp_path / "out" / "predict.json").read_text())["made"]
    assert made["contrast"] == made["images"]["a"]["contrast"] == list(given)


def test_a_range_for_each_channel_is_given_by_as_many_options(kontur, model, images, tmp_path):
    words = ("--contrast", "0,9", "--contrast", "2,5")
    output = predict(kontur, model, images, tmp_path / "out", *words, code=1)
    assert "normalises all channels together" in output
    output = predict(kontur, model, images, tmp_path / "out", *words[:3], "99", code=2)
    assert "any other contrast is given once; got 0,9, then 99" in output.replace("│", " ")


def test_a_range_measured_over_all_images_is_told_as_it_would_be_typed(kontur, model, tmp_path):
    rng = np.random.default_rng(5)
    files = [tmp_path / name for name in ("a.tif", "b.tif")]
    for top, file in enumerate(files, start=1):
        tifffile.imwrite(file, rng.integers(0, 100 * top, (40, 50)).astype(np.uint8))
    words = ("predict", *files, "--model", model, "--out", tmp_path / "out", "--contrast", "folder")
    output = kontur(*words)
    pixels = np.concatenate([tifffile.imread(file) for file in files])
    low, high = np.percentile(pixels, (1, 99.8))
    assert f"one range of intensities for all images (--contrast {low:g},{high:g} gives" in output
    assert "one range" not in kontur(*words)  # all are there


def test_only_ranges_are_given_several_times_as_contrast():
    with pytest.raises(typer.BadParameter, match="once; got folder, then folder"):
        contrast_of(["folder", "folder"])
    assert contrast_of(["1,2", "3,4"]) == ((1.0, 2.0), (3.0, 4.0))
