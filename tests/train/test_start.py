import pytest
import torch

from kontur.errors import InputError
from kontur.models import catalog
from kontur.train.start import read_start, take_over


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
    assert take_over(tiny(), start.weights).count("weights taken over") == 1
    with pytest.raises(InputError, match="nucleii"):
        read_start("nucleii")
    with pytest.raises(InputError, match=r"folder without model\.kontur"):
        read_start(str(tmp_path))
