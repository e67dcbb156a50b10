import numpy as np
import pytest

from kontur.data.folder import open_folder
from kontur.errors import InputError
from tests.data import drawn


def test_opening_reads_no_image(tmp_path):
    drawn.labelled(tmp_path, [f"{k:03d}" for k in range(20)])
    for path in (tmp_path / "images").iterdir():
        path.write_text("broken")
    assert len(open_folder(tmp_path)) == 20


def test_a_subset_has_the_names_in_their_order(tmp_path):
    folder = open_folder(drawn.labelled(tmp_path, ["a", "b", "c"]))
    assert folder.subset(["c", "a"]).names == ("c", "a")
    with pytest.raises(InputError, match="no image 'z'"):
        folder.subset(["a", "z"])


def test_holding_out_is_the_same_for_a_seed_and_parts_the_folder(tmp_path):
    folder = open_folder(drawn.labelled(tmp_path, [f"{k:02d}" for k in range(20)]))
    train, val = folder.hold_out(0.25, seed=3)
    assert len(val) == 5
    assert sorted((*train.names, *val.names)) == list(folder.names)
    assert folder.hold_out(0.25, seed=3)[1].names == val.names
    assert folder.hold_out(0.25, seed=4)[1].names != val.names


def test_images_of_one_group_stay_together(tmp_path):
    names = [f"{k:02d}" for k in range(12)]
    folder_path = drawn.labelled(tmp_path, names)
    rows = [(name, f"slide{k // 3}") for k, name in enumerate(names)]
    drawn.table(tmp_path / "metadata.csv", "id,slide", rows)
    folder = open_folder(folder_path)
    train, val = folder.hold_out(0.3, seed=0, group="slide")
    assert not set(train.column("slide").values()) & set(val.column("slide").values())
    with pytest.raises(InputError, match="no column 'patient'; its columns are: slide"):
        folder.hold_out(0.3, seed=0, group="patient")


def test_labels_index_the_classes_that_are_asked_for(tmp_path):
    drawn.labelled(tmp_path, ["a"])
    drawn.table(tmp_path / "classes.csv", "id,class", [(k, "dead") for k in (1, 2, 3)])
    folder = open_folder(tmp_path).with_classes(["live", "dead"])
    assert folder.classes == ("live", "dead")
    assert folder.samples[0].instances.labels.tolist() == [1, 1, 1]
    with pytest.raises(InputError, match="has the class 'live', which is none of dead"):
        folder.with_classes(["dead"])


def test_a_folder_that_names_no_class_fits_any_single_one(tmp_path):
    folder = open_folder(drawn.labelled(tmp_path))
    found = folder.with_classes(["nucleus"]).samples[0].instances
    assert found.classes == ("nucleus",)
    assert found.labels.tolist() == [0, 0, 0]


def test_a_channel_and_a_page_may_be_chosen(tmp_path):
    stack = np.stack([drawn.picture(k) for k in range(3)])
    drawn.save(tmp_path / "images" / "a.tif", stack)
    drawn.save(tmp_path / "labels" / "a.tif", drawn.squares())
    sample = open_folder(tmp_path, page=2).samples[0]
    assert np.array_equal(sample.image[:, :, 0], stack[2])
    assert len(sample.instances) == 3
    colour = np.dstack([drawn.picture(k) for k in range(3)])
    drawn.save(tmp_path / "rgb" / "images" / "a.png", colour)
    drawn.save(tmp_path / "rgb" / "labels" / "a.png", drawn.squares())
    sample = open_folder(tmp_path / "rgb", channel=1).samples[0]
    assert np.array_equal(sample.image, colour[:, :, 1:2])


def test_binary_masks_of_many_regions_are_warned_of_at_once(tmp_path):
    drawn.save(tmp_path / "images" / "a.png", drawn.picture())
    drawn.save(tmp_path / "masks" / "a.png", (drawn.squares() > 0).astype(np.uint8) * 255)
    (warning,) = open_folder(tmp_path).warnings
    assert "ONE object" in warning
    assert "--task components" in warning
    assert open_folder(tmp_path, task="components").warnings == ()


def test_real_label_images_are_not_taken_for_binary_ones(tmp_path):
    drawn.labelled(tmp_path)
    drawn.save(tmp_path / "labels" / "a.png", drawn.squares(1))
    assert open_folder(tmp_path).warnings == ()


def test_an_unknown_task_is_refused(tmp_path):
    with pytest.raises(InputError, match="task is one of instances, components, semantic"):
        open_folder(drawn.labelled(tmp_path), task="object")


def test_images_whose_names_agree_in_a_part_are_held_out_together(tmp_path):
    names = [f"film{film}_t{frame:02}" for film in range(4) for frame in range(3)]
    folder = open_folder(drawn.labelled(tmp_path, names))
    for seed in range(5):
        train, val = folder.hold_out(0.25, seed, group=r"(film\d+)_")
        assert len(val) == 3
        assert not {name[:5] for name in train.names} & {name[:5] for name in val.names}
    with pytest.raises(InputError, match=r"finds no group in the names of 12 images"):
        folder.groups("(slide)")
    with pytest.raises(InputError, match="has no part in parentheses"):
        folder.groups("(?:film)")
    with pytest.raises(InputError, match="no regular expression"):
        folder.groups("(film")
    with pytest.raises(InputError, match=r"there is no metadata\.csv"):
        folder.groups("film")
