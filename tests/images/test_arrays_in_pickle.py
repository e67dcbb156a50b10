"""Arrays in a pickle of which nothing is run."""

import os
import pickle
import subprocess

import numpy as np
import pytest

from kontur import formats
from kontur.errors import InputError
from kontur.images import arrays_in_pickle
from tests.images.pickles import MASKS, save


class Attack:
    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "attack",
    [
        Attack(os.system, ("touch attacked",)),
        Attack(subprocess.call, (["touch", "attacked"],)),
        Attack(eval, ("open('attacked', 'w')",)),
        Attack(np.load, ("attacked",)),
        {"masks": MASKS, "flows": [Attack(os.system, ("touch attacked",))]},
    ],
)
def test_nothing_of_the_file_is_run(tmp_path, monkeypatch, attack):
    path = save(tmp_path, attack)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        InputError, match=r"it names .*, and only arrays are read; save the masks as"
    ):
        formats.read(path)
    assert os.listdir(tmp_path) == ["a_seg.npy"]


def test_numbers_in_a_pickle_take_no_memory(tmp_path):
    huge = b"\x80\x04}r\xff\xff\xff\x7f."  # to be kept in the place 2^31 of a list
    assert arrays_in_pickle.load(huge) == {}


def test_an_array_that_claims_to_be_larger_than_its_bytes_is_refused(tmp_path):
    data = pickle.dumps(MASKS, protocol=4).replace(b"K\x03K\x03", b"K\x03K\xff")
    with pytest.raises(arrays_in_pickle.Refused, match="an array of 3×255 has 18 bytes"):
        arrays_in_pickle.load(data)
