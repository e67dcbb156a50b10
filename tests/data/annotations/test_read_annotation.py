import numpy as np
import pytest

from kontur.data.folder import open_folder
from kontur.errors import InputError
from tests.data import drawn


def one(root, mask, *, name="a.tif", task="instances"):
    """The sample of a folder with this one label image."""
    drawn.save(root / "images" / "a.png", drawn.picture())
    drawn.save(root / "labels" / name, mask)
    return open_folder(root, task=task).samples[0]


def test_an_empty_label_image_is_an_image_without_objects(tmp_path):
    sample = one(tmp_path, np.zeros((40, 60), dtype=np.uint8))
    assert len(sample.instances) == 0
    assert sample.instances.size == sample.size == (40, 60)


def test_negative_labels_are_regions_to_ignore(tmp_path):
    labels = drawn.squares().astype(np.int16)
    labels[20:30, 10:30] = -1
    found = one(tmp_path, labels).instances
    assert found.ids.tolist() == [-1, 1, 2, 3]
    assert found.ignore.tolist() == [True, False, False, False]
    assert found.areas.tolist() == [200, 64, 64, 64]


def test_whole_numbers_in_floats_are_ids(tmp_path):
    found = one(tmp_path, drawn.squares().astype(np.float32)).instances
    assert found.ids.tolist() == [1, 2, 3]


def test_a_grey_mask_saved_as_colour_is_read(tmp_path):
    colour = np.repeat(drawn.squares().astype(np.uint8)[:, :, None], 3, axis=2)
    assert one(tmp_path, colour, name="a.png").instances.ids.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda labels: labels * 0.5, r"no whole numbers \(such as 0.5\)"),
        (lambda labels: np.where(labels == 1, np.nan, labels), "NaN or infinite"),
        (lambda labels: labels[:, :50], "made for 40×50 pixels .* image .*a.png has 40×60"),
        (lambda labels: labels.T, "made for 60×40 pixels"),
        (
            lambda labels: np.stack([labels, 2 * labels, labels], axis=2).astype(np.uint8),
            "is a colour image of 3 channels; wanted a label image",
        ),
    ],
)
def test_a_label_image_that_cannot_be_one_is_named(tmp_path, change, sentence):
    with pytest.raises(InputError, match=rf"a\.tif.*{sentence}"):
        one(tmp_path, change(drawn.squares()))


def test_masks_of_another_size_are_named(tmp_path):
    drawn.save(tmp_path / "images" / "a.png", drawn.picture())
    drawn.save(tmp_path / "masks" / "a" / "01.png", np.ones((40, 60), dtype=np.uint8))
    drawn.save(tmp_path / "masks" / "a" / "02.png", np.ones((60, 40), dtype=np.uint8))
    with pytest.raises(InputError, match=r"02\.png is made for 60×40"):
        open_folder(tmp_path).samples[0]


def test_a_broken_file_is_named(tmp_path):
    drawn.labelled(tmp_path)
    (tmp_path / "images" / "a.png").write_text("no image")
    (tmp_path / "labels" / "b.png").write_bytes((tmp_path / "labels" / "b.png").read_bytes()[:60])
    samples = open_folder(tmp_path).samples
    with pytest.raises(InputError, match=r"images.a\.png is not an image"):
        samples[0]
    with pytest.raises(InputError, match=r"labels.b\.png is damaged"):
        samples[1]


def test_components_are_the_regions_of_a_binary_mask(tmp_path):
    mask = (drawn.squares() > 0).astype(np.uint8) * 255
    mask[6:8, 6:8] = 0  # a hole
    found = one(tmp_path, mask, name="a.png", task="components").instances
    assert found.ids.tolist() == [1, 2, 3]
    assert sorted(found.areas) == [60, 64, 64]
    assert np.array_equal(found.label_image() > 0, mask > 0)


def test_a_diagonal_line_one_pixel_thin_parts_two_components(tmp_path):
    mask = np.ones((40, 60), dtype=np.uint8)
    mask[np.arange(40), np.arange(40)] = 0
    mask[np.arange(0, 1), 0] = 0
    assert len(one(tmp_path, mask, name="a.png", task="components").instances) == 2


def test_components_of_a_label_image_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"needs binary masks, but .* holds 3 values \(1, 2, 3\)"):
        one(tmp_path, drawn.squares(), task="components")


def test_components_of_separate_objects_are_refused(tmp_path):
    drawn.save(tmp_path / "images" / "a.png", drawn.picture())
    (tmp_path / "masks" / "a").mkdir(parents=True)
    with pytest.raises(InputError, match="layout 'masks', where every object is separate already"):
        open_folder(tmp_path, task="components")


def test_semantic_values_are_classes_and_regions_are_objects_with_holes(tmp_path):
    mask = np.zeros((40, 60), dtype=np.uint8)
    mask[2:12, 2:12] = 1
    mask[5:8, 5:8] = 2
    mask[20:25, 20:25] = 1
    drawn.save(tmp_path / "images" / "a.png", drawn.picture())
    drawn.save(tmp_path / "masks" / "a.png", mask)
    folder = open_folder(tmp_path, task="semantic")
    found = folder.samples[0].instances
    assert folder.classes == ("1", "2")
    assert sorted(zip(found.labels.tolist(), found.areas.tolist(), strict=True)) == [
        (0, 25),
        (0, 91),
        (1, 9),
    ]


def test_semantic_masks_of_one_value_have_one_class_without_a_name(tmp_path):
    drawn.save(tmp_path / "images" / "a.png", drawn.picture())
    drawn.save(tmp_path / "masks" / "a.png", (drawn.squares() > 0).astype(np.uint8) * 255)
    folder = open_folder(tmp_path, task="semantic")
    assert folder.classes == ("object",)
    assert len(folder.samples[0].instances) == 3


def test_semantic_values_are_named_by_the_table(tmp_path):
    drawn.labelled(tmp_path, ["a"])
    drawn.table(tmp_path / "classes.csv", "id,class", [(1, "skin"), (2, "gland"), (3, "ignore")])
    folder = open_folder(tmp_path, task="semantic")
    found = folder.samples[0].instances
    assert folder.classes == ("skin", "gland")
    assert found.ignore.tolist() == [False, False, True]
    assert found.labels[:2].tolist() == [0, 1]


def test_a_value_that_the_table_does_not_name_is_an_error(tmp_path):
    drawn.labelled(tmp_path, ["a"])
    drawn.table(tmp_path / "classes.csv", "id,class", [(1, "skin")])
    with pytest.raises(InputError, match="holds the value 2, which is none of the classes"):
        open_folder(tmp_path, task="semantic").samples[0]


def test_a_photograph_is_no_semantic_mask(tmp_path):
    drawn.save(tmp_path / "images" / "a.png", drawn.picture())
    drawn.save(tmp_path / "masks" / "a.png", drawn.picture(1))
    with pytest.raises(InputError, match="is a photograph and no label image"):
        open_folder(tmp_path, task="semantic").samples[0]


def test_an_ignore_mask_adds_regions_that_count_for_nothing(tmp_path):
    mask = np.zeros((40, 60), dtype=np.uint8)
    mask[30:35, 0:20] = mask[0:3, 50:60] = 255
    drawn.labelled(tmp_path)
    drawn.save(tmp_path / "ignore" / "a.png", mask)
    folder = open_folder(tmp_path)
    found = folder.samples[0].instances
    assert found.ignore.tolist() == [False, False, False, True, True]
    assert found.ids.tolist() == [1, 2, 3, 4, 5]
    assert found.areas[3:].sum() == 130
    assert len(folder.samples[1].instances) == 3


def test_an_ignore_mask_without_an_image_is_named(tmp_path):
    drawn.labelled(tmp_path)
    drawn.save(tmp_path / "ignore" / "z.png", np.zeros((40, 60), dtype=np.uint8))
    assert open_folder(tmp_path).orphans == ("ignore/z",)


def test_a_mask_whose_name_is_a_very_long_number_is_numbered_by_its_place(tmp_path):
    drawn.save(tmp_path / "images" / "a.png", drawn.picture())
    for name in ("7", "9" * 40):
        drawn.save(tmp_path / "masks" / "a" / f"{name}.png", drawn.squares(1))
    assert open_folder(tmp_path).samples[0].instances.ids.tolist() == [1, 2]
