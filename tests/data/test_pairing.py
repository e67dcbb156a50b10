import pytest

from kontur.data.pairing import pair
from kontur.errors import InputError


def test_names_match_whole_or_by_their_last_part():
    assert pair(["val/a", "b"], ["a", "b", "c"]) == {"val/a": "a", "b": "b"}
    assert pair(["a", "p/a"], ["p/a", "a"]) == {"a": "a", "p/a": "p/a"}
    with pytest.raises(InputError, match=r"p/a, q/a could all be of the image 'a'"):
        pair(["a"], ["p/a", "q/a"])
    with pytest.raises(InputError, match=r"--split"):
        pair(["train/a", "val/a"], ["a"])
