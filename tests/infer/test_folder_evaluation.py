from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
import tifffile
from PIL import Image

import kontur
from kontur import formats
from kontur.data.folder import Folder, open_folder
from kontur.data.pairing.find_predictions import find_predictions
from kontur.data.truth import Truth, open_truth
from kontur.errors import InputError
from kontur.infer.folder import predict_folder
from kontur.infer.folder_evaluation import evaluate_files, evaluate_model
from kontur.infer.inputs import find_inputs
from kontur.instances import Instances
from tests.infer.painted import Bright, paint

SQUARES = {"a": [(2, 2, 5), (10, 20, 8)], "b": [], "c": [(0, 0, 10), (12, 12, 10)]}
LIGHT = {"a": "fluorescence", "b": "fluorescence", "c": "tissue"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder of three images whose label images are what `Bright` outlines."""
    for name, squares in SQUARES.items():
        paint(tmp_path / "data" / "images" / f"{name}.png", *squares)
        labels = np.asarray(Image.open(tmp_path / "data" / "images" / f"{name}.png")).copy()
        labels[labels > 0] -= 199
        (tmp_path / "data" / "labels").mkdir(exist_ok=True)
        Image.fromarray(labels).save(tmp_path / "data" / "labels" / f"{name}.png")
    rows = "".join(f"{name},{light}\n" for name, light in LIGHT.items())
    (tmp_path / "data" / "metadata.csv").write_text(f"id,modality\n{rows}")
    return tmp_path


@pytest.fixture
def truth(root: Path) -> Folder:
    return open_folder(root / "data")


def made(root: Path, *outputs: str) -> Path:
    inputs = find_inputs([root / "data" / "images"])
    list(predict_folder(Bright(), inputs, root / "out", outputs=outputs))
    return root / "out"


@pytest.mark.parametrize("output", ["geojson", "coco", "labels", "csv"])
def test_perfect_predictions_score_one_in_every_format(root, truth, output):
    evaluation = evaluate_files(made(root, output), Truth.of_folder(truth))
    assert [image.name for image in evaluation.images] == ["a", "b", "c"]
    assert evaluation.summary.mean_ap == 1
    assert evaluation.without_prediction == evaluation.without_truth == ()


def test_a_model_scores_as_its_files_do(root, truth):
    by_files = evaluate_files(made(root, "geojson"), Truth.of_folder(truth)).summary
    by_model = evaluate_model(Bright(), truth).summary
    assert by_model.to_json() == by_files.to_json()


def test_label_images_of_any_tool_are_predictions(root, truth):
    predictions = root / "cellpose"
    predictions.mkdir()
    for name in SQUARES:
        labels = (root / "data" / "labels" / f"{name}.png").read_bytes()
        (predictions / f"{name}_cp_masks.png").write_bytes(labels)
    assert evaluate_files(predictions, Truth.of_folder(truth)).summary.mean_ap == 1


def test_of_several_files_of_an_image_the_outlines_are_read(root, truth):
    out = made(root, "geojson", "labels", "csv", "coco", "overlay")
    assert list(find_predictions(out)) == ["a", "b", "c"]
    for ending in ("labels.tif", "csv", "coco.json"):
        (out / f"a.{ending}").write_bytes(b"broken, and not looked at")
    assert evaluate_files(out, Truth.of_folder(truth)).summary.mean_ap == 1


def test_one_file_may_hold_the_predictions_of_many_images(root, truth):
    from kontur.formats.image_annotation import ImageAnnotation

    samples = truth.samples
    entries = [ImageAnnotation(f"images/{s.name}.png", s.size, s.instances) for s in samples]
    formats.write_images(root / "all.json", entries)
    assert evaluate_files(root / "all.json", Truth.of_folder(truth)).summary.mean_ap == 1


def test_what_has_no_partner_is_named(root, truth):
    out = made(root, "geojson")
    (out / "b.geojson").rename(out / "stranger.geojson")
    evaluation = evaluate_files(out, Truth.of_folder(truth))
    assert [image.name for image in evaluation.images] == ["a", "c"]
    assert evaluation.without_prediction == ("b",)
    assert evaluation.without_truth == ("stranger",)


def test_predictions_of_other_images_are_refused(root, truth):
    paint(root / "other" / "x.png", (1, 1, 4))
    with pytest.raises(
        InputError, match=r"none of the 1 predictions .*\(x\) has the name .*a, b, c"
    ):
        evaluate_files(root / "other", Truth.of_folder(truth))


def test_images_of_the_truth_are_no_predictions_and_its_label_images_are(root):
    noise = np.random.default_rng(0).integers(0, 255, (24, 32, 3), dtype=np.uint8)
    cells = root / "cells"
    for folder in ("images", "masks/a"):
        (cells / folder).mkdir(parents=True)
    Image.fromarray(noise).save(cells / "images/a.png")
    Image.fromarray(np.eye(24, 32, dtype=np.uint8)).save(cells / "masks/a/1.png")
    for place in (cells, cells / "images"):
        with pytest.raises(InputError, match=r"a\.png is an image of the truth and no prediction"):
            evaluate_files(place, open_truth(cells))
    labels = root / "data/labels"
    assert evaluate_files(labels, open_truth(labels)).summary.mean_ap == 1


def test_predictions_of_another_size_name_the_image(root, truth):
    out = made(root, "geojson")
    small = kontur.read(out / "a.geojson").scale(0.5, 0.5)
    kontur.write(out / "a.geojson", small)
    with pytest.raises(InputError, match=r"a: .*24×32 and 12×16"):
        evaluate_files(out, Truth.of_folder(truth))


def test_a_damaged_prediction_is_reported_by_its_file(root, truth):
    out = made(root, "geojson")
    (out / "c.geojson").write_text('{"type": "Feat')
    with pytest.raises(InputError, match=r"c\.geojson is not JSON or is cut short"):
        evaluate_files(out, Truth.of_folder(truth))


@pytest.mark.parametrize("there", ["nothing", "empty", "text"])
def test_no_predictions_are_reported(root, truth, there):
    place = root / "predictions"
    if there != "nothing":
        place.mkdir()
    if there == "text":
        (place / "a.txt").write_text("x")
    with pytest.raises(InputError, match=r"no predictions"):
        evaluate_files(place, Truth.of_folder(truth))


def test_groups_add_up_to_the_whole(root, truth):
    out = made(root, "geojson")
    kontur.write(out / "c.geojson", kontur.Instances.empty((24, 32)))  # both objects missed
    evaluation = evaluate_files(out, Truth.of_folder(truth))
    groups = evaluation.by(truth.column("modality"))
    assert list(groups) == ["fluorescence", "tissue"]
    assert (groups["fluorescence"].mean_ap, groups["tissue"].mean_ap) == (1, 0)
    assert evaluation.summary.mean_ap == 2 / 4


def test_images_are_chosen_by_their_metadata(truth):
    assert truth.where(["modality=fluorescence"]).names == ("a", "b")
    assert truth.where([]).names == truth.names
    with pytest.raises(InputError, match="values of modality are fluorescence, tissue"):
        truth.where(["modality=xray"])
    with pytest.raises(InputError, match="COLUMN=VALUE"):
        truth.where(["fluorescence"])
    with pytest.raises(InputError, match="no column 'stain'"):
        truth.where(["stain=h"])


def test_the_page_of_a_stack_of_masks_picks_the_plane_on_both_sides(tmp_path: Path):
    plane = np.zeros((20, 30), np.uint8)
    plane[2:9, 2:9] = 1
    for name, planes in [("truth", [plane, plane * 2]), ("found", [plane * 0, plane])]:
        tifffile.imwrite(tmp_path / f"{name}.tif", np.stack(planes))
    truth = open_truth(tmp_path / "truth.tif", page=1)
    same = replace(truth, sources={"found": truth.sources["truth"]})
    with pytest.raises(InputError, match=r"found\.tif is a stack of 2 pages"):
        evaluate_files(tmp_path / "found.tif", same)
    assert evaluate_files(tmp_path / "found.tif", same, page=1).summary.mean_ap == 1
    first = open_truth(tmp_path / "truth.tif", page=0)
    first = replace(first, sources={"found": first.sources["truth"]})
    assert evaluate_files(tmp_path / "found.tif", first, page=0).summary.mean_ap == 0


def test_names_of_classes_count_in_all_images_or_in_none(tmp_path: Path):
    boxes = np.array([shapely.box(x, 0, x + 10, 10) for x in (0, 20, 40)])
    images = {  # the classes of the true objects and of the predicted ones
        "both": ("live dead dead", "live dead dead"),
        "unfound": ("dead dead", ""),
        "all called wrongly": ("live live", "dead dead"),
        "nothing": ("", ""),
        "invented": ("", "live"),
    }
    for side in (0, 1):
        for name, words in images.items():
            names = words[side].split()
            classes = tuple(dict.fromkeys(names)) or ("object",)
            labels = [classes.index(each) for each in names]
            found = Instances.of(
                boxes[: len(names)], labels=labels, size=(40, 100), classes=classes
            )
            (tmp_path / str(side)).mkdir(exist_ok=True)
            formats.write(tmp_path / str(side) / f"{name}.csv", found)
    evaluation = evaluate_files(tmp_path / "1", open_truth(tmp_path / "0"))
    summary = evaluation.summary
    assert summary.ap(0.5) == 3 / 10  # found 3; missed and invented 2 + 2 + 2 + 1
    by_class = {name: round(rates.ap[0], 3) for name, rates in summary.classes.items()}
    assert by_class == {"live": 0.25, "dead": 0.333}
    assert evaluation.ignored_classes is None


def test_names_that_nothing_shares_are_said_to_be_ignored(tmp_path: Path):
    square = np.array([shapely.box(0, 0, 10, 10)])
    for side, classes in (("0", ("nucleus",)), ("1", ("cell",))):
        (tmp_path / side).mkdir()
        formats.write(tmp_path / side / "a.csv", Instances.of(square, classes=classes))
    evaluation = evaluate_files(tmp_path / "1", open_truth(tmp_path / "0"))
    assert evaluation.summary.ap(0.5) == 1
    assert evaluation.ignored_classes == ("nucleus", "cell")


def test_several_classes_without_a_name_in_common_are_refused_for_all_images(tmp_path: Path):
    squares = np.array([shapely.box(x, 0, x + 10, 10) for x in (0, 20)])
    for side, classes in (("0", ("live", "dead")), ("1", ("a", "b"))):
        (tmp_path / side).mkdir()
        for name, label in (("one", 0), ("other", 1)):
            found = Instances.of(squares[:1], classes=classes[label:][:1])
            formats.write(tmp_path / side / f"{name}.csv", found)
    with pytest.raises(InputError, match="no name in common"):
        evaluate_files(tmp_path / "1", open_truth(tmp_path / "0"))
