import json

import pytest

import kontur
from kontur.errors import InputError
from kontur.infer.record import Record, digest

NOW = {"model": "nuclei", "digest": "a" * 16, "score": 0.3}


def test_a_record_says_what_was_made_how_and_by_which_version(tmp_path):
    record = Record.open(tmp_path, NOW)
    record.add("b", {"objects": 2})
    record.add("a", {"objects": 1})
    record.write()
    written = json.loads((tmp_path / "predict.json").read_text())
    images = {"a": {"objects": 1}, "b": {"objects": 2}}
    assert written == {"kontur": kontur.__version__, "made": [{**NOW, "images": images}]}


def test_a_second_call_with_the_same_settings_goes_on(tmp_path):
    for name in ("a", "b"):
        record = Record.open(tmp_path, NOW)
        record.add(name, {})
        record.write()
    (made,) = Record.open(tmp_path, NOW).makings
    assert sorted(made.images) == ["a", "b"]
    assert Record.open(tmp_path, NOW).made_otherwise({"a": [], "b": []}) == {}


def test_other_settings_are_told_by_image_and_by_what_differs(tmp_path):
    record = Record.open(tmp_path, NOW)
    record.add("a", {})
    record.write()
    other = Record.open(tmp_path, {**NOW, "score": 0.5})
    assert other.made_otherwise({"a": []}) == {"a": "score 0.3, now 0.5"}
    retrained = Record.open(tmp_path, {**NOW, "digest": "b" * 16})
    assert retrained.made_otherwise({"a": []}) == {"a": "the model of this name was another one"}


def test_an_image_stands_under_the_last_making_only(tmp_path):
    record = Record.open(tmp_path, NOW)
    record.add("a", {"objects": 1})
    record.write()
    record = Record.open(tmp_path, {**NOW, "score": 0.5})
    record.add("a", {"objects": 3})
    record.write()
    (made,) = json.loads((tmp_path / "predict.json").read_text())["made"]
    assert (made["score"], made["images"]) == (0.5, {"a": {"objects": 3}})


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"made": 3}', '{"made": [{}]}'])
def test_a_foreign_predict_json_is_refused_not_overwritten(tmp_path, text):
    (tmp_path / "predict.json").write_text(text)
    with pytest.raises(InputError, match=r"predict\.json is not a record"):
        Record.open(tmp_path, NOW)


def test_a_digest_tells_files_apart(tmp_path):
    for name, content in (("a", b"1"), ("b", b"1"), ("c", b"2")):
        (tmp_path / name).write_bytes(content)
    a, b, c = (digest(tmp_path / name) for name in "abc")
    assert a == b != c
    assert len(a) == 16
