import json

import nibabel
import numpy as np
import pytest

from kontur.data.conversion.convert_file import convert
from kontur.data.conversion.convert_folders import convert_folders
from kontur.data.folder import open_folder
from kontur.data.inspect import inspect
from kontur.data.pairing.pair_names import pair
from kontur.errors import InputError
from kontur.images.image_file import files_of, open_image, read_image
from kontur.images.page_count import count_pages
from kontur.infer.inputs import find_inputs
from kontur.instances.plane import Plane
from kontur.measure.sources.plane_sources import plane_sources
from kontur.web.workspace import open_workspace
from tests.images import volumes

EYE = np.eye(5, 4, dtype=np.uint8)[:, :, None]


def save(folder, *names, array=EYE):
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        volumes.write(folder / name, array + np.uint8(number) * (folder.name != "labelsTr"))


def describe(folder, **content):
    (folder / "dataset.json").write_text(json.dumps(content))


@pytest.mark.parametrize("image", ["a_0000.nii.gz", "a.nii.gz", "a_0000.nii"])
def test_the_first_channel_of_a_case_belongs_to_the_labels_of_the_case(tmp_path, image):
    save(tmp_path / "imagesTr", image, "b_0000.nii.gz")
    save(tmp_path / "labelsTr", "a.nii.gz", "b.nii.gz")
    folder = open_folder(tmp_path)
    assert folder.names == (image.split(".")[0], "b_0000")
    assert [item.annotation.name for item in folder.annotated] == ["a.nii.gz", "b.nii.gz"]
    assert folder.orphans == folder.unannotated == ()
    assert [len(sample.instances) for sample in folder.samples] == [1, 1]


def test_channels_in_files_of_their_own_are_one_image(tmp_path):
    images = tmp_path / "imagesTr"
    save(images, "a_0000.nii.gz", "a_0001.nii.gz", array=np.dstack([EYE, EYE * 9]))
    save(tmp_path / "labelsTr", "a.nii.gz")
    describe(tmp_path, channel_names={"0": "CT", "1": "PET"}, labels={})
    image = read_image(images / "a_0000.nii.gz", page=1)
    assert (image.pixels.shape, image.stains) == ((4, 5, 2), ("CT", "PET"))
    np.testing.assert_array_equal(image.pixels[:, :, 1], 9 * EYE[:, :, 0].T + 1)
    np.testing.assert_array_equal(open_image(images / "a_0000.nii.gz", page=1).pixels, image.pixels)
    pet = read_image(images / "a_0000.nii.gz", channel="PET", page=1).pixels
    np.testing.assert_array_equal(pet[:, :, 0], image.pixels[:, :, 1])
    assert [path.name for path in files_of(images / "a_0000.nii.gz")] == [
        *("a_0000.nii.gz", "a_0001.nii.gz")
    ]
    folder = open_folder(tmp_path, page=0)
    assert (folder.names, folder.unannotated) == (("a_0000",), ())
    assert [one.path.name for one in find_inputs([images])] == ["a_0000.nii.gz"]
    here = open_workspace(tmp_path)
    assert [image.path.name for image in here.folder.images.values()] == ["a_0000.nii.gz"]
    here.close()
    assert read_image(images / "a_0001.nii.gz", page=1).pixels.shape == (4, 5, 1)  # by its own name


def test_channels_without_names_are_numbered_and_of_several_types_become_the_wider(tmp_path):
    save(tmp_path / "imagesTs", "a_0000.nii")
    save(tmp_path / "imagesTs", "a_0001.nii", array=EYE * np.float32(0.5))
    image = read_image(tmp_path / "imagesTs" / "a_0000.nii")
    assert (image.pixels.shape, image.pixels.dtype, image.stains) == ((4, 5, 2), np.float32, ())
    assert read_image(tmp_path / "imagesTs" / "a_0000.nii", channel=1).pixels.max() == 0.5


@pytest.mark.parametrize(
    ("names", "described", "reason"),
    [
        (["a_0000.nii.gz"], {"channel_names": {"0": "CT", "1": "PET"}}, r"names 2 channels \(CT, "),
        (["a_0000.nii.gz", "a_0002.nii.gz"], {}, "a_0001.nii.gz of the case a is missing"),
        (["a_0000.nii.gz"], {"channel_names": {"1": "CT"}}, r"wanted 0 and so on"),
        (["a_0000.nii.gz", "a_0003.nii.gz"], {}, "a_0001.nii.gz, a_0002.nii.gz of the case a"),
        (["a_0000.nii.gz", "a_0001.nii.gz", "a_0009.nii.gz"], {}, "a_0002.nii.gz, .* of the case"),
    ],
)
def test_cases_that_lack_a_channel_are_told_so(tmp_path, names, described, reason):
    save(tmp_path / "imagesTr", *names)
    describe(tmp_path, **described)
    with pytest.raises(InputError, match=reason):
        read_image(tmp_path / "imagesTr" / "a_0000.nii.gz")


CHANNELS = {"channel_names": {"0": "CT", "1": "PET"}}


@pytest.mark.parametrize(
    ("names", "labels", "described"),
    [(["b_0001.nii.gz"], [], CHANNELS), (["b_0001.nii.gz"], ["b.nii.gz"], {})],
)
def test_a_case_that_lacks_its_first_channel_is_no_image(tmp_path, names, labels, described):
    save(tmp_path / "imagesTr", *names)
    save(tmp_path / "labelsTr", *labels)
    describe(tmp_path, **described)
    for channel in (None, 0):
        with pytest.raises(InputError, match=r"b_0000.nii.gz of the case b is missing in"):
            read_image(tmp_path / "imagesTr" / "b_0001.nii.gz", channel=channel)


@pytest.mark.parametrize(
    ("names", "labels", "described"),
    [
        (["b_0001.nii.gz", "b_0004.nii.gz"], [], CHANNELS),  # no channel has the number 4
        (["b_0001.nii.gz"], [], {"modality": {"0": "CT"}}),
        (["b_0001.nii.gz"], [], {}),
        (["b_0001.nii.gz", "b_0000.nii.gz"], ["b_0000.nii.gz", "b_0001.nii.gz"], {}),
    ],
)
def test_cases_may_be_numbered_with_four_digits(tmp_path, names, labels, described):
    save(tmp_path / "imagesTr", *names)
    save(tmp_path / "labelsTr", *labels)
    describe(tmp_path, **described)
    for name in names:
        assert read_image(tmp_path / "imagesTr" / name).pixels.shape == (4, 5, 1)


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (["amos_0001", "amos_0004", "amos_0009"], {"amos_0001": 0, "amos_0004": 1}),
        (["liver_0000", "liver_0001"], {"liver_0000": 0, "liver_0001": 1}),
        (["case_0000", "case_0000_0000"], {"case_0000": 1}),
        (["case_0000", "case_0000_0000"], {"case": 0, "case_0000": 1}),
        (["F_0001_0000", "F_0002_0000"], {"F_0001": 0, "F_0002": 1}),
    ],
)
def test_labels_decide_whether_four_digits_are_of_a_channel(tmp_path, images, labels):
    save(tmp_path / "imagesTr", *(f"{image}.nii.gz" for image in images))
    save(tmp_path / "labelsTr", *(f"{name}.nii.gz" for name in labels))
    folder = open_folder(tmp_path)
    paired = {item.annotation.name: item.image.name for item in folder.annotated}
    assert paired == {f"{name}.nii.gz": f"{images[at]}.nii.gz" for name, at in labels.items()}
    assert folder.orphans == ()
    assert {sample.image.shape[2] for sample in folder.samples} == {1}


def test_files_of_a_case_that_are_no_channels_of_one_image_are_named(tmp_path):
    save(tmp_path / "imagesTr", "a_0000.nii.gz", "a_0001.nii")
    save(tmp_path / "labelsTr", "a.nii.gz")
    with pytest.raises(InputError, match=r"a_0000 and a_0001 of the case a, .* one ending"):
        open_folder(tmp_path)


@pytest.mark.parametrize(
    ("names", "others", "pairs"),
    [
        (["F_0001_0000", "F_0002_0000"], ["F_0001", "F_0002"], {0: 0, 1: 1}),
        (["F_0001", "F_0002"], ["F_0002_0000", "F_0001_0000"], {0: 1, 1: 0}),
        (["x/F_0000_0000"], ["F_0000"], {0: 0}),
        (["F_0000"], ["F_0000_0000", "F"], {}),  # of either
        (["F_0001_0000", "F_0001_0001"], ["F_0001"], {}),
        ([], ["F"], {}),
    ],
)
def test_outlines_of_a_case_whose_name_ends_in_four_digits_are_of_its_image(names, others, pairs):
    assert pair(names, others) == {names[one]: others[at] for one, at in pairs.items()}


def test_channels_of_other_shapes_are_refused(tmp_path):
    save(tmp_path / "imagesTr", "a_0000.nii.gz")
    save(tmp_path / "imagesTr", "a_0001.nii.gz", array=EYE[:4])
    with pytest.raises(InputError, match=r"a_0001.nii.gz is of 4 × 4 voxels, and .* of 5 × 4;"):
        read_image(tmp_path / "imagesTr" / "a_0000.nii.gz")


def test_elsewhere_such_a_number_is_part_of_the_name(tmp_path):
    save(tmp_path / "images", "a_0000.nii.gz", "a_0001.nii.gz")
    save(tmp_path / "labels", "a_0000.nii.gz", "a.nii.gz")
    folder = open_folder(tmp_path)
    assert (folder.names, folder.unannotated, folder.orphans) == (("a_0000",), ("a_0001",), ("a",))


CLASSES = np.zeros((9, 8, 2), np.uint8)  # i, j, k
CLASSES[1:3, 1:3, 1] = CLASSES[5:8, 1:3, 1] = 1
CLASSES[1:8, 5:7, 1] = 2
NNUNET = {"background": 0, "liver": 1, "tumour": 2, "spleen": 3}
DECATHLON = {"0": "background", "1": "liver", "2": "tumour", "3": "spleen"}


def case(tmp_path, labels, array=CLASSES):
    save(tmp_path / "imagesTr", "a_0000.nii.gz", array=np.zeros_like(array))
    save(tmp_path / "labelsTr", "a.nii.gz", array=array)
    describe(tmp_path, labels=labels)
    return tmp_path


def named(instances):
    return sorted(instances.classes[label] for label in instances.labels)


@pytest.mark.parametrize("labels", [NNUNET, DECATHLON])
def test_every_connected_region_of_a_class_that_dataset_json_names_is_an_object(tmp_path, labels):
    folder = open_folder(case(tmp_path, labels), page=1)
    assert folder.classes == ("liver", "tumour", "spleen")
    (sample,) = folder.samples
    assert named(sample.instances) == ["liver", "liver", "tumour"]
    assert len(open_folder(tmp_path, page=0).samples[0].instances) == 0
    _, source = plane_sources(tmp_path).images
    assert (source.plane.z, named(source.read().instances)) == (1, ["liver", "liver", "tumour"])
    here = open_workspace(tmp_path)
    (image,) = here.folder.images.values()
    assert named(here.annotations.open(image, 1).instances) == ["liver", "liver", "tumour"]
    here.close()
    (tmp_path / "dataset.json").unlink()
    assert sorted(open_folder(tmp_path, page=1).samples[0].instances.ids) == [1, 2]  # as ever


def test_a_slice_of_a_data_set_is_converted_to_its_place_in_the_volume(tmp_path):
    case(tmp_path / "data", NNUNET)
    made = convert_folders([tmp_path / "data"], tmp_path / "out", format="nifti", page=1)
    assert made.objects == 3
    labels = nibabel.load(tmp_path / "out" / "a_0000.labels.nii.gz").dataobj
    np.testing.assert_array_equal(np.asarray(labels) > 0, CLASSES > 0)


def test_all_slices_of_volumes_are_converted_where_the_format_has_planes(tmp_path):
    both = np.dstack([CLASSES, CLASSES])
    case(tmp_path / "data", NNUNET, both)
    ids = np.where(both == 1, 7, both).astype(np.uint8)
    save(tmp_path / "ids", "a.nii.gz", array=ids)
    for source in ("data", "ids", "data/labelsTr"):
        for format in ("nifti", "geojson"):
            convert_folders([tmp_path / source], tmp_path / f"{source}-{format}", format=format)
    labels = np.asarray(nibabel.load(tmp_path / "data-nifti" / "a_0000.labels.nii.gz").dataobj)
    np.testing.assert_array_equal(labels > 0, both > 0)
    numbers = [set(np.unique(labels[:, :, k])) - {0} for k in range(4)]
    assert [len(plane) for plane in numbers] == [0, 3, 0, 3]
    assert not numbers[1] & numbers[3]  # regions of classes on two slices are two objects
    made = [json.loads(path.read_text()) for path in (tmp_path / "data-geojson").iterdir()]
    planes = [one["geometry"]["plane"]["z"] for one in made[0]["features"]]
    assert planes == [1, 1, 1, 3, 3, 3]
    labels = np.asarray(nibabel.load(tmp_path / "ids-nifti" / "a.labels.nii.gz").dataobj)
    np.testing.assert_array_equal(labels[:, :, 1], ids[:, :, 1])  # an id is one object
    np.testing.assert_array_equal(labels[:, :, -1], ids[:, :, -1])
    with pytest.raises(InputError, match=r"choose .* with --page"):
        convert_folders([tmp_path / "data"], tmp_path / "coco", format="coco")
    with pytest.raises(InputError, match="choose one with --page"):
        convert_folders([tmp_path / "ids"], tmp_path / "coco", format="coco")


def test_volumes_without_objects_are_converted_to_empty_ones(tmp_path):
    case(tmp_path / "data", NNUNET, 0 * CLASSES)
    made = convert_folders([tmp_path / "data"], tmp_path / "out", format="nifti")
    assert (made.objects, made.images) == (0, 1)
    labels = nibabel.load(tmp_path / "out" / "a_0000.labels.nii.gz")
    assert labels.shape == CLASSES.shape
    assert not np.asarray(labels.dataobj).any()


def test_volumes_of_which_no_slice_is_chosen_need_no_repair(tmp_path):
    report = inspect(open_folder(case(tmp_path, NNUNET))).text()
    assert "1 image (a_0000) cannot be used: choose a plane with --page" in report


def test_a_label_called_ignore_is_of_regions_to_ignore(tmp_path):
    (sample,) = open_folder(case(tmp_path, {"background": 0, "a": 1, "ignore": 2}), page=1).samples
    assert sorted(sample.instances.ignore) == [False, False, True]
    assert sample.instances.classes == ("a",)


def test_other_tables_of_classes_and_tasks_come_first(tmp_path):
    case(tmp_path, NNUNET)
    (tmp_path / "classes.csv").write_text("id,class\n1,x\n2,y\n")
    (sample,) = open_folder(tmp_path, page=1).samples
    assert named(sample.instances) == ["x", "y"]
    (sample,) = open_folder(tmp_path, page=1, task="semantic").samples
    assert named(sample.instances) == ["x", "x", "y"]


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ({"background": 0, "whole": [1, 2]}, r"regions of several labels \(whole: \[1, 2\]\)"),
        ({"background": 0, "a": 1.5}, "a class the label 1.5; wanted a whole number"),
        ({"a": 1, "b": 1}, "two classes one label"),
        ({"background": 1, "t": 0}, "1 is background; wanted 0 as background"),
        ({"background": 1, "t": 2}, "1 is background; wanted 0 as background"),
        ({"organ": 0, "tumour": 1}, "0 is 'organ'; wanted 0 as background"),
        ({"0": "organ", "1": "Background"}, "1 is background"),
        ({"background": 0, "a": 1}, r"holds the value 2, .*\(1 = a\).*dataset.json"),
    ],
)
def test_labels_that_cannot_be_are_told_in_a_sentence(tmp_path, labels, reason):
    with pytest.raises(InputError, match=reason):
        list(open_folder(case(tmp_path, labels), page=1).samples)
    (tmp_path / "dataset.json").write_text("{")
    with pytest.raises(InputError, match=r"dataset.json"):
        open_folder(tmp_path, page=1)


@pytest.mark.parametrize(
    "content",
    [
        '{"labels": {"background": 0, "t": 1, "t": 2}}',
        '{"labels": {"background": 0}, "t": {}, "t": {}}',
    ],
)
def test_a_name_twice_in_dataset_json_is_refused_by_that_name(tmp_path, content):
    case(tmp_path, NNUNET)
    (tmp_path / "dataset.json").write_text(content)
    with pytest.raises(InputError, match=r"dataset.json has the name 't' twice"):
        open_folder(tmp_path, page=1)


def test_background_may_have_a_capital_or_no_name(tmp_path):
    for labels in ({"Background": 0, "t": 1, "u": 2}, {"0": "BACKGROUND", "1": "t", "2": "u"}):
        assert open_folder(case(tmp_path, labels), page=1).classes == ("t", "u")
    assert open_folder(case(tmp_path, {"t": 1, "u": 2}), page=1).classes == ("t", "u")


def test_a_dataset_json_that_says_nothing_of_classes_changes_nothing(tmp_path):
    case(tmp_path, "labels.csv")
    folder = open_folder(tmp_path, page=1)
    assert (folder.task, folder.classes) == ("instances", ("object",))


def of_four_axes(tmp_path, **described):
    """Two channels or times of a volume of three slices, and labels of its slices."""
    image = np.arange(5 * 4 * 3 * 2, dtype=np.int16).reshape(5, 4, 3, 2)
    labels = np.zeros((5, 4, 3), np.uint8)
    labels[1:3, 1:3, 2] = 1
    (tmp_path / "imagesTr").mkdir()
    (tmp_path / "labelsTr").mkdir()
    saved = nibabel.Nifti1Image(image, np.diag([2, 2, 3, 1]))
    nibabel.save(saved, tmp_path / "imagesTr" / "BRATS_001.nii.gz")
    volumes.write(tmp_path / "labelsTr" / "BRATS_001.nii.gz", labels)
    describe(tmp_path, **described)
    return image, labels


def test_the_fourth_axis_is_channels_where_dataset_json_names_as_many(tmp_path):
    array, ids = of_four_axes(tmp_path, modality={"0": "FLAIR", "1": "T1w"}, labels={"a": 1})
    path = tmp_path / "imagesTr" / "BRATS_001.nii.gz"
    assert count_pages(path) == 3
    image = read_image(path, page=2)
    assert (image.stains, image.plane) == (("FLAIR", "T1w"), Plane(z=2))
    np.testing.assert_array_equal(image.pixels, array[:, :, 2].transpose(1, 0, 2))
    with pytest.raises(InputError, match="z-stack of 3 planes"):
        read_image(path)
    folder = open_folder(tmp_path, page="all")
    assert [len(sample.instances) for sample in folder.samples] == [0, 0, 1]
    convert(tmp_path / "labelsTr/BRATS_001.nii.gz", tmp_path / "a.csv")
    convert(tmp_path / "a.csv", tmp_path / "a.nii.gz", image=str(path))
    labels = nibabel.load(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(np.asarray(labels.dataobj), ids)
    np.testing.assert_array_equal(labels.affine, nibabel.load(path).affine)


def test_labels_of_slices_beside_several_times_are_refused(tmp_path):
    """A page would be a slice of the labels, and of the image a slice at the first time."""
    of_four_axes(tmp_path)
    told = r"has 3 pages and its image .* has 6, so that"
    for page in (1, 2):
        with pytest.raises(InputError, match=told):
            list(open_folder(tmp_path, page=page).samples)
    with pytest.raises(InputError, match=r"3 pages .* has 6"):
        open_folder(tmp_path, page="all")
    with pytest.raises(InputError, match=told):
        plane_sources(tmp_path / "labelsTr", [str(tmp_path / "imagesTr")])
    here = open_workspace(tmp_path)
    (image,) = here.folder.images.values()
    with pytest.raises(InputError, match=told):
        here.annotations.open(image, 0)
    here.close()
