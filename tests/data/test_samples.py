"""Samples as they are stored, and loaded as far as memory goes."""

import pickle

import numpy as np
import pytest

from kontur.data.folder import UnusableFilesError, load_both, open_folder
from kontur.errors import InputError
from tests.data import drawn


def test_a_sample_is_the_image_as_stored_and_its_objects(tmp_path):
    folder = open_folder(drawn.labelled(tmp_path))
    sample = folder.samples[1]
    assert len(folder) == len(folder.samples) == 2
    assert sample.name == "b"
    assert sample.image.dtype == np.uint8
    assert np.array_equal(sample.image[:, :, 0], drawn.picture(1))
    assert np.array_equal(sample.instances.label_image(), drawn.squares())


def test_loading_keeps_objects_and_images_as_far_as_memory_goes(tmp_path):
    folder = open_folder(drawn.labelled(tmp_path, ["a", "b", "c"]))
    seen = []
    loaded = folder.load(lambda *done: seen.append(done), image_memory=2 * 40 * 60)
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert [kept.image is not None for kept in loaded.stored] == [True, True, False]
    for kept, sample in zip(loaded, folder.samples, strict=True):
        assert kept.name == sample.name
        assert np.array_equal(kept.image, sample.image)
        assert np.array_equal(kept.instances.polygons, sample.instances.polygons)
    assert loaded[0].instances is loaded[0].instances, "traced once"


def test_loaded_samples_travel_to_loader_workers(tmp_path):
    loaded = open_folder(drawn.labelled(tmp_path)).load()
    there = pickle.loads(pickle.dumps(loaded))
    assert np.array_equal(there[1].image, loaded[1].image)
    assert there[1].instances.ids.tolist() == [1, 2, 3]


def test_loading_tries_all_files_and_says_how_many_are_broken(tmp_path):
    drawn.labelled(tmp_path, ["a", "b", "c"])
    (tmp_path / "labels" / "a.png").write_text("broken")
    (tmp_path / "images" / "c.png").write_text("broken")
    with pytest.raises(InputError, match=r"a\.png is not an image.* \(and 1 more file: .*c\.png"):
        open_folder(tmp_path).load()


def test_broken_files_of_both_halves_are_counted_together(tmp_path):
    drawn.labelled(tmp_path, ["a", "b", "c", "d", "e"])
    for name in "acd":
        (tmp_path / "images" / f"{name}.png").write_text("broken")
    folder = open_folder(tmp_path)
    with pytest.raises(InputError, match=r"a\.png .* \(and 2 more files: .*c\.png .*; .*d\.png"):
        load_both(folder.subset(["a", "b", "c"]), folder.subset(["d", "e"]))
    sound = folder.subset(["b"])
    assert [len(loaded) for loaded in load_both(sound, folder.subset(["e"]))] == [1, 1]
    one, same = load_both(sound, sound)
    assert one is same


def test_a_file_of_several_images_is_broken_once():
    assert str(UnusableFilesError(["a is broken", "a is broken"])) == "a is broken"
    assert str(UnusableFilesError("abcdef")) == "a (and 5 more files: b; c; d; …)"
