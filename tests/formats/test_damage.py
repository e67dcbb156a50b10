"""Files that are damaged a little give a result or one sentence, whatever the format."""

import copy
import json
import shutil
import warnings

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from kontur import formats
from kontur.errors import InputError
from kontur.formats import ClassPrediction, ImageAnnotation
from kontur.images import zarr_store
from tests.formats import scenes

STRANGE = [
    *(None, True, -1, 0, 7.5, 1e300, -1e300, float("nan"), float("inf"), 10**30, "", "x", "1E1"),
    *([], {}, [[]], [None], [[1, 2]], {"a": 1}, {"z": "up", "t": -1}, {"size": [2, 2]}, "\ud800"),
]


def entries() -> list[ImageAnnotation]:
    found = scenes.ring_with_island()
    return [ImageAnnotation("p/a.png", found.size, found)]


def text_of(name: str, tmp_path) -> str:
    path = tmp_path / f"sound{formats.FORMATS[name].ending}"
    formats.write_images(path, entries())
    return path.read_text(encoding="utf-8-sig")


def read_all(path) -> None:
    """Read, write again and give new classes; a sentence is as good as a result."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = formats.read_images(path, size=(10, 12))
            predicted = [[ClassPrediction("b", {"a": 0.5})] * len(one.instances) for one in found]
            if formats.format_of(path).relabel is not None:
                formats.relabel(path, path.with_name(f"new{path.name}"), predicted, ["a", "b"])
            formats.write_images(path.with_name(f"again{path.name}"), found)
        except InputError as error:
            sentence = str(error)
            assert sentence
            assert "\n" not in sentence
            assert len(sentence) < 600


def places(value, here=()):
    """The path of every value inside JSON."""
    yield here
    children = value.items() if isinstance(value, dict) else ()
    for key, child in enumerate(value) if isinstance(value, list) else children:
        yield from places(child, (*here, key))


slow = hypothesis.settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)


@slow
@hypothesis.given(st.data())
@pytest.mark.parametrize("name", ["geojson", "coco"])
def test_json_in_which_a_value_is_another_or_missing(tmp_path, name, data):
    content = json.loads(text_of(name, tmp_path))
    for _ in range(data.draw(st.integers(1, 2))):
        *outer, last = data.draw(st.sampled_from([p for p in places(content) if p]))
        inside = content
        for key in outer:
            inside = inside[key]
        change = data.draw(st.sampled_from(["replace", "drop", "twice"]))
        if change == "drop":
            del inside[last]
        elif change == "twice" and isinstance(inside, list):
            inside.append(copy.deepcopy(inside[last]))
        else:
            inside[last] = copy.deepcopy(data.draw(st.sampled_from(STRANGE)))
    path = tmp_path / f"a{formats.FORMATS[name].ending}"
    path.write_text(json.dumps(content))
    read_all(path)


@slow
@hypothesis.given(st.data())
@pytest.mark.parametrize("name", list(formats.WRITABLE))
def test_files_with_bytes_lost_changed_or_repeated(tmp_path, name, data):
    path = tmp_path / f"a{formats.FORMATS[name].ending}"
    shutil.rmtree(path, ignore_errors=True)  # of the run before: a store is never half replaced
    formats.write_images(path, entries())
    if path.is_dir():  # one of the files of a store
        path = data.draw(st.sampled_from(zarr_store.files_of(path)))
    content = path.read_bytes()
    start = data.draw(st.integers(0, len(content) - 1))
    stop = min(len(content), start + data.draw(st.integers(0, 40)))
    between = data.draw(st.sampled_from([b"", b"\0", b"\xff", b'"', b"[", b",", b";", b"9" * 30]))
    path.write_bytes(content[:start] + between + content[stop:])
    read_all(tmp_path / f"a{formats.FORMATS[name].ending}")


@slow
@hypothesis.given(st.data())
def test_tables_in_which_cells_are_others_or_missing(tmp_path, data):
    rows = [line.split(",", 15) for line in text_of("csv", tmp_path).splitlines()]
    for _ in range(data.draw(st.integers(1, 3))):
        row = data.draw(st.sampled_from(rows))
        place = data.draw(st.integers(0, len(row) - 1))
        words = ["", "nan", "-1", "1,5", "1e400", "9" * 500, "POINT (1 2)", "POLYGON EMPTY", "é;"]
        row[place] = data.draw(st.sampled_from([*words, "POLYGON ((0 0, nan 1, 2 2, 0 0))"]))
    path = tmp_path / "a.csv"
    path.write_text("\n".join(",".join(row) for row in rows), encoding="utf-8")
    read_all(path)


def test_a_name_whose_bytes_are_no_text_can_be_written_in_every_format(tmp_path):
    strange = b"caf\xe9.png".decode("utf-8", "surrogateescape")
    for one in formats.WRITABLE.values():
        formats.write(tmp_path / f"a{one.ending}", entries()[0].instances, image_name=strange)
        assert len(formats.read(tmp_path / f"a{one.ending}", size=(10, 12))) == 3


def test_halves_of_letters_in_json_are_written_again(tmp_path):
    content = json.loads(text_of("geojson", tmp_path))
    content["features"][0]["properties"]["classification"]["name"] = "a\ud83d"
    (tmp_path / "a.geojson").write_text(json.dumps(content))
    found = formats.read(tmp_path / "a.geojson")
    formats.write(tmp_path / "b.geojson", found)
    assert formats.read(tmp_path / "b.geojson").classes == found.classes
    formats.write(tmp_path / "b.csv", found)
    assert len(formats.read(tmp_path / "b.csv")) == len(found)


def test_what_is_written_holds_no_nan(tmp_path):
    content = json.loads(text_of("coco", tmp_path))
    content["annotations"][0]["theirs"] = {"ratio": float("nan"), "list": [1.0, float("inf")]}
    (tmp_path / "a.json").write_text(json.dumps(content))
    formats.write(tmp_path / "b.json", formats.read(tmp_path / "a.json"))
    written = json.loads((tmp_path / "b.json").read_text(), parse_constant=pytest.fail)
    assert written["annotations"][0]["theirs"] == {"list": [1.0, None]}
    assert np.isfinite(written["annotations"][0]["area"])
