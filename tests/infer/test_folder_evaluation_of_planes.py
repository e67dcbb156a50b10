"""All planes of stacks evaluated: the numbers of a folder in which each plane is a file."""

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
import tifffile

from kontur import formats
from kontur.data.folder import open_folder
from kontur.data.truth import Truth, open_truth
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.infer.folder import predict_folder
from kontur.infer.folder_evaluation import evaluate_files, evaluate_model
from kontur.infer.inputs import find_inputs
from kontur.infer.options import PredictOptions
from kontur.instances import Instances
from kontur.instances.plane import Plane
from tests.images import stores, volumes
from tests.infer.painted import Bright

SIZE = (24, 32)
TRUE = [[(2, 2, 6), (12, 20, 8)], [], [(3, 3, 8)], [(1, 1, 5), (10, 4, 6)]]  # of each plane
FOUND = [[(2, 2, 6), (12, 20, 6)], [(5, 5, 4)], [(3, 4, 8)], []]


def labels(squares) -> np.ndarray:
    plane = np.zeros(SIZE, np.uint16)
    for number, (row, column, side) in enumerate(squares):
        plane[row : row + side, column : column + side] = number + 1
    return plane


def outlined(squares, page: int | None = None) -> Instances:
    boxes = [shapely.box(column, row, column + side, row + side) for row, column, side in squares]
    found = Instances.of(np.array([*boxes, None], object)[:-1], size=SIZE)
    return found.replace(plane=None if page is None else Plane(z=page))


def write_outlines(path: Path, planes) -> Path:
    path.parent.mkdir(exist_ok=True)
    entries, first = [], 1
    for page, squares in enumerate(planes):
        found = outlined(squares, page)
        found = found.replace(ids=first + np.arange(len(found)))  # unique over all planes
        entries.append(ImageAnnotation("film.tif", SIZE, found))
        first += len(found)
    formats.write_images(path, entries)
    return path


def write_labels(path: Path, planes) -> Path:
    path.parent.mkdir(exist_ok=True)
    stack = np.stack([labels(squares) for squares in planes])
    if path.name.endswith(".nii.gz"):
        return volumes.write(path, stack.transpose(2, 1, 0))
    tifffile.imwrite(path, stack, metadata={"axes": "ZYX"}, photometric="minisblack")
    return path


def written(path: Path, planes) -> Path:
    is_labels = path.name.endswith((".tif", ".nii.gz"))
    return (write_labels if is_labels else write_outlines)(path, planes)


def apart(root: Path, true=TRUE, found=FOUND) -> dict:
    """The scores where each plane is a file of its own, by the code for folders of images."""
    for side, planes in (("apart_true", true), ("apart_found", found)):
        (root / side).mkdir()
        for page, squares in enumerate(planes):
            tifffile.imwrite(root / side / f"p{page}.tif", labels(squares))
    return evaluate_files(root / "apart_found", open_truth(root / "apart_true")).summary.to_dict()


def numbers(scores: dict) -> dict:
    """All of the scores but how the planes are called, and COCO's of labels that have no scores."""
    rows = [
        {k: v for k, v in row.items() if k not in ("name", "page")} for row in scores["per_image"]
    ]
    return {**scores, "per_image": rows, "coco_ap": None}


def pooled(predictions: Path, truth: Path):
    return evaluate_files(predictions, open_truth(truth, page="all"), page="all")


@pytest.fixture(scope="module")
def of_files(tmp_path_factory) -> dict:
    """The numbers of `TRUE` and `FOUND` as files of one plane each."""
    return numbers(apart(tmp_path_factory.mktemp("apart")))


LABELS = ("film.tif", "film.nii.gz")
OUTLINES = ("film.geojson", "film.geojsonl", "film.csv", "film.parquet", "film.rois.zip")
STORE = "film.labels.ome.zarr"


@pytest.mark.parametrize(
    ("true", "found"),
    [
        *((name, "film.geojson") for name in (*LABELS, *OUTLINES, STORE)),
        *(("film.tif", name) for name in (*LABELS, *OUTLINES, STORE)),
    ],
)
def test_planes_count_as_files_of_their_own_in_every_format_that_keeps_them(
    tmp_path, of_files, true, found
):
    truth = written(tmp_path / "true" / true, TRUE)
    evaluation = pooled(written(tmp_path / "found" / found, FOUND), truth)
    assert [(one.name, one.page) for one in evaluation.images] == [("film", p) for p in range(4)]
    assert numbers(evaluation.summary.to_dict()) == of_files
    assert [row["page"] for row in evaluation.summary.to_dict()["per_image"]] == [0, 1, 2, 3]
    assert evaluation.empty_planes == ("film page 1",)  # found there, and false
    assert not evaluation.planes_without_prediction + evaluation.planes_without_truth


def test_a_plane_on_which_more_is_found_than_there_is_is_no_empty_one(tmp_path):
    square = TRUE[0][0]
    truth = write_labels(tmp_path / "true" / "film.tif", [[square], []])
    found = write_labels(tmp_path / "found" / "film.tif", [TRUE[0], [square]])
    assert pooled(found, truth).empty_planes == ("film page 1",)


def film(root: Path) -> Path:
    """A training folder of a film with its label stack, and an image that is no stack."""
    for name, planes in (("images", FOUND), ("labels", TRUE)):
        (root / name).mkdir(parents=True)
        write_labels(root / name / "film.tif", planes)
        tifffile.imwrite(root / name / "single.tif", labels(TRUE[0]))
    for file in (root / "images").iterdir():  # what `Bright` outlines
        pixels = tifffile.imread(file)
        pixels = np.where(pixels, pixels + 199, 0).astype(np.uint8)
        tifffile.imwrite(file, pixels, photometric="minisblack")
    (root / "metadata.csv").write_text("id,kind\nfilm,stack\nsingle,image\n")
    return root


def test_a_model_its_files_and_planes_of_their_own_agree(tmp_path):
    folder = film(tmp_path / "data")
    inputs = find_inputs([folder / "images"])
    options = PredictOptions(page="all")
    assert all(
        o.failure is None
        for o in predict_folder(Bright(), inputs, tmp_path / "out", options=options)
    )
    by_files = pooled(tmp_path / "out", folder)
    by_model = evaluate_model(Bright(), open_folder(folder, page="all"))
    assert by_files.summary.to_dict() == by_model.summary.to_dict()
    assert numbers(by_files.summary.to_dict()) == numbers(
        apart(tmp_path, [*TRUE, TRUE[0]], [*FOUND, TRUE[0]])
    )
    assert [one.page for one in by_model.images] == [0, 1, 2, 3, None]
    assert by_model.summary.heading().startswith("5 planes of 2 images, 7 true objects")
    truth = open_truth(folder, page="all")
    groups = by_files.by(truth.column("kind"))
    assert {name: len(one.images) for name, one in groups.items()} == {"stack": 4, "image": 1}
    assert len(open_folder(folder, page="all").where(["kind=stack"])) == 4
    assert truth.where(["kind=image"]).names == ("single",)


def test_classes_of_masks_are_those_of_all_planes(tmp_path):
    planes = [[], [(2, 2, 6), (12, 20, 8)]]  # the values 1 and 2 on the second alone
    truth = open_truth(write_labels(tmp_path / "film.tif", planes), task="semantic", page="all")
    assert dict(truth.class_of_value) == {1: "1", 2: "2"}
    evaluation = evaluate_files(tmp_path / "film.tif", truth, task="semantic", page="all")
    assert list(evaluation.summary.classes) == ["1", "2"]
    assert evaluation.summary.mean_ap == 1


def test_planes_that_one_side_lacks_are_named_and_do_not_count(tmp_path):
    truth = write_labels(tmp_path / "true" / "film.tif", TRUE)
    found = write_labels(tmp_path / "found" / "film.tif", FOUND[:3])
    evaluation = pooled(found, truth)
    assert evaluation.planes_without_prediction == ("film page 3",)
    assert numbers(evaluation.summary.to_dict()) == numbers(apart(tmp_path, TRUE[:3], FOUND[:3]))
    assert pooled(truth, found).planes_without_truth == ("film page 3",)


def test_outlines_of_one_side_may_lie_on_planes_that_the_other_leaves_out(tmp_path):
    truth = write_outlines(tmp_path / "film.geojson", [TRUE[0], [], []])
    found = write_outlines(tmp_path / "out" / "film.csv", [[], [], FOUND[2]])
    evaluation = pooled(found, truth)
    counts = [(one.page, one.true_count, one.predicted_count) for one in evaluation.images]
    assert counts == [(0, 2, 0), (2, 0, 1)]


@pytest.mark.parametrize("side", [0, 1])
def test_objects_of_no_plane_are_refused_beside_planes(tmp_path, side):
    stack = write_labels(tmp_path / "a" / "film.tif", TRUE)
    flat = tmp_path / "b" / "film.geojson"
    flat.parent.mkdir()
    formats.write(flat, outlined(TRUE[0]))
    sides = (stack, flat) if side else (flat, stack)
    word = ("prediction", "truth")[side]
    with pytest.raises(
        InputError, match=rf"film: the {word} does not say on which plane .*--page N"
    ):
        pooled(*sides)
    formats.write(flat, outlined([]))  # nothing is on no plane
    assert len(pooled(*sides).images) == 4


def test_the_only_plane_of_an_image_is_page_0_where_the_other_side_counts_pages(tmp_path):
    true = write_labels(tmp_path / "true" / "film.tif", TRUE[:1]).parent
    found = write_outlines(tmp_path / "found" / "film.csv", TRUE[:1]).parent
    for sides in ((found, true), (true, found)):
        (image,) = pooled(*sides).images
        assert (image.true_count, image.counts.tp.tolist()) == (2, [2] * 10)


@pytest.mark.parametrize("page", [2, "all"])
def test_a_page_is_not_compared_with_another(tmp_path, page):
    stack = write_labels(tmp_path / "film.tif", TRUE)
    with pytest.raises(InputError, match=r"^page 1 of the truth .* open the truth with the same"):
        evaluate_files(stack, open_truth(stack, page=1), page=page)
    data = film(tmp_path / "data")
    with pytest.raises(InputError, match=r"^page 1 of the truth"):
        evaluate_files(stack, Truth.of_folder(open_folder(data, page=1)), page=page)


def test_what_was_predicted_on_one_page_is_not_taken_for_all(tmp_path):
    folder = film(tmp_path / "data")
    inputs = find_inputs([folder / "images" / "film.tif"])
    list(predict_folder(Bright(), inputs, tmp_path / "out", options=PredictOptions(page=0)))
    with pytest.raises(InputError, match=r"predicted on page 0 alone, as predict\.json says"):
        pooled(tmp_path / "out", folder)


def test_annotations_that_are_not_of_all_pages_of_their_image_are_refused(tmp_path):
    folder = film(tmp_path)
    write_labels(folder / "labels" / "film.tif", TRUE[:3])
    with pytest.raises(InputError, match=r"labels.film\.tif has 3 pages and its image .* has 4"):
        open_folder(folder, page="all")
    (folder / "labels" / "film.tif").unlink()
    formats.write(folder / "labels" / "film.geojson", outlined(TRUE[0]))
    with pytest.raises(InputError, match=r"does not say on which of the 4 pages"):
        open_folder(folder, page="all")
    write_outlines(folder / "labels" / "film.geojson", [*TRUE, TRUE[0]])
    with pytest.raises(InputError, match=r"has outlines on page 4, and .* has pages 0 to 3"):
        open_folder(folder, page="all")
    write_outlines(folder / "labels" / "film.geojson", TRUE)
    counts = [len(sample.instances) for sample in open_folder(folder, page="all").samples]
    assert counts == [2, 0, 1, 2, 2]


def test_outlines_of_several_images_or_of_none_are_not_taken_for_planes_of_one(tmp_path):
    truth, found = film(tmp_path / "data"), tmp_path / "found"
    entries = [
        ImageAnnotation(name, SIZE, outlined([(2, 2, 6)], page).replace(ids=[page + 1]))
        for page, name in enumerate(("film.tif", "other.tif"))
    ]
    found.mkdir()
    formats.write_images(found / "film.csv", entries)
    with pytest.raises(InputError, match=r"describes 2 images \(film\.tif, other\.tif\)"):
        pooled(found, truth)
    (found / "film.csv").unlink()
    (found / "film.json").write_text('{"images": [], "annotations": [], "categories": []}')
    with pytest.raises(InputError, match="describes 0 images"):
        pooled(found, truth)


def test_planes_of_another_program_are_numbered_by_the_image(tmp_path):
    """QuPath names depth and time: of which axis pages count faster the image tells alone."""
    pixels = np.stack([labels(squares) for squares in TRUE]).astype(np.uint8)[:, None] * 200
    stack = np.concatenate([0 * pixels, pixels], axis=1)  # TRUE at the second depth of each time
    how = {"metadata": {"axes": "TZYX"}, "photometric": "minisblack", "ome": True}
    tifffile.imwrite(tmp_path / "film.ome.tif", stack, **how)
    entries = [
        ImageAnnotation("film", SIZE, outlined(squares).replace(plane=Plane(1, t)))
        for t, squares in enumerate(TRUE)
    ]
    formats.write_images(tmp_path / "film.geojson", entries)
    samples = open_folder(tmp_path, page="all").samples
    assert [len(one.instances) for one in samples] == [0, 2, 0, 0, 0, 1, 0, 2]
    assert all(one.image[one.instances.label_image() > 0].all() for one in samples)
    entries[0] = entries[0]._replace(instances=outlined(TRUE[0]).replace(plane=Plane(1, 7)))
    formats.write_images(tmp_path / "film.geojson", entries)
    with pytest.raises(InputError, match="the plane of depth 1 and time 7, and its image has no"):
        open_folder(tmp_path, page="all")


def test_labels_in_the_store_of_a_film_are_its_truth(tmp_path, of_files):
    pytest.importorskip("zarr")
    image = np.stack([np.where(plane := labels(squares), plane + 199, 0) for squares in FOUND])
    store = stores.save(tmp_path / "film.ome.zarr", image.astype(np.uint8), axes="zyx")
    write_outlines(store / "labels" / "cells", TRUE)
    evaluation = evaluate_model(Bright(), open_folder(tmp_path, page="all"))
    assert numbers(evaluation.summary.to_dict()) == of_files


def test_the_page_stands_in_the_scores_that_are_written(tmp_path):
    truth = write_labels(tmp_path / "film.tif", TRUE)
    rows = json.loads(pooled(truth, truth).summary.to_json())["per_image"]
    assert [(row["name"], row["page"]) for row in rows] == [("film", page) for page in range(4)]
    whole = evaluate_files(truth, open_truth(truth, page=0), page=0)
    assert "page" not in whole.summary.to_dict()["per_image"][0]


def test_a_warning_of_masks_names_their_planes(tmp_path):
    folder = film(tmp_path)
    stack = np.stack([labels(squares) > 0 for squares in (TRUE[0], TRUE[0], TRUE[3], TRUE[0])])
    path = folder / "labels" / "film.tif"
    for part in ("images", "labels"):
        (folder / part / "single.tif").unlink()
    tifffile.imwrite(path, stack.astype(np.uint8), photometric="minisblack")
    truths = (open_truth(path, page="all"), open_folder(folder, page="all"))
    for warning in (" ".join(opened.warnings) for opened in truths):
        assert "film page 0, film page 1, film page 2" in warning
    assert "(film)" in " ".join(open_truth(path, page=1).warnings)


def test_masks_of_cellpose_are_the_truth_of_every_plane(tmp_path, of_files):
    images = film(tmp_path / "data") / "images"
    (images / "single.tif").unlink()
    masks = {"masks": np.stack([labels(squares) for squares in TRUE]), "filename": "film.tif"}
    np.save(images / "film_seg.npy", masks, allow_pickle=True)
    folder = open_folder(images, page="all")
    assert [len(sample.instances) for sample in folder.samples] == [2, 0, 1, 2]
    assert numbers(evaluate_model(Bright(), folder).summary.to_dict()) == of_files


def test_what_is_to_be_said_of_a_file_is_logged_once_however_often_it_is_read(tmp_path, caplog):
    """Behind all pages both sides are read again, to tell which there are."""
    true = write_outlines(tmp_path / "true" / "film.geojson", TRUE)
    found = write_outlines(tmp_path / "found" / "film.geojson", FOUND)
    with pytest.raises(InputError, match="no outline is on page 7"):
        evaluate_files(found.parent, open_truth(true.parent, page=7), page=7)
    said = [line for line in caplog.messages if "no outline is on page 7" in line]
    assert len(said) == len(set(said)) == 2
