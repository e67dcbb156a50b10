"""The training step: its noise, and what regularisation adds to the loss."""

import pytest
import torch

from kontur.errors import InputError
from kontur.train.config import OptimiserConfig, TrainingConfig
from kontur.train.dataloader import Batch
from kontur.train.module import Diverged, Training
from kontur.train.optimiser import lasso
from tests.models import contract


def module_and_batch(dropout: float, **options: float) -> tuple[Training, Batch]:
    # no quality: it is learned from contours of the norms as they are, which every step changes
    config = contract.settings("snake", dropout=dropout, max_contours_per_crop=4, quality=False)
    sample = contract.scenes()["many"]
    targets = contract.as_targets("snake", config, sample.instances)
    module = Training(
        contract.network("snake", config), OptimiserConfig(**options), TrainingConfig()
    )
    return module, Batch(contract.as_image(sample), targets)


def test_the_dropout_of_a_step_is_always_the_same_and_takes_no_randomness_from_others():
    module, batch = module_and_batch(0.5)
    before = torch.random.get_rng_state()
    first, again = module.training_step(batch, 0), module.training_step(batch, 1)
    assert torch.equal(first, again)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(1)
    other = module.segmenter.total(module.segmenter.loss(*batch))
    assert not torch.equal(first, other)


def test_l1_is_added_to_the_total_and_logged_by_name():
    module, batch = module_and_batch(0.0, l1=0.01)
    total = module.training_step(batch, 0)
    penalty = 0.01 * lasso(module.segmenter).detach()
    torch.testing.assert_close(module.latest["l1"], penalty)
    plain = module.segmenter.total(module.segmenter.loss(*batch))
    torch.testing.assert_close(total, plain + penalty, rtol=1e-5, atol=1e-5)


def test_dropout_changes_no_name_of_a_weight_and_nothing_where_nothing_is_learned():
    (plain, batch), (noisy, _) = module_and_batch(0.0), module_and_batch(0.5)
    assert plain.segmenter.state_dict().keys() == noisy.segmenter.state_dict().keys()
    noisy.segmenter.load_state_dict(plain.segmenter.state_dict())
    for module in (plain, noisy):
        module.segmenter.eval()
    with torch.no_grad():
        losses = [module.segmenter.loss(*batch) for module in (plain, noisy)]
    for name, value in losses[0].items():
        assert torch.equal(losses[1][name], value)


def fail(error: Exception):
    def loss(*_):
        raise error

    return loss


def reads_no_pixel(loss):
    """The loss as on devices and builds of torch where a point with NaN is an error."""

    def run(*arguments):
        loss(*arguments)
        raise IndexError("index -9223372036854775808 is out of bounds")

    return run


def test_an_index_that_is_wrong_for_another_reason_is_no_divergence(monkeypatch):
    module, batch = module_and_batch(0.0)
    monkeypatch.setattr(module.segmenter, "loss", reads_no_pixel(module.segmenter.loss))
    with pytest.raises(IndexError, match="out of bounds"):
        module.training_step(batch, 0)


def test_a_weight_that_is_no_number_is_named(monkeypatch):
    module, batch = module_and_batch(0.0)
    monkeypatch.setattr(module.segmenter, "loss", reads_no_pixel(module.segmenter.loss))
    with torch.no_grad():
        module.segmenter.evolve.refiners[0].head.offsets.bias.fill_(float("nan"))
    with pytest.raises(Diverged, match=r"diverged at step 0: the weight evolve\..* is not finite"):
        module.training_step(batch, 0)


def test_a_divergence_speaks_of_a_checkpoint_only_where_there_is_one(monkeypatch):
    module, batch = module_and_batch(0.0)
    loss = {"contour": torch.tensor(float("nan"))}
    monkeypatch.setattr(module.segmenter, "loss", lambda *_: loss)
    monkeypatch.setattr(module.segmenter, "total", lambda losses: losses["contour"])
    with pytest.raises(Diverged, match=r"again with --force \(no checkpoint was saved yet\)$"):
        module.training_step(batch, 0)
    checkpoint = {}
    module.on_save_checkpoint(checkpoint)
    resumed, _ = module_and_batch(0.0)
    resumed.on_load_checkpoint(checkpoint)
    monkeypatch.setattr(resumed.segmenter, "loss", lambda *_: loss)
    monkeypatch.setattr(resumed.segmenter, "total", lambda losses: losses["contour"])
    for each in (module, resumed):
        with pytest.raises(Diverged, match="or go on from the last checkpoint with --resume"):
            each.training_step(batch, 0)


def test_points_that_overflow_are_a_divergence_though_all_weights_are_numbers(monkeypatch):
    module, batch = module_and_batch(0.0)
    monkeypatch.setattr(module.segmenter, "loss", reads_no_pixel(module.segmenter.loss))
    with torch.no_grad():
        module.segmenter.evolve.refiners[0].head.offsets.bias.fill_(3e38)
        module.segmenter.evolve.refiners[0].head.offsets.weight.fill_(3e38)
    with pytest.raises(Diverged, match=r"the output of evolve\.refiners\.0.* is not finite"):
        module.training_step(batch, 0)


def test_a_gpu_that_says_no_more_is_reported_with_what_can_be_done(monkeypatch):
    module, batch = module_and_batch(0.0)
    monkeypatch.setattr(
        module.segmenter, "loss", fail(RuntimeError("CUDA error: device-side assert triggered"))
    )
    with pytest.raises(InputError, match=r"training\.accelerator=cpu, which shows where") as raised:
        module.training_step(batch, 0)
    assert not isinstance(raised.value, Diverged)
    other = RuntimeError("mat1 and mat2 shapes cannot be multiplied")
    monkeypatch.setattr(module.segmenter, "loss", fail(other))
    with pytest.raises(RuntimeError, match="mat1"):
        module.training_step(batch, 0)
