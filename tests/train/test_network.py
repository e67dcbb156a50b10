"""What the data say about the network, laid over preset or start."""

import numpy as np
import pytest

from kontur.data.sample import Sample
from kontur.data.synthetic import scene
from kontur.errors import InputError
from kontur.instances import Instances
from kontur.models.card import Card
from kontur.models.unet.config import UNetConfig
from kontur.train.config import RunConfig
from kontur.train.facts import Facts, facts_of
from kontur.train.network import first_card, narrow, resolve_network

CONFIG = RunConfig(preset="tiny")


def facts(*channels: int) -> Facts:
    return Facts(3, 40, frozenset(channels), 12.0, 16.04, 30.0, None)


def resolved(config=CONFIG, start=None, classes=("object",), channels=(1,)) -> RunConfig:
    return resolve_network(config, start, classes, facts(*channels))


@pytest.mark.parametrize(
    ("channels", "wanted"), [((1,), 3), ((3, 1), 3), ((4,), 4), ((2,), 2), ((7,), 7)]
)
def test_usual_images_are_seen_in_colour_and_others_in_all_their_channels(channels, wanted):
    assert resolved(channels=channels).model["channels"] == wanted


def test_images_that_do_not_agree_need_a_choice():
    with pytest.raises(InputError, match=r"2, 5 channels; choose one of them with --set"):
        resolved(channels=(2, 5))


def test_classes_come_from_the_data():
    assert resolved(classes=("a", "b")).model["classes"] == ["a", "b"]
    said = RunConfig(preset="tiny", model={"classes": ["a", "c"]})
    with pytest.raises(
        InputError, match=r"the data have the classes a, b, model.classes says a, c"
    ):
        resolved(said, classes=("a", "b"))


def test_fine_tuning_keeps_the_network_and_the_normalisation_of_its_start():
    tiny = resolved()
    start = Card(
        kind="snake",
        config={**tiny.model, "points": 20},
        normalise={**tiny.normalise.model_dump(), "high": 98.0},
        version="0.1.0",
    )
    given = RunConfig()
    assert resolved(given, start).model["points"] == 20
    assert resolved(given, start).normalise.high == 98.0
    assert resolved(given, start, classes=("a", "b")).model["classes"] == ["a", "b"]
    named = RunConfig(preset="tiny", normalise={"high": 99.0})
    assert resolved(named, start).model["points"] == 32  # a preset that is asked for is taken
    assert resolved(named, start).normalise.high == 99.0


def test_fine_tuning_finds_out_anew_how_many_contour_stages_are_worth_their_time():
    start = Card(kind="snake", config={**resolved().model, "stages_used": 1}, version="0")
    assert resolved(RunConfig(), start).model["stages_used"] is None


def test_the_facts_of_no_images_of_none_without_objects_and_of_some():
    assert facts_of([]) == Facts(0, 0, frozenset(), None, None, None, None)
    empty = Sample(np.zeros((8, 8, 2)), Instances.empty((8, 8)), "empty", pixel_size=0.5)
    assert facts_of([empty]) == Facts(1, 0, frozenset({2}), None, None, None, 0.5)
    stains = empty.replace(image=np.random.default_rng(0).integers(0, 999, (8, 8, 4)))
    assert facts_of([stains]).channels == {4}
    assert facts_of([stains.replace(image=stains.image.astype(np.uint8))]).channels == {3}  # RGBA
    full = scene(np.random.default_rng(0), size=(64, 64), count=5)
    ignored = full.instances.replace(ignore=np.arange(len(full.instances)) == 0)
    found = facts_of([empty, full.replace(instances=ignored)])
    assert found.objects == len(ignored) - 1
    assert found.channels == {1, 2}
    assert found.object_size == pytest.approx(np.median(np.sqrt(ignored.areas[1:])))
    left, top, right, bottom = ignored.boxes[1:].T
    sides = np.sqrt((right - left) * (bottom - top))
    assert found.side == pytest.approx(np.percentile(sides, 25))
    assert found.extent == pytest.approx(np.percentile(np.maximum(right - left, bottom - top), 95))


def test_a_new_snake_takes_its_side_from_the_objects():
    assert resolved().model["reference_size"] == 16.0
    said = RunConfig(preset="tiny", model={"reference_size": 50.0})
    assert resolved(said).model["reference_size"] == 50.0
    assert resolved(RunConfig(preset="paper")).model["reference_size"] == 0  # as published
    bare = facts(1)._replace(objects=0, object_size=None, side=None, extent=None)
    assert resolve_network(CONFIG, None, ("object",), bare).model["reference_size"] == 0
    assert "reference_size" not in resolved(RunConfig(kind="unet", preset="tiny")).model


@pytest.mark.parametrize("known", [None, 0.0, 40.0])
def test_weights_that_a_run_starts_from_keep_the_side_that_they_learned(known):
    start = Card(kind="snake", config={**resolved().model, "reference_size": known}, version="0")
    assert resolved(RunConfig(), start).model["reference_size"] == (known or 0)
    into_another_preset = resolved(CONFIG, start)
    assert into_another_preset.model["reference_size"] == (known or 0)
    other = Card(kind="unet", config={}, version="0")
    assert resolved(RunConfig(), other).model["reference_size"] == 16.0


def test_a_run_that_goes_on_keeps_its_side():
    before = RunConfig(preset="tiny", model={"reference_size": 0.0})
    assert resolve_network(before, None, ("object",), facts(1)).model["reference_size"] == 0
    old = resolve_network(CONFIG, None, ("object",), facts(1), begins=False)
    assert old.model["reference_size"] is None  # of a run from before there was one


@pytest.mark.parametrize(("extent", "crop"), [(12.0, 128), (70.0, 192), (900.0, 256), (None, 256)])
def test_the_crop_shows_the_objects_and_what_is_around_them(extent, crop):
    some = facts(1)._replace(extent=extent)
    assert resolve_network(CONFIG, None, ("object",), some).augment.crop == crop
    given = RunConfig(preset="tiny", augment={"crop": 64})
    assert resolve_network(given, None, ("object",), some).augment.crop == 64


def test_the_card_says_what_was_learned_from():
    config = RunConfig(preset="tiny", data={"path": "/somewhere/cells"})
    card = first_card(resolved(config), facts(1), start="random weights", val_images=2)
    assert card.name == "cells"
    assert card.training["objects"] == 40
    assert card.training["start"] == "random weights"
    assert card.object_size == 12.0


def test_data_of_classes_make_a_network_of_classes_where_the_kind_has_such():
    semantic = RunConfig(kind="unet", preset="tiny", data={"task": "semantic"})
    assert resolved(semantic).model["task"] == "semantic"
    assert resolved(semantic.replace(model={"task": "instances"})).model["task"] == "instances"
    assert resolved(semantic.replace(data={})).model["task"] == "instances"
    assert "task" not in resolved(semantic.replace(kind="snake")).model


def test_objects_longer_than_what_a_pixel_of_the_network_sees_are_told():
    config = resolved(RunConfig(kind="unet", preset="tiny"))
    field = UNetConfig(**config.model).receptive_field
    some = facts(1)
    assert narrow(config, some._replace(extent=float(field))) == ""
    assert narrow(config, some._replace(extent=None)) == ""
    words = narrow(config, some._replace(extent=field + 1.0))
    assert f"longer than {field + 1} pixels" in words
    assert f"no further than {field}" in words
    assert narrow(resolved(), some._replace(extent=1e4)) == ""  # the snake's points look around
