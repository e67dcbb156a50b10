import pytest

from kontur.data.pairing.pair_names import pair
from kontur.errors import InputError


def test_names_match_whole_or_by_their_last_part():
    assert pair(["val/a", "b"], ["a", "b", "c"]) == {"val/a": "a", "b": "b"}
    assert pair(["a", "p/a"], ["p/a", "a"]) == {"a": "a", "p/a": "p/a"}
    with pytest.raises(InputError, match=r"p/a, q/a could all be of the image 'a'"):
        pair(["a"], ["p/a", "q/a"])
    with pytest.raises(InputError, match=r"--split"):
        pair(["train/a", "val/a"], ["a"])


def test_the_first_channel_of_a_case_of_nnunet_is_matched_with_the_case():
    assert pair(["t/a_0000", "b_0000"], ["b", "a"]) == {"t/a_0000": "a", "b_0000": "b"}
    assert pair(["a", "b"], ["a_0000", "b_0000"]) == {"a": "a_0000", "b": "b_0000"}
    assert pair(["film_0000", "film_0001"], ["film"]) == {}
    assert pair(["a_0000"], ["a_0000", "a"]) == {"a_0000": "a_0000"}
    assert pair(["a_0000"], ["a_0001"]) == {}
