"""JSON that every reader takes: equal to what the standard library writes, and without NaN."""

import json
import logging
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontur import formats
from kontur.errors import InputError
from kontur.files import json_document

scalars = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False)
finite = scalars.filter(lambda value: not isinstance(value, float) or math.isfinite(value))
keys = st.text(max_size=4)


def documents(leaves):
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    )


def reject(constant):
    pytest.fail(f"{constant} is no JSON")


@given(documents(finite))
def test_what_is_written_is_the_content_to_the_last_digit(content):
    assert json.loads(json_document.to_text(content), parse_constant=reject) == content


@given(documents(scalars | st.just(math.nan)))
def test_it_is_json_whatever_the_numbers_are(content):
    text = json_document.to_text(content)
    assert json.loads(text, parse_constant=reject) == json.loads(by_hand(content))


def by_hand(content):
    """The standard library's JSON of what is finite: null in a list, nothing in an object."""
    if isinstance(content, dict):
        kept = {key: value for key, value in content.items() if not infinite(value)}
        return "{" + ",".join(f"{json.dumps(k)}:{by_hand(v)}" for k, v in kept.items()) + "}"
    if isinstance(content, list):
        return "[" + ",".join(map(by_hand, content)) + "]"
    return json.dumps(None if infinite(content) else content)


def infinite(value):
    return isinstance(value, float) and not math.isfinite(value)


def test_nan_beside_a_null_is_told_and_left_out(caplog):
    content = {"score": None, "area": math.nan, "points": [[1.5, math.inf], [0.1, 2.0]]}
    with caplog.at_level(logging.WARNING, logger="kontur.files"):
        text = json_document.to_text(content)
    assert json.loads(text) == {"score": None, "points": [[1.5, None], [0.1, 2.0]]}
    assert "2 values NaN or Infinity left out" in caplog.text


@pytest.mark.parametrize(
    "content",
    [
        {"id": 2**70},
        {"id": -(2**70), "score": None},
        {"name": "half \ud83d of a letter"},
        {7: "a number as a key", "score": None},
        {"pairs": [(1, 2), (None, 0.1)]},
        {"tiny": 5e-324, "huge": 1.7976931348623157e308, "third": 1 / 3, "minus": -0.0},
    ],
    ids=["large", "large beside null", "half a letter", "keys", "tuples", "floats"],
)
def test_what_one_writer_does_not_know_the_other_writes(content):
    text = json_document.to_text(content)
    text.encode()
    assert json.loads(text) == json.loads(json.dumps(content))


@pytest.mark.parametrize("ending", [".geojson", ".json"])
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[" * 70 + "]" * 70, "nested too deeply"),
        ('{"features": ' + "[" * 200 + "]" * 200 + "}", "nested too deeply"),
        ('{"features": [], "n": ' + "9" * 500 + "}", "a number of more than 400 digits"),
        ('{"features": [', "cut short"),
        ("", "is empty"),
    ],
)
def test_json_that_no_parser_should_see_is_refused_before(tmp_path, ending, text, sentence):
    (tmp_path / f"a{ending}").write_text(text)
    with pytest.raises(InputError, match=sentence):
        formats.read(tmp_path / f"a{ending}")


def test_brackets_in_words_do_not_count_as_depth(tmp_path):
    names = '{"features": [], "note": "' + "[" * 90 + '\\"' + "{" * 90 + '"}'
    (tmp_path / "a.geojson").write_text(names)
    assert len(formats.read(tmp_path / "a.geojson")) == 0


def test_the_depth_is_the_same_however_the_text_is_cut(monkeypatch):
    text = '{"a [": [[1], "]]\\"[["], "b": {"c": []}}'
    for size in range(1, 30):
        monkeypatch.setattr(json_document, "CHUNK", size)
        assert json_document.depth(text) == 3


def test_a_boolean_is_no_id():
    with pytest.raises(InputError, match="image_id is True; an id wants a whole number or a word"):
        json_document.identity(True, "image_id")
    assert json_document.identity(1.0, "image_id") == 1
