"""Documents whose rows are converted while they are parsed, beside Python's own parser."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontur.files import json_document
from kontur.files.json_rows import rows_converted

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def numbered(rows):
    return list(enumerate(rows, start=1))


def expected(content):
    if isinstance(content, list):
        return numbered(content)
    if isinstance(content, dict) and isinstance(content.get("rows"), list):
        return content | {"rows": numbered(content["rows"])}
    return content


@given(
    VALUES | st.dictionaries(st.sampled_from(["rows", "a", "b"]), VALUES | st.lists(VALUES)),
    st.sampled_from([None, 1]),
    st.booleans(),
)
def test_a_document_is_what_pythons_parser_makes_of_it_but_for_its_rows(content, indent, escaped):
    text = json.dumps(content, indent=indent, ensure_ascii=escaped)
    found = rows_converted(f" {text}\n", "rows", lambda number, row: (number, row))
    assert found == expected(json.loads(text))


@given(st.sampled_from(['{"rows": [1, {"a": 2}], "b": [3]}', '[{"a": "]"}, 2]', "7"]), st.data())
def test_a_text_is_refused_where_pythons_parser_refuses_it(text, data):
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.sampled_from(["", "x", ",", "]", "}", '"', ":", " 1"]))
    damaged = text[:at] + cut + text[at + data.draw(st.integers(0, 2)) :]
    try:
        known = json.loads(damaged)
    except json.JSONDecodeError:
        with pytest.raises(json.JSONDecodeError):
            rows_converted(damaged, "rows", lambda number, row: (number, row))
    else:
        found = rows_converted(damaged, "rows", lambda number, row: (number, row))
        assert found == expected(known)


def test_names_of_members_are_held_once_in_all_rows():
    rows = rows_converted('[{"name": 1}, {"name": 2}]', "", lambda _, row: next(iter(row)))
    assert rows[0] is rows[1]


@pytest.mark.parametrize("shift", [0, 1, 2, 3])
def test_depth_and_long_numbers_are_found_across_the_pieces_that_are_checked(monkeypatch, shift):
    monkeypatch.setattr(json_document, "CHUNK", 8)
    text = " " * shift + r'{"a\\": "\"[[[[", "b": [[1, "\\"]]}'
    assert json_document.depth(text) == 3
    monkeypatch.setattr(json_document, "CHUNK", 500)
    number = " " * (300 + shift) + "1" * 401
    assert json_document._has_long_number(number)
    assert not json_document._has_long_number(" ".join(["1" * 399] * 6))
