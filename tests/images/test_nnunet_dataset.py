"""What `dataset.json` says of labels that are named without their data set."""

import json

import numpy as np
import pytest

from kontur import formats
from kontur.data.pairing.mask_task import task_of_predictions
from kontur.data.truth import open_truth
from kontur.infer.folder_evaluation import evaluate_files
from kontur.measure.sources.find_sources import find_sources
from kontur.measure.sources.plane_sources import plane_sources
from tests.images import volumes


def two_classes(folder):
    """A data set of one case with two regions of `t` and one of `u` on each of two planes."""
    array = np.zeros((20, 12, 2), np.uint8)
    array[1:4, 1:4], array[8:11, 1:4], array[1:4, 7:10] = 1, 1, 2
    for name in ("imagesTr/a_0000", "labelsTr/a"):
        (folder / name).parent.mkdir(parents=True)
        volumes.write(folder / f"{name}.nii.gz", array)
    words = {"channel_names": {"0": "CT"}, "labels": {"background": 0, "t": 1, "u": 2}}
    (folder / "dataset.json").write_text(json.dumps(words))
    return folder


def names_of(instances):
    return [instances.classes[label] for label in instances.labels]


@pytest.mark.parametrize("name", ["labelsTr", "labelsTs"])
def test_values_are_classes_also_where_the_labels_are_named_and_not_the_data_set(tmp_path, name):
    root = two_classes(tmp_path / "D")
    (root / "labelsTr").rename(root / name)
    labels, images = root / name, [str(root / "imagesTr")]
    for found in (
        [one.instances for one in formats.read_images(labels / "a.nii.gz")],
        [source.read().instances for source in plane_sources(labels, images).images],
        [find_sources(labels, images, page=1).images[0].read().instances] * 2,
        [open_truth(labels, page=page).sources["a"]().on(None) for page in (0, 1)],
    ):
        assert [names_of(one) for one in found] == [["t", "t", "u"]] * 2
    (one,) = formats.read_images(labels / "a.nii.gz", page=0, task="semantic")
    assert one.instances.classes == ("t", "u")
    (root / "dataset.json").unlink()
    assert names_of(formats.read(labels / "a.nii.gz", page=0)) == ["object", "object"]


def test_predictions_of_no_other_values_than_the_classes_are_read_as_the_truth_is(tmp_path):
    root = two_classes(tmp_path / "D")
    array = np.zeros((20, 12, 2), np.uint8)
    array[1:4, 1:4], array[1:4, 7:10] = 1, 2  # every value is one region
    (tmp_path / "P").mkdir()
    volumes.write(tmp_path / "P/a.nii.gz", array)
    truth = open_truth(root / "labelsTr", page="all")
    how = {"class_of_value": truth.class_of_value, "page": "all"}
    assert task_of_predictions("semantic", tmp_path / "P", **how) == "semantic"
    assert task_of_predictions("semantic", root / "labelsTr", **how) == "semantic"
    same = evaluate_files(root / "labelsTr", truth, task="semantic", page="all")
    assert (same.summary.ap(0.5), sum(one.true_count for one in same.images)) == (1, 6)
    array[15:17, 1:4] = 3
    volumes.write(tmp_path / "P/a.nii.gz", array)
    assert task_of_predictions("semantic", tmp_path / "P", **how) == "instances"
