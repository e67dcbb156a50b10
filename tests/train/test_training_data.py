"""Which images are learned from and which are validated on."""

import json
import shutil

import pytest
from PIL import Image

from kontur.data.folder import open_folder
from kontur.data.synthetic import write_dataset
from kontur.errors import InputError
from kontur.train.config import DataConfig
from kontur.train.training_data import (
    bare_planes_warning,
    copies_warning,
    describe_data,
    open_data,
)
from tests.data.annotated_volumes import volume


def test_a_file_says_what_is_learned_from_and_what_is_validated_on(folder, tmp_path):
    path = tmp_path / "split.json"
    path.write_text(json.dumps({"train": ["scene-0003", "scene-0001"], "val": ["scene-0000"]}))
    data = open_data(DataConfig(path=str(folder), split=str(path)), seed=0)
    assert data.train.names == ("scene-0003", "scene-0001")
    assert data.val.names == ("scene-0000",)
    assert not data.held_out


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "cannot be read"),
        ("{", "must be {"),
        ("[]", "must be {"),
        ('{"train": 5, "val": "train"}', "must be {"),
        ('{"train": ["scene-0000"]}', "must be {"),
        ('{"train": [], "val": ["scene-0000"]}', "names no image to learn from"),
        ('{"train": ["scene-0000"], "val": []}', "names no image to validate on"),
        ('{"train": ["none"], "val": ["scene-0000"]}', "has no image 'none'"),
        ('{"train": ["a", "b"], "val": ["b"]}', r"has 1 image \(b\) in both parts"),
    ],
)
def test_a_file_that_does_not_say_it_is_refused(folder, tmp_path, text, sentence):
    path = tmp_path / "split.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=sentence):
        open_data(DataConfig(path=str(folder), split=str(path)), seed=0)


@pytest.mark.parametrize(("images", "held"), [(2, 1), (5, 1), (10, 2), (13, 3), (20, 3), (40, 4)])
def test_three_images_of_few_or_a_fifth_of_them_validate(tmp_path, images, held):
    write_dataset(tmp_path / "data", images, size=(32, 32), count=1)
    config = DataConfig(path=str(tmp_path / "data"))
    data = open_data(config, seed=0)
    assert (len(data.train), len(data.val)) == (images - held, held)
    assert ("! one image alone decides" in describe_data(data, "validation.txt")) == (held == 1)
    given = open_data(config.replace(val=0.5), seed=0)
    assert abs(len(given.val) - images / 2) <= 0.5


def test_images_of_one_group_are_held_out_together(tmp_path):
    names = write_dataset(tmp_path / "data", 12, size=(32, 32), count=1)
    films = {name: f"film-{place // 4}" for place, name in enumerate(sorted(names))}
    rows = "".join(f"{name},{film}\n" for name, film in films.items())
    (tmp_path / "data" / "metadata.csv").write_text(f"image,film\n{rows}")
    data = open_data(DataConfig(path=str(tmp_path / "data"), group="film"), seed=0)
    assert len(data.val) == 4
    assert len({films[name] for name in data.val.names}) == 1
    with pytest.raises(InputError, match="has no column 'slide'"):
        open_data(DataConfig(path=str(tmp_path / "data"), group="slide"), seed=0)


def test_of_a_run_that_goes_on_the_same_images_stay_held_out_and_new_ones_are_learned_from(
    folder, tmp_path
):
    data = tmp_path / "data"
    shutil.copytree(folder, data)
    config = DataConfig(path=str(data))
    kept = open_data(config, seed=0).val.names
    for name in ("a", "b", "c", "d", "e", "f", "z"):
        for part in ("images", "labels"):
            shutil.copy(data / part / "scene-0000.png", data / part / f"{name}.png")
    assert open_data(config, seed=0).val.names != kept
    again = open_data(config, seed=1, kept=kept)
    assert again.val.names == kept
    assert len(again.train) == 13 - len(kept)
    assert not {*again.train.names} & {*kept}
    (data / "images" / f"{kept[0]}.png").unlink()
    with pytest.raises(InputError, match=r"lacks 1 image .* that the run validates on; go on with"):
        open_data(config, seed=0, kept=kept)
    with pytest.raises(InputError, match="has only images that the run validates on"):
        open_data(config, seed=0, kept=open_folder(data).names)


def test_new_images_of_a_group_that_is_held_out_are_not_learned_from(tmp_path):
    names = write_dataset(tmp_path / "data", 12, size=(32, 32), count=1)
    films = {name: f"film-{place // 4}" for place, name in enumerate(names)}
    rows = "".join(f"{name},{film}\n" for name, film in films.items())
    (tmp_path / "data" / "metadata.csv").write_text(f"image,film\n{rows}")
    config = DataConfig(path=str(tmp_path / "data"), group="film")
    data = open_data(config, seed=1, kept=names[4:6])
    assert data.val.names == tuple(names[4:8])
    assert data.train.names == (*names[:4], *names[8:])


@pytest.mark.parametrize("given", ["part", "folder", "split"])
def test_a_part_that_is_given_stays_as_it_is_where_a_run_goes_on(tmp_path, given):
    for part in ("train", "val"):
        write_dataset(tmp_path / "data" / part, 3, size=(32, 32), count=1)
    split = tmp_path / "split.json"
    split.write_text(json.dumps({"train": ["train/scene-0000"], "val": ["train/scene-0001"]}))
    data = tmp_path / "data"
    config = {
        "part": DataConfig(path=str(data)),
        "folder": DataConfig(path=str(data), val=str(data / "val")),
        "split": DataConfig(path=str(data), split=str(split)),
    }[given]
    before = open_data(config, seed=0)
    again = open_data(config, seed=0, kept=before.val.names)
    assert (again.train.names, again.val.names) == (before.train.names, before.val.names)
    with pytest.raises(InputError, match=r"1 image \(.*scene-0001\) would be validated on that"):
        open_data(config, seed=0, kept=[n for n in before.val.names if "0001" not in n])


def test_a_file_may_say_that_none_is_to_be_held_out(folder, tmp_path):
    path = tmp_path / "split.json"
    path.write_text(json.dumps({"train": ["scene-0000", "scene-0001"], "val": "train"}))
    data = open_data(DataConfig(path=str(folder), split=str(path)), seed=0)
    assert data.val is data.train
    assert data.val.names == ("scene-0000", "scene-0001")
    loaded = data.train.load()
    assert copies_warning(loaded, loaded) == ""


def test_images_that_are_learned_from_cannot_be_given_to_validate_on(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    for val in (folder, tmp_path / "link"):
        with pytest.raises(InputError, match=r"has 6 images \(.*\) in common with .*; validate on"):
            open_data(DataConfig(path=str(folder), val=str(val)), seed=0)


def test_copies_of_images_that_are_learned_from_are_pointed_out(folder, tmp_path):
    val = tmp_path / "val"
    write_dataset(val, 3, seed=7, size=(72, 80))
    data = open_data(DataConfig(path=str(folder), val=str(val)), seed=0)
    assert copies_warning(data.train.load(), data.val.load()) == ""
    for name, turned in (("scene-0001", None), ("scene-0002", Image.Transpose.ROTATE_90)):
        with Image.open(folder / "images" / "scene-0005.png") as opened:
            copy = opened.copy() if turned is None else opened.transpose(turned)
        copy.save(val / "images" / f"{name}.png")
        with Image.open(val / "labels" / f"{name}.png") as opened:
            opened.resize(copy.size, Image.Resampling.NEAREST).save(val / "labels" / f"{name}.png")
    warning = copies_warning(data.train.load(), data.val.load())
    assert warning == (
        "! 2 of the 3 validation images (scene-0001, scene-0002) are also learned from: the scores "
        "are too good"
    )


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"val": 0.5}, "has a val part of its own, so --val 0.5 .*; leave that out, or give its"),
        ({"group": "film"}, "has a val part of its own, so --group film .*; leave that out, or"),
        ({"val": "VAL", "group": "film"}, "is what to validate on, so --group film .* leave that"),
        ({"split": "FILE", "val": 0.5}, "data.split names .*, so --val 0.5 would have no effect"),
        ({"split": "FILE", "group": "film"}, "data.split names .*, so --group film would have no"),
    ],
)
def test_an_option_that_would_have_no_effect_is_refused(tmp_path, options, sentence):
    data, split = tmp_path / "data", tmp_path / "split.json"
    for part in ("train", "val"):
        write_dataset(data / part, 2, size=(32, 32), count=1)
    split.write_text(json.dumps({"train": ["train/scene-0000"], "val": ["val/scene-0000"]}))
    places = {"VAL": str(data / "val"), "FILE": str(split)}
    config = DataConfig(
        path=str(data), **{key: places.get(value, value) for key, value in options.items()}
    )
    with pytest.raises(InputError, match=sentence):
        open_data(config, seed=0)


def test_a_run_that_began_with_such_an_option_goes_on(tmp_path):
    for part in ("train", "val"):
        write_dataset(tmp_path / "data" / part, 1, size=(32, 32), count=1)
    config = DataConfig(path=str(tmp_path / "data"), val=0.5)
    data = open_data(config, seed=0, kept=["val/scene-0000"])
    assert data.train.names == ("train/scene-0000",)


def places(folder):
    return [(item.name, item.page) for item in folder.annotated]


def test_of_volumes_whole_ones_are_held_out_and_stay_so(tmp_path):
    for number in range(5):
        volume(tmp_path, f"v{number}.tif", 4)
    config = DataConfig(path=str(tmp_path), page="all")
    data = open_data(config, seed=0)
    (held,) = data.val_names
    assert {*data.train.names} == {f"v{number}" for number in range(5)} - {held}
    assert (len(data.train), len(data.val)) == (16, 4)
    assert describe_data(data, "validation.txt") == (
        "16 planes of 4 images to learn from, 4 planes of 1 image to validate on, held out "
        f"({held}; all in validation.txt)"
    )
    volume(tmp_path, "new.tif", 6)
    again = open_data(config, seed=1, kept=data.val_names)
    assert (places(again.val), len(again.train)) == (places(data.val), 22)


def test_of_a_single_volume_planes_are_held_out_and_stay_so(tmp_path):
    config = DataConfig(path=str(volume(tmp_path, "v.tif", 10)), page="all")
    data = open_data(config, seed=0)
    assert data.val_names == ("v page 8", "v page 9")
    assert places(data.train) == [("v", page) for page in range(7)]
    told = describe_data(data, "validation.txt")
    assert "7 planes of 1 image to learn from, 2 planes of 1 image to validate on" in told
    assert "! planes of one image are learned from and validated on, its last ones" in told
    volume(tmp_path, "w.tif", 3)
    again = open_data(config, seed=1, kept=data.val_names)
    assert places(again.val) == places(data.val)
    assert places(again.train) == places(data.train) + [("w", page) for page in range(3)]
    (tmp_path / "images" / "w.tif").unlink()
    volume(tmp_path, "v.tif", 9)
    with pytest.raises(InputError, match=r"lacks 1 image \(v page 9\) that the run validates on"):
        open_data(config, seed=0, kept=data.val_names)
    assert open_data(config.replace(val=0.5), seed=0).val_names[0] == "v page 5"
    with pytest.raises(InputError, match=r"group: .* finds no group|at least two groups, got 1"):
        open_data(config.replace(group="(v)"), seed=0)


def test_a_folder_of_volumes_to_validate_on_is_taken_with_all_planes(tmp_path):
    for part, name in (("train", "v.tif"), ("val", "w.tif")):
        volume(tmp_path / part, name, 3)
    train, val = tmp_path / "train", tmp_path / "val"
    data = open_data(DataConfig(path=str(train), val=str(val), page="all"), seed=0)
    assert (len(data.train), len(data.val), data.val_names) == (3, 3, ("w",))
    with pytest.raises(InputError, match=r"has 1 image \(v\) in common with"):
        open_data(DataConfig(path=str(train), val=str(train), page="all"), seed=0)


@pytest.mark.parametrize("page", ["al", -1, "1.5", True])
def test_a_page_that_is_none_is_refused_in_one_sentence(page):
    with pytest.raises(ValueError, match="wanted the number of a page, from 0, or all") as problem:
        DataConfig(page=page)
    assert problem.value.error_count() == 1


def test_a_single_volume_without_a_page_is_answered_with_all_of_them(tmp_path):
    config = DataConfig(path=str(volume(tmp_path, "v.tif", 5)))
    with pytest.raises(InputError, match=r"only image and has 5 planes; .* --set data\.page=all"):
        open_data(config, seed=0)


def test_images_of_another_folder_that_are_called_alike_are_others(tmp_path):
    """Only planes of one file that are learned from and validated on say little of other images."""
    for part, seed in (("a", 1), ("b", 2)):
        write_dataset(tmp_path / part, 1, size=(32, 32), count=1, seed=seed)
    data = open_data(DataConfig(path=str(tmp_path / "a"), val=str(tmp_path / "b")), seed=0)
    assert data.train.names == data.val.names == data.val_names == ("scene-0000",)
    assert "planes of one image" not in describe_data(data, "validation.txt")
    for part in ("v", "w"):
        volume(tmp_path / part, "x.tif", 3)
    config = DataConfig(path=str(tmp_path / "v"), val=str(tmp_path / "w"), page="all")
    assert open_data(config, seed=0).val_names == ("x",)


def test_planes_without_objects_are_told_where_they_are_most(tmp_path):
    for name, full, warned in [
        ("few", (0, 4), True),
        ("half", (0, 2, 4), False),
        ("none", (), False),
    ]:
        data = volume(tmp_path / name, "a.tif", 6, full=full)
        loaded = open_folder(str(data), page="all").load()
        assert bool(bare_planes_warning(loaded)) == warned
        if warned:
            assert "2 of 6 planes to learn from have objects" in bare_planes_warning(loaded)
    assert bare_planes_warning(open_folder(str(data), page=0).load()) == ""
