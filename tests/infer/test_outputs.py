"""Formats of outputs, by word."""

import pytest

from kontur.errors import InputError
from kontur.infer.outputs import parse_outputs


def test_formats_are_chosen_by_word_and_a_wrong_one_gets_the_nearest():
    assert parse_outputs("geojson, CSV,csv") == ("geojson", "csv")
    with pytest.raises(InputError, match="no output format 'geojsn'; did you mean 'geojson'"):
        parse_outputs("geojsn")
    with pytest.raises(InputError, match="at least one"):
        parse_outputs(",")
