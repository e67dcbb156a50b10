"""The settings of a sweep's trainings, and the folders that they have."""

import pytest

from kontur.errors import InputError
from kontur.train.study.sweep_plan import combinations_of, folder_name, values_of


def test_every_setting_has_a_folder_of_its_own():
    assert folder_name(["a=-1"]) != folder_name(["a=1"])
    assert folder_name(["a=[-1,2]"]) != folder_name(["a=[1,2]"])
    with pytest.raises(InputError, match="x=Adam and x=adam would be trained in folders"):
        combinations_of(["x=Adam,adam"])
    with pytest.raises(InputError, match="--sweep has x twice"):
        combinations_of(["x=1,2", "x=3"])


@pytest.mark.parametrize("words", ["optimiser.rate", "=1,2", "optimiser.rate=", "a=1,,2"])
def test_what_names_no_values_is_refused(words):
    with pytest.raises(InputError, match="--sweep wants KEY=VALUE,VALUE"):
        values_of(words)
