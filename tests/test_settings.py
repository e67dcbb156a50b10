"""Settings: unknown keys are named, `--set` is read as TOML, TOML text survives a round trip."""

import re
import string
import tomllib
from typing import ClassVar, Literal

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontur.errors import InputError
from kontur.settings import Settings, merge, overrides, read_toml, to_toml


class Model(Settings):
    points: int = 64
    stages: tuple[int, ...] = (1, 2)
    supervise: str = "all"


class Run(Settings):
    steps: int = 1000
    rate: float = 2e-3
    resume: bool = False
    model: Model = Model()
    refiner: Model | None = None


class Circle(Settings):
    kind: Literal["circle"] = "circle"
    radius: float = 1.0


class Square(Settings):
    RENAMED: ClassVar[dict[str, str]] = {"edge": "side"}
    kind: Literal["square"] = "square"
    side: float = pydantic.Field(1.0, gt=0)


class Shapes(Settings):
    shape: Circle | Square = pydantic.Field(Circle(), discriminator="kind")


def test_a_table_of_another_kind_keeps_nothing_of_the_one_before():
    before, after = {"shape": {"kind": "circle", "radius": 2}}, {"shape": {"kind": "square"}}
    assert Shapes.read(merge(before, after)).shape == Square()
    assert Shapes.read(merge(before, {"shape": {"radius": 3.0}})).shape == Circle(radius=3.0)
    assert merge({"shape": {"side": 2}}, after) == {"shape": {"side": 2, "kind": "square"}}


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        ({"kind": "squre"}, "'shape.kind' is 'squre'; did you mean 'square'?"),
        ({"kind": "square", "sied": 1}, "unknown key 'shape.sied'; did you mean 'side'?"),
        ({"kind": "square", "radius": 1.0}, "unknown key 'shape.radius'; known are kind, side"),
        ({"kind": "square", "edge": 1}, "unknown key 'shape.edge'; it is called 'shape.side' now"),
        ({"kind": "square", "side": -1.0}, "'shape.side' is -1.0: it should be greater than 0"),
    ],
)
def test_a_table_of_one_of_several_kinds_is_answered_from_that_kind(shape, sentence):
    with pytest.raises(InputError, match=re.escape(sentence)):
        Shapes.read({"shape": shape})
    assert Shapes.dotted_keys() == ["shape", "shape.kind", "shape.radius", "shape.side"]


def test_an_old_key_of_one_kind_is_renamed_in_that_kind():
    old = {"shape": {"kind": "square", "edge": 3.0}}
    assert Shapes.read(Shapes.migrated(old)).shape == Square(side=3.0)


def test_an_unknown_key_is_answered_with_the_nearest_right_one():
    with pytest.raises(InputError, match="unknown key 'step'; did you mean 'steps'"):
        Run.read({"step": 5})


def test_an_unknown_nested_key_is_named_with_its_table_and_answered_from_that_table():
    with pytest.raises(InputError, match=r"unknown key 'model\.pionts'; did you mean 'points'"):
        Run.read({"model": {"pionts": 5}})
    with pytest.raises(InputError, match=r"unknown key 'refiner\.pionts'; did you mean 'points'"):
        Run.read({"refiner": {"pionts": 5}})


def test_a_key_that_stands_in_another_table_is_answered_with_its_full_path():
    with pytest.raises(InputError, match=r"'points'; did you mean 'model.points' or 'refiner.poi"):
        Run.read({"points": 5})
    with pytest.raises(InputError, match=r"'model\.rate'; did you mean 'rate'\?"):
        Run.read({"model": {"rate": 5}})
    with pytest.raises(InputError, match=r"'supervised'; did you mean 'model\.supervise'\?"):
        Run.read({"supervised": "all"})


def test_a_key_that_resembles_nothing_is_answered_with_the_list():
    with pytest.raises(InputError, match="known are steps, rate, resume, model, refiner"):
        Run.read({"zzzzzz": 5})


def test_every_wrong_key_is_reported_at_once_with_the_file_it_stands_in():
    with pytest.raises(InputError, match=r"^run\.toml: ") as told:
        Run.read({"stepps": 5, "model": {"pionts": 5}}, where="run.toml")
    assert "'stepps'" in str(told.value)
    assert "'model.pionts'" in str(told.value)


def test_a_value_of_the_wrong_kind_is_shown():
    with pytest.raises(InputError, match="'steps' is 'many'"):
        Run.read({"steps": "many"})
    with pytest.raises(InputError, match="'rate' is nan"):
        Run.read({"rate": float("nan")})


def test_a_missing_value_is_named():
    class Needs(Settings):
        folder: str

    with pytest.raises(InputError, match="'folder' is missing"):
        Needs.read({})


def test_settings_do_not_change_and_a_changed_copy_is_checked():
    run = Run()
    with pytest.raises(ValueError, match="frozen"):
        run.steps = 5  # type: ignore[misc]
    assert run.replace(steps=5) == Run(steps=5)
    assert run.replace(model={"points": 32}).model.points == 32
    assert run.replace(steps=5).replace(rate=0.1).model_fields_set == {"steps", "rate"}
    with pytest.raises(InputError, match="did you mean 'steps'"):
        run.replace(step=5)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("5", 5),
        ("2e-3", 2e-3),
        ("true", True),
        ("[1, 2]", [1, 2]),
        ("all", "all"),
        ('"5"', "5"),
        ("", ""),
        ("a=b", "a=b"),
        ("images/train", "images/train"),
        ("2020-01-01", "2020-01-01"),
        ("07:32:00", "07:32:00"),
    ],
)
def test_the_value_of_an_override_is_toml_or_else_a_word(word, value):
    assert overrides([f"model.x={word}"]) == {"model": {"x": value}}


def test_overrides_of_one_table_are_gathered_and_the_last_one_wins():
    words = ["model.points=32", "model.points = 16", "model.supervise=last", "steps=1"]
    assert overrides(words) == {"model": {"points": 16, "supervise": "last"}, "steps": 1}
    assert overrides([]) == {}


@pytest.mark.parametrize("word", ["steps", "=5", " = 5"])
def test_an_override_without_a_key_or_a_value_is_refused(word):
    with pytest.raises(InputError, match="KEY=VALUE"):
        overrides([word])


def test_later_trees_win_and_neither_tree_is_changed():
    below, above = {"model": {"points": 64}, "steps": 1}, {"model": {"supervise": "last"}}
    assert merge(below, above) == {"model": {"points": 64, "supervise": "last"}, "steps": 1}
    assert below == {"model": {"points": 64}, "steps": 1}
    assert above == {"model": {"supervise": "last"}}
    assert merge() == {}
    assert merge({"model": 1}, {"model": {"points": 2}}) == {"model": {"points": 2}}


def test_a_run_written_as_toml_is_read_back_the_same(tmp_path):
    run = Run(rate=1e-5, resume=True, refiner=Model(stages=(), supervise='a "quoted"\nline'))
    path = tmp_path / "run.toml"
    path.write_text(to_toml(run.model_dump()), encoding="utf-8")
    assert Run.read(read_toml(path)) == run


AWKWARD = [
    "",
    ".",
    "a.b",
    "see p. 3",
    "5",
    "1e3",
    "true",
    "inf",
    "2020-01-01",
    'say "yes"',
    "C:\\a",
]
AWKWARD += ["two\nlines", "größe", "细胞", "\x00", "\x7f", "#", "a=b", "[x]", "\u2028", "😀", " "]
KEYS = st.one_of(
    st.text(string.ascii_lowercase + "_", min_size=1, max_size=8),
    st.sampled_from(AWKWARD),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)
PLAIN = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.sampled_from(AWKWARD),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)
VALUES = st.one_of(
    PLAIN,
    st.lists(PLAIN, max_size=3),
    st.lists(st.dictionaries(KEYS, PLAIN, max_size=2), min_size=1, max_size=2),
)
TREES = st.recursive(
    st.dictionaries(KEYS, VALUES, min_size=1, max_size=3),
    lambda below: st.dictionaries(KEYS, st.one_of(VALUES, below), min_size=1, max_size=3),
    max_leaves=6,
)


@given(TREES)
def test_any_tree_of_settings_survives_toml(tree):
    assert tomllib.loads(to_toml(tree)) == tree


@pytest.mark.parametrize("word", AWKWARD)
def test_a_key_that_toml_has_to_quote_is_read_back_at_every_depth(word):
    tree = {word: word, "table": {word: {word: [word]}, "empty": {word: {}}}}
    assert tomllib.loads(to_toml(tree)) == tree


def test_text_that_is_no_unicode_is_refused_in_a_sentence():
    for tree in ({"path": "a\udcffb"}, {"a\udcffb": 1}, {"a": {"b\udcff": {"c": 1}}}):
        with pytest.raises(InputError, match=r"no text.*valid Unicode"):
            to_toml(tree)


def test_parts_of_a_key_may_be_quoted():
    assert overrides(['about."a.b".c=1', "about.'see p. 3' = x"]) == {
        "about": {"a.b": {"c": 1}, "see p. 3": "x"}
    }
    with pytest.raises(InputError, match="--set takes a key such as"):
        overrides(['about."a=1'])


@given(TREES, TREES)
def test_merging_is_what_toml_read_twice_would_give(below, above):
    merged = merge(below, above)
    assert merge(merged, above) == merged
    assert merge({}, above) == above == merge(above, {})
    assert set(merged) == set(below) | set(above)


def test_a_file_that_is_missing_or_no_toml_is_refused_by_name(tmp_path):
    with pytest.raises(InputError, match=r"no config file .*nowhere\.toml"):
        read_toml(tmp_path / "nowhere.toml")
    (tmp_path / "broken.toml").write_text("steps = = 5")
    with pytest.raises(InputError, match=r"broken\.toml is not a TOML file"):
        read_toml(tmp_path / "broken.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"binary\.toml is not a TOML file"):
        read_toml(tmp_path / "binary.toml")


class Renamed(Settings):
    RENAMED: ClassVar[dict[str, str]] = {"speed": "rate", "depth": "model.points"}

    rate: float = 1.0
    model: Model = Model()


class Above(Settings):
    inner: Renamed = Renamed()


def test_what_an_older_version_wrote_is_moved_to_where_it_is_today():
    old = {"inner": {"speed": 2.0, "depth": 8, "model": {"supervise": "last"}}}
    moved = Above.migrated(old)
    assert moved == {"inner": {"rate": 2.0, "model": {"points": 8, "supervise": "last"}}}
    assert Above.migrated(moved) == moved
    assert Above.migrated({}) == {}
    assert old["inner"]["speed"] == 2.0  # the mapping that was given stays as it was


def test_an_old_key_is_answered_with_the_new_one():
    with pytest.raises(
        InputError, match=r"'inner\.depth'; it is called 'inner\.model\.points' now"
    ):
        Above.read({"inner": {"depth": 3}})
