"""The model file: what is written comes back, and whatever else it may be is told in a sentence."""

import json
import zipfile

import numpy as np
import pytest

from kontur.errors import InputError
from kontur.infer.load import shipped_models
from kontur.models import catalog
from kontur.models.archive import (
    CARD,
    GRAPHS,
    WEIGHTS,
    Model,
    SavedGraph,
    read_card,
    read_model,
    write_model,
)
from kontur.models.card import FORMAT, WITHOUT_RANGE, Card


def model() -> Model:
    rng = np.random.default_rng(0)
    weights = {"a.weight": rng.random((3, 4), dtype=np.float32), "a.bias": np.zeros(3, np.float32)}
    graphs = {
        "detect": SavedGraph(b"graph one", ("a.weight", "a.bias")),
        "evolve": SavedGraph(b"graph two", ("a.bias",)),
    }
    return Model(Card(kind="snake", config={"points": 8}, version="0.1.0"), graphs, weights)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "some.kontur"
    write_model(path, model())
    return path


def rewritten(path, **parts):
    """The file with some of its parts exchanged, or left out where None."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content |= {name.replace("_", "."): part for name, part in parts.items()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in content.items():
            if part is not None:
                archive.writestr(name, part)
    return path


def with_card(path, **changes):
    with zipfile.ZipFile(path) as archive:
        card = json.loads(archive.read(CARD))
    return rewritten(path, card_json=json.dumps(card | changes))


def test_what_is_written_comes_back(path):
    expected, found = model(), read_model(path)
    assert found.card == expected.card == read_card(path)
    assert found.graphs == expected.graphs
    assert found.weights.keys() == expected.weights.keys()
    for name, value in expected.weights.items():
        np.testing.assert_array_equal(found.weights[name], value)
        assert found.weights[name].dtype == value.dtype


def test_it_is_a_plain_zip_that_anybody_may_unpack(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [CARD, GRAPHS, "detect.onnx", "evolve.onnx", WEIGHTS]
        for entry in archive.infolist():
            assert entry.compress_type == zipfile.ZIP_STORED
            assert entry.external_attr >> 16 == 0o644
        assert json.loads(archive.read(CARD))["kind"] == "snake"


def test_the_same_model_gives_the_same_bytes_and_nothing_is_left_beside(path, tmp_path):
    again = tmp_path / "again.kontur"
    write_model(again, model())
    assert again.read_bytes() == path.read_bytes()
    assert sorted(tmp_path.iterdir()) == [again, path]


def test_writing_that_fails_leaves_the_old_file(path, monkeypatch):
    before = path.read_bytes()
    monkeypatch.setattr(zipfile.ZipFile, "writestr", _full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_model(path, model())
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def _full_disk(*_):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("read", [read_card, read_model])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.99])
def test_a_file_cut_short_is_reported(path, read, share):
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(InputError, match=r"some\.kontur is not a whole Kontur model.*cut short"):
        read(path)


def test_a_model_of_tables_is_sent_to_the_command_that_uses_it(tmp_path):
    (tmp_path / "state.safetensors").write_bytes(bytes(64))
    with pytest.raises(InputError, match="that of a table, which kontur classify uses"):
        read_card(tmp_path / "state.safetensors")


@pytest.mark.parametrize("read", [read_card, read_model])
def test_files_of_another_kind_are_reported(tmp_path, read):
    path = tmp_path / "some.kontur"
    path.write_text("I am a letter")
    with pytest.raises(InputError, match="not a whole Kontur model"):
        read(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    with pytest.raises(InputError, match="of another kind"):
        read(path)
    formats = ('"new"', "null", "1e999", "1.5", "true", "[1]", '"2"')
    for card in (
        *("[1, 2]", "{}", "no json", b"\xff\xfe", '{"format": ' + "[" * 500),
        *(f'{{"format": {value}}}' for value in formats),
    ):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(CARD, card)
        with pytest.raises(InputError, match="of another kind"):
            read(path)


@pytest.mark.parametrize("read", [read_card, read_model])
def test_a_missing_file_and_a_folder_are_reported(tmp_path, read):
    with pytest.raises(InputError, match=r"there is no model file .*none\.kontur"):
        read(tmp_path / "none.kontur")
    with pytest.raises(InputError, match=r"is a folder; a model is one \.kontur file"):
        read(tmp_path)


def test_a_newer_format_asks_for_the_version_that_wrote_it(path):
    with_card(path, format=FORMAT + 1, version="9.1", a_new_field=1)
    with pytest.raises(InputError, match=r"newer Kontur \(9\.1.*install that version"):
        read_model(path)


def test_a_card_of_this_format_with_a_wrong_field_names_it(path):
    with_card(path, kinds="snake")
    with pytest.raises(InputError, match="unknown key 'kinds'; did you mean 'kind'"):
        read_card(path)


@pytest.mark.parametrize(
    "parts",
    [
        {"weights_safetensors": None},
        {"weights_safetensors": b"\x08\0\0\0\0\0\0\0no header"},
        {"graphs_json": None},
        {"graphs_json": b"[]"},
        {"graphs_json": b'{"detect": 3}'},
        {"graphs_json": b'{"detect": ["a.weight", "missing"]}'},
        {"detect_onnx": None},
    ],
)
def test_a_part_that_is_missing_or_wrong_is_damage(path, parts):
    with pytest.raises(InputError, match=r"some\.kontur is damaged .*; copy or train it again"):
        read_model(rewritten(path, **parts))


@pytest.mark.parametrize("read", [read_card, read_model])
@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_file_that_was_packed_anew_with_compression_is_refused(path, read, method):
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    with pytest.raises(InputError, match=r"some\.kontur was packed anew with compression; copy"):
        read(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("part", [CARD, GRAPHS, WEIGHTS])
def test_a_part_that_is_there_twice_is_damage(path, part):
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(part, "{}")
    with pytest.raises(InputError, match=r"is damaged|not a whole Kontur model"):
        read_model(path)


def test_a_claimed_size_that_is_not_there_is_damage(path):
    content = bytearray(path.read_bytes())
    size = content.index(WEIGHTS.encode(), content.index(b"PK\1\2")) - 22  # in the directory
    content[size : size + 4] = (2**31).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"damaged .*claims another size"):
        read_model(path)


def test_parts_beside_ours_are_left_alone_wherever_their_names_lead(path, tmp_path):
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../outside.txt", "no")
    assert read_model(path).card == model().card
    assert list(tmp_path.iterdir()) == [path]


def test_a_flipped_bit_is_damage(path):
    content = bytearray(path.read_bytes())
    content[content.index(b"graph two")] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        read_model(path)


# Files of older builds

OLD_SNAKE = {
    "points": 48,
    "side": 17.5,
    "traced": 6,
    "snake_width": 24,
    "fusion": 40,
    "form": "dense",
    "kernel": 7,
    "dilations": [1, 2],
    "order": "paper",
}


def in_the_first_format(path, kind, config):
    return with_card(path, format=1, kind=kind, config=config)


def test_a_snake_of_the_first_build_is_read_with_its_settings_where_they_are_today(path):
    card = read_model(in_the_first_format(path, "snake", OLD_SNAKE)).card
    config = catalog.config(card.kind, card.config)
    assert (config.points, config.reference_size, config.max_contours_per_crop) == (48, 17.5, 6)
    refiner = config.refiner
    assert (refiner.kind, refiner.width, refiner.fusion, refiner.form) == (
        *("circular", 24, 40),
        "dense",
    )
    assert (refiner.kernel, refiner.dilations, refiner.order) == (7, (1, 2), "paper")
    assert card.format == WITHOUT_RANGE


def test_a_card_that_was_read_is_written_in_today_s_format_and_read_again(path):
    old = read_model(in_the_first_format(path, "snake", OLD_SNAKE))
    write_model(path, old)
    assert read_card(path) == old.card


@pytest.mark.parametrize(
    ("kind", "config", "place"),
    [
        ("unet", {"decode": {"method": "watershed", "apart": 9.0}}, ("decode", "min_distance")),
        ("transunet", {"decode": {"apart": 9.0}}, ("decode", "min_distance")),
        ("baseline", {"apart": 9.0}, ("min_distance",)),
    ],
)
def test_the_distance_of_a_watershed_is_found_under_its_old_name(path, kind, config, place):
    card = read_card(in_the_first_format(path, kind, config))
    value = catalog.config(kind, card.config)
    for name in place:
        value = getattr(value, name)
    assert value == 9.0


def test_the_shipped_model_is_read_whatever_format_it_was_written_in():
    shipped = shipped_models()["nuclei"]
    with zipfile.ZipFile(shipped) as archive:
        stored = json.loads(archive.read(CARD))
    config = catalog.config("snake", read_card(shipped).config)
    assert config.refiner.width == stored["config"].get("snake_width", config.refiner.width)
    assert config.points == stored["config"]["points"]


def test_an_old_name_in_a_file_of_today_is_answered_with_the_new_one(path):
    card = read_card(with_card(path, kind="snake", config={"snake_width": 8}))
    with pytest.raises(InputError, match=r"'snake_width'; it is called 'refiner\.width' now"):
        catalog.config(card.kind, card.config)
