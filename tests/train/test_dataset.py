"""Which images are learned from where a file names them."""

import json

import pytest

from kontur.errors import InputError
from kontur.train.config import DataConfig
from kontur.train.dataset import open_data


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
        ("{", "wants {"),
        ("[]", "wants {"),
        ('{"train": ["scene-0000"]}', "wants {"),
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
