"""Which images are learned from and which are validated on."""

import json

import pytest

from kontur.data.synthetic import write_dataset
from kontur.errors import InputError
from kontur.train.config import DataConfig
from kontur.train.dataset import describe_data, open_data


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
        ('{"train": ["scene-0000"]}', "must be {"),
        ('{"train": [], "val": ["scene-0000"]}', "names no image to learn from"),
        ('{"train": ["scene-0000"], "val": []}', "names no image to validate on"),
        ('{"train": ["none"], "val": ["scene-0000"]}', "has no image 'none'"),
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
    write_dataset(tmp_path / "data", images, size=(32, 32))
    config = DataConfig(path=str(tmp_path / "data"))
    data = open_data(config, seed=0)
    assert (len(data.train), len(data.val)) == (images - held, held)
    assert ("! one image alone decides" in describe_data(data, "validation.txt")) == (held == 1)
    given = open_data(config.replace(val=0.5), seed=0)
    assert abs(len(given.val) - images / 2) <= 0.5


def test_images_of_one_group_are_held_out_together(tmp_path):
    names = write_dataset(tmp_path / "data", 12, size=(32, 32))
    films = {name: f"film-{place // 4}" for place, name in enumerate(sorted(names))}
    rows = "".join(f"{name},{film}\n" for name, film in films.items())
    (tmp_path / "data" / "metadata.csv").write_text(f"image,film\n{rows}")
    data = open_data(DataConfig(path=str(tmp_path / "data"), group="film"), seed=0)
    assert len(data.val) == 4
    assert len({films[name] for name in data.val.names}) == 1
    with pytest.raises(InputError, match="has no column 'slide'"):
        open_data(DataConfig(path=str(tmp_path / "data"), group="slide"), seed=0)
