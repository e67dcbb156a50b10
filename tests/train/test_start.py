import torch

from kontur.models import catalog
from kontur.train.start import averaged_weights, take_over


def tiny(**changes):
    return catalog.segmenter("snake", catalog.config("snake", changes, preset="tiny"))


def test_all_weights_of_the_same_network_are_taken_over():
    source, target = tiny(), tiny()
    said = take_over(target, source.state_dict())
    assert said.startswith("all ")
    for name, value in source.state_dict().items():
        assert torch.equal(target.state_dict()[name], value)


def test_weights_of_another_shape_stay_random_and_are_named():
    source, target = tiny(), tiny(classes=("a", "b", "c"))
    before = target.detector.heads.weight.clone()
    said = take_over(target, source.state_dict())
    assert "new and random are detector.heads.weight, detector.heads.bias" in said
    assert torch.equal(target.detector.heads.weight, before)
    assert torch.equal(target.detector.shared[0].weight, source.detector.shared[0].weight)


def test_a_checkpoint_gives_its_averaged_weights(tmp_path):
    state = {"segmenter.w": torch.zeros(1), "average.module.w": torch.ones(1)}
    torch.save({"global_step": 1, "state_dict": state}, tmp_path / "last.ckpt")
    assert averaged_weights(tmp_path / "last.ckpt") == {"w": torch.ones(1)}
