import json

import numpy as np
import pandas as pd
import pytest
import shapely
import tifffile
from PIL import Image

import kontur as package
from kontur import formats
from kontur.instances import Instances
from tests.images import cut_images
from tests.models.contract import assert_same


def predict(kontur, model, images, out, *more, code=0):
    return kontur("predict", images, "--model", model, "--out", out, *more, code=code)


def test_a_folder_gives_outlines_in_every_format_that_is_written(kontur, model, images, tmp_path):
    out = tmp_path / "out"
    output = predict(
        *(kontur, model, images, out),
        *("--format", ",".join(formats.WRITABLE), "--overlay"),
    )
    endings = [one.ending for one in formats.WRITABLE.values()]
    assert {path.name for path in out.iterdir()} == {
        *(name + ending for name in "abc" for ending in (*endings, ".overlay.png")),
        *("predict.json", "data.yaml"),  # of YOLO, whose classes lie beside
    }
    found = [package.read(out / f"{name}.geojson") for name in "abc"]
    assert all(len(each) > 0 and each.size == (40, 56) for each in found)
    assert found[0].classes == ("nucleus",)
    for one in formats.WRITABLE.values():
        again = formats.read(out / f"a{one.ending}", size=(40, 56))
        inside = [each.label_image() > 0 for each in (found[0], again.replace(size=(40, 56)))]
        assert (inside[0] == inside[1]).mean() > 0.99, one.name
        assert one.raster or len(again) == len(found[0]), one.name
    assert "[3/3] c.png: " in output
    assert f"{sum(map(len, found))} objects in 3 images → {out}" in output


def test_the_command_and_python_agree(kontur, model, images, tmp_path):
    predict(kontur, model, images / "a.png", tmp_path / "out")
    written = package.read(tmp_path / "out" / "a.geojson")
    found = package.load(model, device="cpu").predict(images / "a.png")
    near = shapely.hausdorff_distance(np.array(written.polygons), np.array(found.polygons))
    assert len(written) == len(found) > 0
    assert (near < 0.001).all()
    assert np.allclose(written.scores, found.scores, atol=1e-6)


def test_options_reach_the_model(kontur, model, images, tmp_path):
    more = ("--score", 0.06, "--overlap", 0.1, "--min-size", 3, "--diameter", 24, "--threads", 1)
    predict(kontur, model, images / "a.png", tmp_path / "out", *more, "--quiet")
    (made,) = json.loads((tmp_path / "out" / "predict.json").read_text())["made"]
    assert made["score"] == 0.06
    assert made["overlap"] == 0.1
    assert made["diameter"] == 24
    assert made["images"]["a"]["scale"] == pytest.approx(16 / 24, abs=1e-4)
    assert len(made["digest"]) == 16
    assert (package.read(tmp_path / "out" / "a.geojson").areas >= 3).all()


def test_quiet_says_what_came_out_and_nothing_else(kontur, model, images, tmp_path):
    output = predict(kontur, model, images, tmp_path / "out", "--quiet")
    assert len(output.splitlines()) == 1
    assert "3 images" in output


def test_what_is_there_is_skipped_and_force_makes_it_anew(kontur, model, images, tmp_path):
    out = tmp_path / "out"
    predict(kontur, model, images, out)
    before = (out / "a.geojson").stat().st_mtime_ns
    output = predict(kontur, model, images, out)
    assert "3 images already there, skipped (--force makes them anew)" in output
    assert "[3/3]" not in output
    assert (out / "a.geojson").stat().st_mtime_ns == before
    output = predict(kontur, model, images, out, "--score", 0.5, code=1)
    assert "made with other settings (score 0.05, now 0.5)" in output
    output = predict(kontur, model, images, out, "--score", 0.5, "--force")
    assert "0 objects in 3 images" in output


def test_bad_files_are_reported_at_the_end_and_the_good_ones_are_made(
    kontur, model, images, tmp_path
):
    (images / "text.png").write_text("no image at all")
    (images / "empty.tif").touch()
    whole = (images / "a.png").read_bytes()
    (images / "cut.png").write_bytes(whole[: len(whole) // 2])
    tifffile.imwrite(images / "cut.tif", np.ones((64, 64), np.uint16), compression="zlib")
    (images / "cut.tif").write_bytes((images / "cut.tif").read_bytes()[:-9])
    (images / "cut.tif").rename(images / "short.tif")
    floats = np.ones((32, 32), np.float32)
    floats[3, 3] = np.nan
    tifffile.imwrite(images / "nan.tif", floats)
    floats[3, 3] = np.inf
    tifffile.imwrite(images / "infinite.tif", floats)
    tifffile.imwrite(
        images / "stack.tif", np.zeros((5, 32, 32), np.uint8), metadata={"axes": "ZYX"}
    )
    output = predict(kontur, model, images, tmp_path / "out", code=1)
    assert "7 of 10 images failed:" in output
    assert "] text.png: failed\n" in output
    for alike in (
        ("text.png",),
        ("empty.tif",),
        ("cut.png", "short.tif"),
        ("nan.tif", "infinite.tif"),
    ):
        told = [name for name in alike if f"  {images / name}" in output]  # the first one
        rest = [name for name in alike if f"    and the same of {name}\n" in output]
        assert len(told) == 1
        assert sorted(told + rest) == sorted(alike)
    (line,) = (each for each in output.splitlines() if f"  {images / 'stack.tif'}" in each)
    assert "choose it with --page N (in Python page=N), 0 to 4, or take every one with --" in line
    assert {path.stem for path in (tmp_path / "out").glob("*.geojson")} == {"a", "b", "c"}


def test_one_bad_file_is_reported_once_in_one_sentence(kontur, model, tmp_path):
    (tmp_path / "text.png").write_text("no image at all")
    output = predict(kontur, model, tmp_path / "text.png", tmp_path / "out", code=1)
    assert output.startswith(f"Error: {tmp_path / 'text.png'} is not an image that Kontur reads")
    assert len(output.splitlines()) == 1


@pytest.mark.parametrize("name", cut_images.HOW)
def test_an_image_that_ends_amid_its_pixels_is_one_sentence_in_every_command(
    kontur, model, tmp_path, name
):
    path = cut_images.save(tmp_path, name)
    output = predict(kontur, model, path, tmp_path / "out", code=1)
    assert output == f"Error: {cut_images.sentence(path)}\n"
    package.write(tmp_path / "a.geojson", Instances.of([shapely.box(2, 2, 9, 9)], size=(48, 56)))
    words = ("measure", tmp_path / "a.geojson", path, "--out", tmp_path / "t.csv", "--quiet")
    assert kontur(*words, code=1) == f"Error: {cut_images.sentence(path)}\n"
    assert not (tmp_path / "t.csv").exists()


def test_where_nothing_came_out_that_is_said(kontur, model, tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_text("no image at all")
    output = predict(kontur, model, tmp_path, tmp_path / "out", code=1)
    assert f"nothing was written to {tmp_path / 'out'}\n2 of 2 images failed:" in output
    reason = "is not an image that Kontur reads: it is text and begins with 'no image at all'"
    assert output.count(reason) == 1
    assert f"  {tmp_path / 'a.png'} {reason}\n    and the same of b.png\n" in output


@pytest.mark.parametrize(
    ("size", "dtype"),
    [((1, 1), np.uint8), ((1, 1), np.float32), ((2, 9), np.uint16), ((33, 47), np.int16)],
)
def test_images_of_any_size_and_depth_and_constant_ones_are_fine(
    kontur, model, tmp_path, size, dtype
):
    tifffile.imwrite(tmp_path / "flat.tif", np.full(size, 7, dtype))
    predict(kontur, model, tmp_path / "flat.tif", tmp_path / "out", "--format", "geojson,labels")
    assert package.read(tmp_path / "out" / "flat.geojson").size == size
    assert tifffile.imread(tmp_path / "out" / "flat.labels.tif").shape == size


@pytest.mark.parametrize("size", [(3, 1500), (1500, 3)])
def test_a_sliver_of_an_image_is_fine(kontur, model, tmp_path, size):
    tifffile.imwrite(tmp_path / "flat.tif", np.zeros(size, np.uint8))
    predict(
        *(kontur, model, tmp_path / "flat.tif", tmp_path / "out"),
        *("--format", "geojson,labels", "--score", 0.101),
    )
    assert package.read(tmp_path / "out" / "flat.geojson").size == size
    assert tifffile.imread(tmp_path / "out" / "flat.labels.tif").shape == size


def test_an_image_of_many_channels_needs_a_choice(kontur, model, tmp_path):
    tifffile.imwrite(
        tmp_path / "five.tif", np.zeros((5, 32, 32), np.uint8), metadata={"axes": "CYX"}
    )
    output = predict(kontur, model, tmp_path / "five.tif", tmp_path / "out", code=1)
    assert f"{tmp_path / 'five.tif'}" in output
    assert "channel" in output
    predict(kontur, model, tmp_path / "five.tif", tmp_path / "out", "--channel", 2)


def test_a_channel_by_name_is_found_in_each_image_by_itself(kontur, model, tmp_path):
    folder, rng = tmp_path / "images", np.random.default_rng(0)
    folder.mkdir()
    nuclei, other = rng.integers(0, 255, (2, 40, 56), dtype=np.uint8)
    both = {"DAPI": nuclei, "GFP": other}
    for name, stains in {"a": both, "b": dict(reversed(both.items()))}.items():
        tifffile.imwrite(
            folder / f"{name}.ome.tif",
            np.stack(list(stains.values())),
            photometric="minisblack",
            metadata={"axes": "CYX", "Channel": {"Name": list(stains)}},
        )
    tifffile.imwrite(tmp_path / "alone.tif", nuclei)
    predict(kontur, model, folder, tmp_path / "out", "--channel", "dapi")
    predict(kontur, model, tmp_path / "alone.tif", tmp_path / "of-one")
    alone = package.read(tmp_path / "of-one" / "alone.geojson")
    assert len(alone) > 0
    for name in "ab":
        assert_same(package.read(tmp_path / "out" / f"{name}.geojson"), alone)
    output = predict(kontur, model, folder, tmp_path / "none", "--channel", "Cy5", code=1)
    assert output.count("has no channel 'Cy5'; it has 0:") == 2
    table = tmp_path / "table.csv"
    kontur("measure", tmp_path / "out", folder, "--channel", "GFP", "--out", table)
    rows = pd.read_csv(table)
    means = [rows[rows["image"].str.startswith(name)]["intensity_mean"].to_numpy() for name in "ab"]
    assert len(means[0]) == len(alone)
    np.testing.assert_array_equal(*means)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        ("missing", "there is no model file"),
        ("name", "there is no run or model file nucleii, and no shipped model 'nucleii'"),
        ("folder", "is a folder without model.kontur"),
        ("unfinished", "is not finished; kontur train --out"),
        ("text", "is not a whole Kontur model"),
        ("cut", "is not a whole Kontur model"),
        ("kind", "there is no kind of model 'unknown'"),
    ],
)
def test_a_model_that_cannot_be_used_is_reported_and_nothing_is_written(
    kontur, model, images, tmp_path, make, sentence
):
    other = tmp_path / "other.kontur"
    if make == "name":
        other = "nucleii"
    elif make in ("folder", "unfinished"):
        other.mkdir()
        if make == "unfinished":
            (other / "last.ckpt").touch()
    elif make == "text":
        other.write_text("weights")
    elif make == "cut":
        other.write_bytes(model.read_bytes()[: model.stat().st_size // 2])
    elif make == "kind":
        other.write_bytes(model.read_bytes().replace(b'"kind": "snake"', b'"kind":"unknown"'))
        # the zip's own check sum tells the change first where the card is read
        sentence = "is not a whole Kontur model|there is no kind of model 'unknown'"
    output = predict(kontur, other, images, tmp_path / "out", code=1)
    assert any(part in output for part in sentence.split("|"))
    assert len(output.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_an_output_that_is_no_folder_is_reported_in_one_sentence(kontur, model, images, tmp_path):
    (tmp_path / "out").write_text("a file")
    output = predict(kontur, model, images, tmp_path / "out", code=1)
    assert output.startswith(f"Error: --out wants a folder, and {tmp_path / 'out'} is a file")
    assert len(output.strip().splitlines()) == 1


def test_a_full_disk_is_reported_in_one_sentence_with_its_path(
    kontur, model, images, tmp_path, monkeypatch
):
    from kontur.files import atomic

    def full(path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic, "flush", full)
    output = predict(kontur, model, images, tmp_path / "out", code=1)
    record = tmp_path / "out" / "predict.json"
    assert output == (
        f"Error: {record}: could not write: No space left on device; make room there, or give "
        "another place with --out\n"
    )
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("word", ["big", "0", "-3", "nan", "inf"])
def test_a_diameter_is_a_number_or_auto(kontur, model, images, tmp_path, word):
    output = predict(kontur, model, images, tmp_path / "out", f"--diameter={word}", code=2)
    assert f"wanted a number above 0, or auto, got '{word}'" in " ".join(output.split())


def test_auto_looks_at_the_image_at_several_scales(kontur, model, images, tmp_path):
    predict(kontur, model, images / "a.png", tmp_path / "out", "--diameter", "auto")
    assert (tmp_path / "out" / "a.geojson").exists()


def test_missing_and_empty_places_are_reported(kontur, model, tmp_path):
    output = predict(kontur, model, tmp_path / "gone.png", tmp_path / "out", code=1)
    assert "there is no image or folder" in output
    (tmp_path / "empty").mkdir()
    output = predict(kontur, model, tmp_path / "empty", tmp_path / "out", code=1)
    assert "holds no image" in output
    assert not (tmp_path / "out").exists()


def test_a_missing_file_among_others_does_not_stop_them(kontur, model, images, tmp_path):
    output = kontur(
        *("predict", images / "a.png", images / "gone.png"),
        *("--model", model, "--out", tmp_path / "out"),
        code=1,
    )
    assert f"there is no image {images / 'gone.png'}" in output
    assert (tmp_path / "out" / "a.geojson").exists()


def test_an_image_of_sixteen_bits_looks_the_same_as_one_of_eight(kontur, model, images, tmp_path):
    pixels = np.asarray(Image.open(images / "a.png")).astype(np.uint16) * 257
    tifffile.imwrite(tmp_path / "deep.tif", pixels)
    predict(kontur, model, images / "a.png", tmp_path / "out")
    predict(kontur, model, tmp_path / "deep.tif", tmp_path / "out")
    shallow, deep = (package.read(tmp_path / "out" / f"{n}.geojson") for n in ("a", "deep"))
    assert np.allclose(shallow.areas, deep.areas, atol=0.01)


def test_a_folder_of_other_makers_files_is_counted_with_what_to_do(kontur, model, images, tmp_path):
    (images / "d.czi").write_bytes(b"ZISRAWFILE")
    output = predict(kontur, model, images, tmp_path / "out")
    assert "1 .czi file not read: a Zeiss CZI image; export it as OME-TIFF" in output


def test_a_hint_is_given_once_with_the_images_that_it_is_for(kontur, model, tmp_path):
    for name in ("a.tif", "b.tif"):
        tifffile.imwrite(tmp_path / name, np.zeros((32, 32), np.uint8))
    output = predict(kontur, model, tmp_path, tmp_path / "out", "--score", 0.9)
    assert "hint, a.tif, b.tif: it is constant" in output
    assert output.count("constant") == 1


def test_the_page_of_a_stack_that_was_taken_is_said(kontur, model, tmp_path):
    stack = np.zeros((5, 32, 32), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", stack, metadata={"axes": "ZYX"})
    output = predict(kontur, model, tmp_path / "a.tif", tmp_path / "out", "--page", 3)
    assert "s, page 3" in output


@pytest.mark.parametrize(("axes", "shape"), [("ZYX", (4,)), ("TZYX", (2, 2))])
def test_outlines_of_a_page_are_judged_against_that_page(kontur, model, tmp_path, axes, shape):
    stack = np.random.default_rng(0).integers(0, 255, (*shape, 40, 56), np.uint8)
    image, out = tmp_path / "a.tif", tmp_path / "out"
    tifffile.imwrite(image, stack, metadata={"axes": axes}, ome=True)
    predict(kontur, model, image, out, "--page", 3, "--format", "geojson,labels")
    found = package.load(model, device="cpu").predict(image, page=3, diameter=15)
    (tmp_path / "python").mkdir()
    (tmp_path / "truth").mkdir()
    package.write(tmp_path / "python" / "a.geojson", found)
    masks = np.zeros((*shape, 40, 56), np.uint16)
    masks.reshape(4, 40, 56)[3] = tifffile.imread(out / "a.labels.tif")
    tifffile.imwrite(tmp_path / "truth" / "a.tif", masks, metadata={"axes": axes}, ome=True)
    for outlines in (out / "a.geojson", tmp_path / "python" / "a.geojson"):
        scores = tmp_path / "scores.json"
        kontur(
            *("evaluate", outlines, tmp_path / "truth" / "a.tif", "--page", 3),
            *("--out", scores, "--force"),
        )
        judged = json.loads(scores.read_text())
        assert judged["true_objects"] == len(np.unique(masks)) - 1
        assert judged["found_objects"] == len(package.read(outlines)) > 0
        assert len(package.read(outlines, page=2)) == 0
    assert package.read(out / "a.geojson").plane == found.plane


def test_a_changed_image_is_outlined_again_and_that_is_said(kontur, model, images, tmp_path):
    predict(kontur, model, images, tmp_path / "out")
    (images / "a.png").write_bytes((images / "b.png").read_bytes())
    output = predict(kontur, model, images, tmp_path / "out")
    assert "outlined again, the file has changed" in output
    assert "2 images already there" in output


def test_auto_goes_on_in_the_numbers_that_it_began_with(kontur, images, tmp_path):
    first = sorted(images.iterdir())[0]
    predict(kontur, "nuclei", first, tmp_path / "out", "--precision", "float32")
    for words, precision in (([], "float32"), (["--force"], "int8"), ([], "int8")):
        predict(kontur, "nuclei", images, tmp_path / "out", *words)
        (run,) = json.loads((tmp_path / "out" / "predict.json").read_text())["made"]
        assert run["precision"] == precision
