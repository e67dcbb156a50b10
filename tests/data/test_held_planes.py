"""Planes of stacks and volumes as training images: what is held out lies beside nothing learned."""

import pytest

from kontur.data.folder import open_folder
from kontur.data.held_planes import along_longer_axis
from kontur.images.tiff import planes as tiff
from tests.data.annotated_volumes import volume


def pages(folder):
    return [(item.name, item.page) for item in folder.annotated]


def test_of_several_volumes_whole_ones_are_held_out(tmp_path):
    for number, planes in enumerate((6, 4, 5, 6)):
        volume(tmp_path, f"v{number}.nii.gz", planes)
    folder = open_folder(tmp_path, page="all")
    assert folder.images == ("v0", "v1", "v2", "v3")
    for seed in range(4):
        train, val = folder.hold_out(0.2, seed)
        assert {*train.images}.isdisjoint(val.images)
        assert sorted(pages(train) + pages(val)) == pages(folder)
        assert len(val.images) == 1


@pytest.mark.parametrize("name", ["v.tif", "v.nii.gz"])
def test_of_a_single_volume_the_last_planes_are_held_out_after_a_gap(tmp_path, name):
    folder = open_folder(volume(tmp_path, name, 20), page="all")
    train, val = folder.hold_out(0.2, seed=0)
    assert [item.page for item in val.annotated] == [16, 17, 18, 19]
    assert [item.page for item in train.annotated] == [*range(15)]
    again = folder.hold_out_again(["v page 16", "v page 17", "v page 18", "v page 19"])
    assert [pages(part) for part in again] == [pages(train), pages(val)]


def test_empty_planes_at_the_end_of_a_volume_are_no_validation_of_their_own(tmp_path):
    folder = open_folder(volume(tmp_path, "v.tif", 20, full=range(5, 15)), page="all")
    train, val = folder.hold_out(0.2, seed=0)
    assert [item.page for item in val.annotated] == [*range(13, 20)]
    assert [item.page for item in train.annotated] == [*range(12)]


def test_a_film_of_a_volume_is_divided_along_the_axis_that_is_longer(tmp_path):
    """A last fifth of the pages would have the same depths at the time before."""
    film = volume(tmp_path / "z", "film.ome.tif", (2, 6), axes="TZYX")
    train, val = open_folder(film, page="all").hold_out(0.2, seed=0)
    assert [item.page % 6 for item in val.annotated] == [5, 5]
    assert [item.page % 6 for item in train.annotated] == [0, 1, 2, 3] * 2
    film = volume(tmp_path / "t", "film.ome.tif", (6, 2), axes="TZYX")
    train, val = open_folder(film, page="all").hold_out(0.2, seed=0)
    assert [item.page // 2 for item in val.annotated] == [5, 5]
    assert [item.page // 2 for item in train.annotated] == [0, 0, 1, 1, 2, 2, 3, 3]


def test_the_file_of_a_film_is_looked_at_once_for_all_planes(tmp_path, monkeypatch):
    film = volume(tmp_path, "film.ome.tif", (2, 6), axes="TZYX") / "images/film.ome.tif"
    looks = []
    for name in ("read", "open_windows", "list_planes"):
        look = getattr(tiff, name)
        monkeypatch.setattr(
            tiff, name, lambda *given, look=look, **more: looks.append(1) or look(*given, **more)
        )
    assert along_longer_axis(film, range(12)) == [0, 1, 2, 3, 4, 5] * 2
    assert len(looks) == 1


def test_of_two_planes_one_is_learned_from(tmp_path):
    train, val = open_folder(volume(tmp_path, "v.tif", 2), page="all").hold_out(0.2, seed=0)
    assert pages(train) == [("v", 0)]
    assert pages(val) == [("v", 1)]


def test_samples_of_planes_have_names_of_their_own(tmp_path):
    folder = open_folder(volume(tmp_path, "v.tif", 2), page="all")
    assert [sample.name for sample in folder.samples] == ["v page 0", "v page 1"]
    assert [sample.name for sample in folder.load()] == ["v page 0", "v page 1"]
