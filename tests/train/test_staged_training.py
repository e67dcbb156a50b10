"""Training in stages: what is trained when, which weights move, and going on where one was."""

import json
from unittest.mock import Mock

import pytest
import torch
from lightning.pytorch import Trainer
from torch.nn.parallel import DistributedDataParallel

from kontur.errors import InputError
from kontur.models import catalog
from kontur.models.segmenter import Segmenter, in_evaluation
from kontur.train.callbacks import TrainingCallback, TrainingReporter
from kontur.train.checkpoint import read_checkpoint
from kontur.train.config import OptimiserConfig, TrainingConfig
from kontur.train.dataloader import Batch
from kontur.train.devices import Devices
from kontur.train.module import LAST_STAGE, Stages, Training
from kontur.train.run_folder import LAST, LINES
from kontur.train.saved_settings import read_config
from kontur.train.signals import Signals
from kontur.train.trainer import Job, strategy
from tests.models import contract
from tests.train.runs import (
    VAL,
    assert_same_weights,
    at_step,
    run,
    run_to_last_step,
    weights,
)

STAGED = "training.stages=staged"


class Killed(BaseException):
    """What a power cut would be, were it an exception."""


def power_cut() -> None:
    raise Killed


class Whole(Segmenter):
    """A network without stages."""

    def loss(self, images, targets, stages=None):
        return {}

    def graphs(self):
        return {}


class Staged(Whole):
    """One with three."""

    def stages(self):
        return {"boxes": ("a", "b"), "outlines": ("c",), "refinement": ("d",)}


@pytest.mark.parametrize(
    ("order", "counts"),
    [("joint", [3] * 6), ("outlines-first", [2, 2, 2, 3, 3, 3]), ("staged", [1, 1, 2, 2, 3, 3])],
)
def test_each_stage_begins_at_its_share_and_those_before_go_on(order, counts):
    stages = Stages(Staged(), order)
    seen = [stages.active(progress) for progress in (0, 0.3, 0.34, 0.5, 0.7, 1.0)]
    assert seen == [("boxes", "outlines", "refinement")[:count] for count in counts]


def test_a_stage_that_has_begun_does_not_end():
    stages = Stages(Staged(), "staged")
    stages.active(0.7)
    assert stages.active(0.2) == ("boxes", "outlines", "refinement")


@pytest.mark.parametrize(
    ("checkpoint", "count"),
    [
        ({"stages": ("boxes", "outlines")}, 2),
        ({"stages_begun": 1}, 1),
        ({"stages_begun": 2}, 3),  # of a build whose second stage had the refinement, too
        ({}, 1),
    ],
)
def test_a_run_goes_on_with_the_stages_that_its_checkpoint_names(checkpoint, count):
    stages = Stages(Staged(), "staged")
    stages.resume(checkpoint)
    assert stages.begun == count


@pytest.mark.parametrize(("order", "ends"), [("joint", 2), ("outlines-first", 4), ("staged", 5)])
def test_patience_does_not_end_a_training_before_its_last_stage(tmp_path, order, ends):
    config = TrainingConfig(steps=6, patience=1, validate_every=1, stages=order)
    job = Mock(spec=Job, run=tmp_path, config=Mock(training=config))
    signals, reporter = Mock(spec=Signals, received=None), Mock(spec=TrainingReporter)
    reporter.validate = lambda module, step, best_score: best_score.after(0.5 / step, step, 10**8)
    callback = TrainingCallback(job, signals, reporter)
    trainer = Mock(spec=Trainer, global_step=0, should_stop=False)
    trainer.strategy = Mock(broadcast=lambda value: value)
    module = Mock(spec=Training, stages=Stages(Staged(), order), progress=0.0, is_over=False)
    while not trainer.should_stop:
        module.stages.active(module.progress)
        trainer.global_step += 1
        module.progress = trainer.global_step / config.steps
        module.is_over = module.progress >= 1
        callback.on_train_batch_end(trainer, module, None, None, 0)
    assert trainer.global_step == ends


class ThreeWeights(Staged):
    """A weight for each stage, and a loss that is its product with the image."""

    config = Mock(weights=Mock(a=1.0, b=1.0, c=1.0, d=1.0))

    def __init__(self):
        super().__init__()
        self.factors = torch.nn.ModuleDict(
            {name: torch.nn.Linear(3, 1, bias=False) for name in self.stages()}
        )

    def loss(self, images, targets, stages=None):
        losses = zip("acd", self.factors.items(), strict=True)
        return {word: factor(images).sum() for word, (n, factor) in losses if n in stages}


def training(order, **options):
    config = TrainingConfig(stages=order, **options)
    return Training(ThreeWeights(), OptimiserConfig(), config)


def gradients(module):
    return [factor.weight.grad for factor in module.segmenter.factors.values()]


@pytest.mark.parametrize("order", ["joint", "outlines-first", "staged"])
def test_a_training_of_a_single_step_trains_every_stage(order):
    module = training(order, steps=1)
    module.training_step(Batch(torch.ones(2, 3), ()), 0).backward()
    assert all(gradient is not None for gradient in gradients(module))
    assert module.stages.are_trained


def test_a_training_whose_minutes_end_in_an_early_stage_does_a_step_of_the_last():
    module = training("staged", steps=100, minutes=1.0)
    module.training_step(Batch(torch.ones(2, 3), ()), 0)
    module.work = 61.0  # the first step took longer than all of it should
    assert module.progress > 1
    assert not module.is_over
    module.training_step(Batch(torch.ones(2, 3), ()), 1)
    assert module.is_over


@pytest.fixture
def one_process():
    """The process group of several devices, of which this process is all."""
    store = torch.distributed.HashStore()
    torch.distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


class Step(torch.nn.Module):
    """A training step as Lightning has it done on several devices."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, images):
        return self.module.training_step(Batch(images, ()), 0)


def test_on_several_devices_resting_weights_get_no_gradient_and_the_others_theirs(
    one_process, capfd
):
    alone, together = training("staged"), training("staged")
    together.load_state_dict(alone.state_dict())
    options = strategy(Devices("cpu", 2))._ddp_kwargs
    step = DistributedDataParallel(Step(together), **options)
    for begun in (1, 1, 2, 3, 3):
        images = torch.rand(2, 3)
        for module in (alone, together):
            module.zero_grad()
            module.stages.begun = begun
        alone.segmenter.total(alone.segmenter.loss(images, None, alone.stages.active(0))).backward()
        step(images).backward()
        together.on_after_backward()
        for one, other in zip(gradients(alone), gradients(together), strict=True):
            assert (one is None) == (other is None)
            assert one is None or torch.equal(one, other)
        assert [g is None for g in gradients(together)].count(False) == begun
    assert "find_unused_parameters" not in capfd.readouterr().err


@pytest.mark.parametrize("order", ["joint", "outlines-first"])
def test_a_network_of_one_stage_is_trained_from_the_start(order):
    stages = Stages(Whole(), order)
    assert stages.is_last
    assert stages.active(0.0) == ()


def test_the_time_left_counts_that_the_last_stage_makes_steps_longer():
    joint, later = (Stages(Staged(), order) for order in ("joint", "outlines-first"))
    assert [joint.work(progress) for progress in (0, 0.25, 1)] == [0, 0.25, 1]
    assert later.work(0.5) == 0.5
    assert later.work(1.0) == pytest.approx(0.5 + 0.5 * (1 + LAST_STAGE))


def test_a_kind_of_one_stage_says_so():
    with pytest.raises(InputError, match="leave training"):
        Stages(Whole(), "staged")


@pytest.mark.parametrize("kind", ["snake", "maskrcnn"])
def test_losses_are_those_of_the_stages_that_are_asked_for(kind):
    settings = {"edge": {"kind": "profile"}, "quality": True} if kind == "snake" else {}
    config, sample = contract.settings(kind, **settings), contract.learning_scene()
    segmenter = contract.network(kind, config)
    targets, image = contract.as_targets(kind, config, sample.instances), contract.as_image(sample)
    names, named = [], []
    for stage, losses in segmenter.stages().items():
        names, named = [*names, stage], [*named, *losses]
        assert sorted(segmenter.loss(image, targets, names)) == sorted(named)
    assert sorted(segmenter.loss(image, targets)) == sorted(named)


def test_a_refinement_that_has_not_learned_changes_nothing():
    config = contract.settings("snake", edge={"kind": "profile"}, quality=True)
    network, image = contract.network("snake", config), contract.as_image(contract.learning_scene())
    with in_evaluation(network), torch.no_grad():
        features = network.detector(image).features.float()
        start, index = torch.rand(3, config.points, 2) * 20, torch.zeros(3, dtype=torch.long)
        assert torch.equal(network.edge(*network.maps(features, image), start, index), start)
        assert torch.sigmoid(network.quality(features, start, index)).tolist() == [0.5] * 3


def test_the_snake_rests_while_its_detector_learns(folder, tmp_path, monkeypatch):
    at_step(monkeypatch, 5, power_cut)
    with pytest.raises(Killed):
        run(folder, tmp_path, STAGED, val=VAL)
    at_four = weights(tmp_path / LAST)
    first = contract.network("snake", catalog.config("snake", read_config(tmp_path).model))
    for name, value in first.named_parameters():
        rests = torch.equal(value, at_four[f"segmenter.{name}"])
        assert rests is not name.startswith("detector."), name


def test_a_staged_run_that_was_cut_goes_on_as_if_it_never_had(folder, tmp_path, monkeypatch):
    printed = run_to_last_step(folder, tmp_path / "whole", STAGED, val=VAL)
    assert "step 5: contours trained from here on" in printed
    assert "step 9: refinement trained from here on" in printed
    rows = [json.loads(line) for line in (tmp_path / "whole" / LINES).read_text().splitlines()]
    names = [{name for name in row if name.startswith("train/")} for row in rows]
    before, begun = (next(i for i, row in enumerate(rows) if row["step"] == s) for s in (5, 9))
    assert names[before] < names[begun]  # the curves begin where the log says
    assert not any(names[begun] <= each for each in names[:begun])
    with monkeypatch.context() as patch:
        at_step(patch, 9, power_cut)  # in the second stage; the last checkpoint is of step 8
        with pytest.raises(Killed):
            run(folder, tmp_path / "cut", STAGED, val=VAL)
    run_to_last_step(None, tmp_path / "cut", resume=True)
    assert_same_weights(tmp_path / "whole" / LAST, tmp_path / "cut" / LAST)
    expected = ("detector", "contours", "refinement")
    assert read_checkpoint(tmp_path / "cut" / LAST)["stages"] == expected
