"""Staged training: which losses count when, which weights move, and going on where one was."""

from unittest.mock import Mock

import pytest
import torch
from lightning.pytorch import Trainer

from kontur.errors import InputError
from kontur.models import catalog
from kontur.models.segmenter import Segmenter
from kontur.train.callbacks import TrainingCallback, TrainingReporter
from kontur.train.checkpoint import LAST, read_checkpoint
from kontur.train.config import TrainingConfig
from kontur.train.module import Stages, Training
from kontur.train.run_files import read_config
from kontur.train.signals import Signals
from kontur.train.trainer import Job
from tests.models import contract
from tests.train.runs import VAL, assert_same_weights, at_step, run, weights

STAGED = "training.stages=staged"


class Killed(BaseException):
    """What a power cut would be, were it an exception."""


def power_cut() -> None:
    raise Killed


class Whole(Segmenter):
    """A network without stages."""

    def loss(self, images, targets):
        return {}

    def graphs(self):
        return {}


class Staged(Whole):
    """One with three."""

    def stages(self):
        return {"one": ("a", "b"), "two": ("c",), "three": ("d",)}


LOSSES = {name: torch.tensor(1.0) for name in "abcd"}


def test_each_stage_begins_at_an_equal_share_and_adds_its_losses():
    stages = Stages(Staged(), "staged")
    seen = ["".join(stages.active(LOSSES, progress)) for progress in (0, 0.3, 0.34, 0.7, 1.0)]
    assert seen == ["ab", "ab", "abc", "abcd", "abcd"]


def test_a_stage_that_has_begun_does_not_end():
    stages = Stages(Staged(), "staged")
    stages.active(LOSSES, 0.7)
    assert "".join(stages.active(LOSSES, 0.2)) == "abcd"


@pytest.mark.parametrize(("order", "ends"), [("joint", 2), ("staged", 5)])
def test_patience_does_not_end_a_training_before_its_last_stage(tmp_path, order, ends):
    config = TrainingConfig(steps=6, patience=1, validate_every=1, stages=order)
    job = Mock(spec=Job, run=tmp_path, config=Mock(training=config))
    signals, reporter = Mock(spec=Signals, received=None), Mock(spec=TrainingReporter)
    reporter.validate = lambda module, step, best_score: best_score.after(0.5 / step, step, 10**8)
    callback = TrainingCallback(job, signals, reporter)
    trainer = Mock(spec=Trainer, global_step=0, should_stop=False)
    trainer.strategy = Mock(broadcast=lambda value: value)
    module = Mock(spec=Training, stages=Stages(Staged(), order), progress=0.0)
    while not trainer.should_stop:
        module.stages.active(LOSSES, module.progress)
        trainer.global_step += 1
        module.progress = trainer.global_step / config.steps
        callback.on_train_batch_end(trainer, module, None, None, 0)
    assert trainer.global_step == ends


def test_jointly_all_losses_count_from_the_start():
    assert Stages(Staged(), "joint").active(LOSSES, 0.0) is LOSSES


def test_a_kind_of_one_stage_says_so():
    with pytest.raises(InputError, match="leave training"):
        Stages(Whole(), "staged")


@pytest.mark.parametrize("kind", ["snake", "maskrcnn"])
def test_stages_name_every_loss_once(kind):
    segmenter, sample = contract.network(kind), contract.learning_scene()
    targets = contract.as_targets(kind, segmenter.config, sample.instances)
    losses = segmenter.loss(contract.as_image(sample), targets)
    named = [name for stage in segmenter.stages().values() for name in stage]
    assert sorted(named) == sorted(losses)


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
    run(folder, tmp_path / "whole", STAGED, val=VAL)
    with monkeypatch.context() as patch:
        at_step(patch, 9, power_cut)  # in the second stage; the last checkpoint is of step 8
        with pytest.raises(Killed):
            run(folder, tmp_path / "cut", STAGED, val=VAL)
    run(None, tmp_path / "cut", resume=True)
    assert_same_weights(tmp_path / "whole" / LAST, tmp_path / "cut" / LAST)
    assert read_checkpoint(tmp_path / "cut" / LAST)["stages_begun"] == 2
