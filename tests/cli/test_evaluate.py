import json
import shutil

import numpy as np
import pytest
import tifffile
from PIL import Image

import kontur as package
from kontur.data.checks.image_statistics import fingerprint
from kontur.data.folder import open_folder
from kontur.infer.learned_images import write_learned, write_names


@pytest.fixture
def data(images, tmp_path):
    """The three images with label images of one square each, and a table that tells them apart."""
    folder = tmp_path
    (folder / "labels").mkdir()
    for name in "abc":
        labels = np.zeros((40, 56), np.uint16)
        labels[5:20, 10:30] = 1
        Image.fromarray(labels).save(folder / "labels" / f"{name}.png")
    (folder / "metadata.csv").write_text("id,modality\na,light\nb,light\nc,dark\n")
    return folder


@pytest.fixture
def predictions(data, tmp_path):
    """Right for a and b, nothing for c."""
    folder = tmp_path / "predictions"
    folder.mkdir()
    for name in "abc":
        found = package.read(data / "labels" / f"{name}.png")
        package.write(folder / f"{name}.geojson", found[:0] if name == "c" else found)
    return folder


def test_predictions_are_judged_in_a_table(kontur, predictions, data):
    output = kontur("evaluate", predictions, data)
    assert "3 images, 3 true objects, 2 predicted" in output
    assert "AP" in output
    assert "0.667" in output


def test_groups_and_conditions_come_from_the_metadata(kontur, predictions, data):
    output = kontur("evaluate", predictions, data, "--by", "modality")
    rows = [line.split() for line in output.splitlines()]
    assert ["dark", "1", "1", *["0.000"] * 8] in rows
    assert ["light", "2", "2", *["1.000"] * 8] in rows
    output = kontur("evaluate", predictions, data, "--where", "modality=light")
    assert "2 images, 2 true objects, 2 predicted" in output
    assert "not evaluated" not in output  # c has an annotated image, which was not asked for


def test_scores_go_into_a_file_with_their_curve(kontur, predictions, data, tmp_path):
    out = tmp_path / "scores.json"
    kontur("evaluate", predictions, data, "--by", "modality", "--out", out)
    written = json.loads(out.read_text())
    assert written["pooled"]["ap"][0] == pytest.approx(2 / 3)
    assert written["groups"]["light"]["pooled"]["ap"][0] == 1
    assert ' "tp": [ ' in out.read_text()  # a list of numbers is one line
    assert [image["name"] for image in written["per_image"]] == ["a", "b", "c"]
    with Image.open(tmp_path / "scores.png") as curve:
        assert curve.size == (800, 480)
    output = kontur("evaluate", predictions, data, "--out", out, code=1)
    assert "scores.json exists already" in output
    kontur("evaluate", predictions, data, "--out", out, "--force")


def test_a_folder_for_the_scores_is_fine(kontur, predictions, data, tmp_path):
    kontur("evaluate", predictions, data, "--out", tmp_path / "results")
    assert {path.name for path in (tmp_path / "results").iterdir()} == {"scores.json", "scores.png"}


def test_a_place_that_cannot_be_written_is_known_before_any_work(
    kontur, predictions, data, tmp_path
):
    (tmp_path / "file").touch()
    output = kontur("evaluate", predictions, data, "--out", tmp_path / "file" / "s.json", code=1)
    assert "s.json: could not write" in output
    assert "AP" not in output


def test_images_without_partner_are_named(kontur, predictions, data):
    (predictions / "b.geojson").rename(predictions / "z.geojson")
    output = kontur("evaluate", predictions, data)
    assert "not evaluated, having no prediction: 1 image (b)" in output
    assert "not evaluated, having no annotated image: 1 prediction (z)" in output


def test_the_boundary_iou_of_outlines_without_the_image_is_said_to_be_missing(
    kontur, data, tmp_path
):
    for side in ("truth", "found"):
        for name in "ab":
            objects = package.read(data / "labels" / f"{name}.png")
            (tmp_path / side).mkdir(exist_ok=True)
            package.write(tmp_path / side / f"{name}.geojson", objects.replace(size=None))
    output = kontur("evaluate", tmp_path / "found", tmp_path / "truth")
    assert "no boundary IoU: no file states the size of 2 images (a, b)" in output
    assert "boundary IoU –" in output
    output = kontur("evaluate", tmp_path / "found", data / "labels")
    assert "no boundary IoU" not in output
    assert "boundary IoU 1.000" in output


def test_a_model_is_judged_as_its_files_are(kontur, model, data, tmp_path):
    kontur("predict", data / "images", "--model", model, "--out", tmp_path / "out")
    by_files = kontur("evaluate", tmp_path / "out", data)
    by_model = kontur("evaluate", "--model", model, data)
    assert by_model == by_files
    assert "3 true objects" in by_model


def test_images_that_a_model_learned_from_are_said_to_score_too_well(kontur, model, data, tmp_path):
    run, other = tmp_path / "run", tmp_path / "other"
    run.mkdir()
    shutil.copy(model, run / "model.kontur")
    assert "learned from" not in kontur("evaluate", "--model", run, data)
    samples = {each.name: each.image for each in open_folder(data).samples}
    write_learned(run, [fingerprint(samples[name]) for name in "ab"])
    write_names(run, "c")
    line = (
        "! 2 of these 3 images were learned from: the scores are too good; the 1 held out is in "
        f"{run / 'validation.txt'}\n"
    )
    out = tmp_path / "scores.json"
    assert line in kontur("evaluate", "--model", run, data, "--out", out)
    assert json.loads(out.read_text())["learned_from"] == ["a", "b"]
    assert line in kontur("evaluate", "--model", run / "model.kontur", data)
    for name, image in samples.items():  # other images of the same names
        for part, pixels in (("images", 255 - image), ("labels", np.ones((40, 56), np.uint8))):
            (other / part).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels.squeeze()).save(other / part / f"{name}.png")
    assert "learned from" not in kontur("evaluate", "--model", run, other)


@pytest.mark.parametrize("words", [["a"], ["a", "b", "c"], ["--model", "m", "a", "b"]])
def test_too_few_or_too_many_places_are_wrong_usage(kontur, words):
    assert "PREDICTIONS" in kontur("evaluate", *words, code=2)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--by", "stain"], "no column 'stain'"),
        (["--where", "modality=xray"], "the values of modality are dark, light"),
        (["--split", "val"], "no split 'val'"),
        (["--out", "scores.txt"], "--out is FILE.json"),
    ],
)
def test_what_does_not_fit_is_one_sentence(kontur, predictions, data, more, sentence):
    output = kontur("evaluate", predictions, data, *more, code=1)
    assert sentence in output
    assert len(output.strip().splitlines()) == 1


def test_a_column_of_a_table_that_is_not_there_is_reported_so(kontur, predictions, data):
    (data / "metadata.csv").unlink()
    output = kontur("evaluate", predictions, data, "--by", "class", code=1)
    assert "there is no metadata.csv in" in output
    assert "id,class" in output


def test_a_column_that_is_not_there_is_reported_before_anything_is_judged(
    kontur, predictions, data
):
    (predictions / "a.geojson").write_text("cut")
    assert "no column 'stain'" in kontur("evaluate", predictions, data, "--by", "stain", code=1)


def masks(folder, *, value=255, suffix=""):
    """Two images with three binary squares each."""
    folder.mkdir()
    for name in "ab":
        mask = np.zeros((40, 56), np.uint8)
        mask[2:10, 2:10] = mask[2:10, 20:30] = mask[20:30, 5:15] = value
        Image.fromarray(mask).save(folder / f"{name}{suffix}.png")
    return folder


def test_two_folders_of_label_images_are_matched_by_name(kontur, data, tmp_path):
    output = kontur("evaluate", data / "labels", data / "labels")
    assert "3 images, 3 true objects, 3 predicted" in output
    (tmp_path / "other").mkdir()
    for name in "ab":
        (data / "labels" / f"{name}.png").rename(tmp_path / "other" / f"{name}_cp_masks.png")
    output = kontur("evaluate", tmp_path / "other", data / "labels", code=1)
    assert "none of the 2 predictions" in output  # only c is left there


BOTH_TASKS = ["--task", "components", "--predictions-task", "instances"]


def test_two_folders_of_binary_masks_are_reported_and_read_by_their_task(kontur, tmp_path):
    truth, found = masks(tmp_path / "truth"), masks(tmp_path / "found", value=1, suffix="_mask")
    output = kontur("evaluate", found, truth)
    assert "2 true objects, 2 predicted" in output
    assert output.count("read as ONE object") == 2
    assert output.count("--task components makes 6 objects") == 2
    output = kontur("evaluate", found, truth, "--task", "components")
    assert "6 true objects, 6 predicted" in output
    assert "predictions are masks too and are read with --task components" in output
    output = kontur(
        "evaluate", found, truth, *["--task", "components", "--predictions-task", "instances"]
    )
    assert "6 true objects, 2 predicted" in output


def test_label_images_are_judged_by_the_regions_of_masks(kontur, tmp_path):
    truth, found = masks(tmp_path / "truth"), tmp_path / "found"
    found.mkdir()
    for name in "ab":
        regions = np.array(Image.open(truth / f"{name}.png"), dtype=np.uint16)
        regions[20:30, 5:15], regions[2:10, 20:30] = 2, 3
        Image.fromarray(regions).save(found / f"{name}.png")
    output = kontur("evaluate", found, truth, "--task", "components")
    assert "6 true objects, 6 predicted" in output
    assert "predictions are masks too" not in output


def test_coco_results_are_judged_by_the_file_of_their_numbers(kontur, tmp_path):
    square = [[1, 1, 9, 1, 9, 9, 1, 9]]
    row = {"image_id": 4, "category_id": 1, "segmentation": square, "bbox": [1, 1, 8, 8]}
    dataset = {
        "images": [{"id": 4, "file_name": "a.png", "height": 40, "width": 56}],
        "categories": [{"id": 1, "name": "cell"}],
        "annotations": [{"id": 1, "area": 64, "iscrowd": 0, **row}],
    }
    (tmp_path / "truth.json").write_text(json.dumps(dataset))
    (tmp_path / "results.json").write_text(json.dumps([{**row, "score": 0.9}]))
    output = kontur("evaluate", tmp_path / "results.json", tmp_path / "truth.json")
    assert "1 image, 1 true object, 1 predicted" in output


def test_what_is_wrong_with_one_image_is_said_with_its_name(kontur, predictions, data):
    package.write(predictions / "b.geojson", package.Instances.empty((10, 10)))
    assert "b: truth and predicted objects" in kontur("evaluate", predictions, data, code=1)


def test_predictions_that_are_read_otherwise_than_the_truth_are_pointed_out(kontur, tmp_path):
    mask = np.zeros((40, 60), np.uint8)
    mask[5:15, 5:15] = mask[20:30, 5:15] = 1
    mask[5:15, 40:50] = 2
    Image.fromarray(mask).save(tmp_path / "a.png")
    (tmp_path / "found").mkdir()
    Image.fromarray(mask * 3).save(tmp_path / "found" / "a.png")
    words = (tmp_path / "a.png", "--task", "semantic")
    output = kontur("evaluate", tmp_path / "found" / "a.png", *words)
    assert "--predictions-task semantic reads them as the masks of TRUTH" in output
    assert "3 true objects, 2 predicted" in output
    output = kontur("evaluate", tmp_path / "a.png", *words)
    assert "predictions are masks too and are read with --task semantic" in output
    assert "3 true objects, 3 predicted" in output
    output = kontur("evaluate", tmp_path / "a.png", *words, "--predictions-task", "semantic")
    assert "3 true objects, 3 predicted" in output
    assert "!" not in output


def test_one_page_of_a_film_is_evaluated_or_all_of_them(kontur, tmp_path):
    frames = np.zeros((3, 40, 56), np.uint8)
    frames[1, 5:20, 10:30] = 1
    tifffile.imwrite(tmp_path / "film.tif", frames, imagej=True, metadata={"axes": "TYX"})
    found = package.read(tmp_path / "film.tif", page=1)
    package.write(tmp_path / "film.geojson", found)
    how = ("evaluate", tmp_path / "film.geojson", tmp_path / "film.tif", "--page")
    assert "1 true object, 1 predicted" in kontur(*how, "1")
    assert "0 true objects, 0 predicted" in kontur(*how, "0")
    output = kontur(*how, "all", "--out", tmp_path / "scores.json")
    assert "3 planes of 1 image (2 with no object on either side), 1 true object" in output
    assert "!" not in output
    rows = json.loads((tmp_path / "scores.json").read_text())["per_image"]
    assert [(row["name"], row["page"]) for row in rows] == [("film", page) for page in range(3)]
    sentence = "wanted a whole number from 0, or all, got 'one'"
    assert sentence in " ".join(kontur(*how, "one", code=2).split())


def test_planes_that_do_not_count_or_count_as_empty_are_said(kontur, tmp_path):
    frames = np.zeros((3, 40, 56), np.uint8)
    frames[1:, 5:20, 10:30] = 1
    tifffile.imwrite(tmp_path / "film.tif", frames[:2], imagej=True, metadata={"axes": "TYX"})
    (tmp_path / "out").mkdir()
    found = tmp_path / "out" / "film.tif"
    tifffile.imwrite(found, frames[::-1], imagej=True, metadata={"axes": "TYX"})
    output = kontur("evaluate", tmp_path / "out", tmp_path / "film.tif", "--page", "all")
    assert "not evaluated, having no annotation: 1 plane (film page 2)" in output
    assert "TRUTH has no object on 1 plane (film page 0): what is predicted there counts" in output
    assert "2 planes of 1 image, 1 true object, 2 predicted" in output
