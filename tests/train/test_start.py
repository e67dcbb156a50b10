import pytest
import torch

from kontur.errors import InputError
from kontur.models import catalog
from kontur.nn import efficientnet
from kontur.nn.efficientnet import imagenet_weights
from kontur.train.checkpoint import LAST
from kontur.train.config import RunConfig
from kontur.train.run import train
from kontur.train.start import IMAGENET, begin, origin, read_start, take_over
from tests.train.runs import run, weights


def tiny(**changes):
    return catalog.segmenter("snake", catalog.config("snake", changes, preset="tiny"))


def test_all_weights_of_the_same_network_are_taken_over():
    source, target = tiny(), tiny()
    said = take_over(target, source.state_dict(), "source")
    assert said.startswith("all ")
    for name, value in source.state_dict().items():
        assert torch.equal(target.state_dict()[name], value)


def test_weights_of_another_shape_stay_random_and_are_named():
    source, target = tiny(), tiny(classes=("a", "b", "c"))
    before = target.detector.heads.weight.clone()
    said = take_over(target, source.state_dict(), "source")
    assert "new and random are detector.heads.weight, detector.heads.bias" in said
    assert torch.equal(target.detector.heads.weight, before)
    assert torch.equal(target.detector.shared[0].weight, source.detector.shared[0].weight)


def test_a_checkpoint_and_the_run_around_it_give_the_averaged_weights(tmp_path):
    state = {"segmenter.w": torch.zeros(1), "average.module.w": torch.ones(1)}
    torch.save({"global_step": 1, "state_dict": state}, tmp_path / "last.ckpt")
    for start in (tmp_path, tmp_path / "last.ckpt"):
        assert read_start(str(start)).weights == {"w": torch.ones(1)}
        assert read_start(str(start)).card is None


def test_a_finished_run_gives_its_model_and_what_is_neither_is_named(finished, tmp_path):
    start = read_start(str(finished))
    assert start.card is not None
    assert start.card.kind == "snake"
    assert take_over(tiny(), start.weights, "nuclei").count("weights taken over") == 1
    with pytest.raises(InputError, match="nucleii"):
        read_start("nucleii")
    with pytest.raises(InputError, match=r"folder without model\.kontur"):
        read_start(str(tmp_path))


def test_a_backbone_that_has_them_begins_with_the_weights_of_imagenet():
    network = tiny(backbone="efficientnet-lite0", channels=1)
    assert origin(RunConfig(), network) == IMAGENET
    before = network.detector.heads.weight.clone()
    begin(network, IMAGENET)
    colour = imagenet_weights()["_conv_stem.weight"]
    assert torch.equal(network.detector.backbone.stem[1].weight, colour.sum(1, keepdim=True))
    assert torch.equal(network.detector.heads.weight, before)


def test_other_starts_take_none_of_imagenet():
    assert origin(RunConfig(start="nuclei"), tiny(backbone="efficientnet-lite0")) == "nuclei"
    for network in (tiny(), tiny(backbone="efficientnet-lite0", pretrained=False)):
        assert origin(RunConfig(), network) == "random weights"
        before = {name: value.clone() for name, value in network.state_dict().items()}
        begin(network, "random weights")
        assert all(torch.equal(network.state_dict()[name], before[name]) for name in before)


def test_a_training_on_imagenet_s_weights_moves_them_a_little(folder, tmp_path, monkeypatch):
    words = ("model.backbone=efficientnet-lite0", "training.steps=1", "optimiser.rate=1e-9")
    said = run(folder, tmp_path / "run", *words)
    assert "from the backbone's weights of ImageNet" in said
    name = "segmenter.detector.backbone.stem.1.weight"
    trained = weights(tmp_path / "run" / LAST)[name]
    assert torch.allclose(trained, imagenet_weights()["_conv_stem.weight"], atol=1e-6)
    monkeypatch.setattr(efficientnet, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"kontur\[pretrained\]"):
        run(folder, tmp_path / "run", words[0], force=True)
    assert (tmp_path / "run" / "model.kontur").exists()  # a mistake costs nothing


def test_a_start_of_another_kind_is_refused_and_an_earlier_run_stays(folder, finished):
    before = (finished / "model.kontur").read_bytes()
    options = {"kind": "unet", "preset": "tiny", "settings": ["augment.crop=64"]}
    with pytest.raises(InputError, match="none of the weights of nuclei fits this network"):
        train(folder, out=finished, start="nuclei", force=True, **options)
    assert (finished / "model.kontur").read_bytes() == before
