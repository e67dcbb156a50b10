import itertools
from functools import partial

import nibabel
import numpy as np
import pytest

from kontur.data.conversion.convert_file import convert
from kontur.data.folder import open_folder
from kontur.data.truth import open_truth
from kontur.errors import InputError
from kontur.formats.nifti.space import affines, check_same_space
from kontur.images.nifti import volume as nifti
from kontur.infer.folder_evaluation import evaluate_files
from kontur.measure.sources.find_sources import find_sources
from kontur.measure.sources.plane_sources import plane_sources
from kontur.web.workspace import open_workspace

SHAPE = (8, 6, 4)
PLACE = np.array([[0, -0.5, 0.1, 9], [0.7, 0, 0.1, -4], [0, 0, 3, 250], [0, 0, 0, 1]])
STRAIGHT = nibabel.affines.from_matvec(np.diag([0.5, 0.5, 3]), [10, -4, 2])


def save(path, affine, *, shape=SHAPE, unit="mm", sform=2, qform=0, to=nibabel.Nifti1Image):
    image = to(np.zeros(shape, np.uint8), affine)
    image.header.set_xyzt_units(unit, "sec")
    image.set_sform(affine, sform)
    image.set_qform(affine, qform)
    nibabel.save(image, path)
    return path


@pytest.mark.parametrize("to", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("flips", [*itertools.product([1, -1], repeat=3)])
def test_affines_are_those_of_nibabel(tmp_path, to, flips):
    turned = STRAIGHT.copy()
    angle = 0.3
    turn = [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    turned[:3, :3] = turn @ turned[:3, :3] * flips
    path = save(tmp_path / "a.nii", turned, qform=1, to=to)
    image = nibabel.load(path)
    sform, qform = affines(nifti.open_volume(path))
    np.testing.assert_allclose(sform, image.get_sform()[:3], atol=1e-6)
    np.testing.assert_allclose(qform, image.get_qform()[:3], atol=1e-5)


@pytest.mark.parametrize(
    ("axis", "words"), [(0, "run LAS from (13.5, -4, 2)"), (1, "run RPS from"), (2, "run RAI from")]
)
def test_labels_whose_axes_run_the_other_way_are_refused(tmp_path, axis, words):
    turned = STRAIGHT.copy()
    turned[:3, 3] += turned[:3, axis] * (SHAPE[axis] - 1)
    turned[:3, axis] *= -1
    image = save(tmp_path / "image.nii.gz", STRAIGHT)
    labels = save(tmp_path / "labels.nii.gz", turned)
    with pytest.raises(InputError, match="lie differently in space") as caught:
        check_same_space(labels, image)
    assert words in str(caught.value)
    assert "those of the second RAS from (10, -4, 2) in steps of 0.5 × 0.5 × 3" in str(caught.value)


@pytest.mark.parametrize("shift", [0.3, -1.0])
def test_labels_that_lie_beside_their_image_are_refused(tmp_path, shift):
    moved = PLACE.copy()
    moved[2, 3] += 3 * shift
    image = save(tmp_path / "image.nii.gz", PLACE)
    with pytest.raises(InputError, match="lie differently in space"):
        check_same_space(save(tmp_path / "labels.nii.gz", moved), image)


@pytest.mark.parametrize(
    "given",
    [
        {"unit": "micron", "affine": np.diag([1e3, 1e3, 1e3, 1]) @ STRAIGHT},
        {"unit": "unknown"},
        {"unit": "micron"},  # of a program that writes the wrong word
        {"affine": STRAIGHT + 1e-4},
        {"sform": 0, "qform": 1},
        {"affine": np.eye(4)},  # of an array alone, by nibabel
        {"affine": np.diag([-1.0, -1, 1, 1])},  # and by SimpleITK
        {"sform": 0, "affine": -STRAIGHT},  # which it does not state
        {"shape": (8, 6, 5), "affine": -STRAIGHT},
        {"shape": (8, 6), "affine": -STRAIGHT},
    ],
)
def test_rounding_units_and_what_is_not_stated_are_no_difference(tmp_path, given):
    image = save(tmp_path / "image.nii.gz", STRAIGHT)
    labels = save(tmp_path / "labels.nii.gz", **{"affine": STRAIGHT, **given})
    check_same_space(labels, image)
    check_same_space(image, labels)
    check_same_space(labels, tmp_path / "a.tif")


def test_whoever_pairs_two_volumes_says_that_they_lie_differently(tmp_path):
    images, labels = tmp_path / "D/imagesTr", tmp_path / "D/labelsTr"
    for folder, affine in ((images, STRAIGHT), (labels, -STRAIGHT), (tmp_path / "P", STRAIGHT)):
        folder.mkdir(parents=True)
        save(folder / "a.nii.gz", affine)
    with pytest.raises(InputError, match="differently in space"):
        open_folder(tmp_path / "D", page=1).samples[0]
    measured = partial(find_sources, labels, [str(images)], page=1)
    for read in (measured, partial(plane_sources, labels, [str(images)])):
        with pytest.raises(InputError, match=r"labels.*its image.*differently in space"):
            read()
    for predicted, root, there in (
        (tmp_path / "P", labels, labels),
        (labels, tmp_path / "D", images),
    ):
        with pytest.raises(InputError) as caught:
            evaluate_files(predicted, open_truth(root, page="all"), page="all")
        assert str(caught.value).startswith(
            f"{predicted / 'a.nii.gz'} and the image of its truth {there / 'a.nii.gz'} lie differ"
        )
    with pytest.raises(InputError, match="differently in space"):
        convert(labels / "a.nii.gz", tmp_path / "a.geojson", image=str(images / "a.nii.gz"))
    here = open_workspace(tmp_path / "D")
    (image,) = here.folder.images.values()
    with pytest.raises(InputError, match="differently in space"):
        here.annotations.open(image, 1)
    here.close()
