"""Between the steps: weights that are no numbers are neither validated nor saved."""

from unittest.mock import Mock

import pytest
import torch
from lightning.pytorch import Trainer

from kontur.train.callbacks import TrainingCallback, TrainingReporter
from kontur.train.config import OptimiserConfig, TrainingConfig
from kontur.train.module import Diverged, Training
from kontur.train.signals import Signals
from kontur.train.trainer import Job
from tests.train.test_staged_training import Whole

NAN = float("nan")


class OneWeight(Whole):
    """A network of one weight, and a mask whose values are no numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(2))
        self.register_buffer("mask", torch.full((2,), -torch.inf))


def after_a_step(tmp_path, *, weight, average=1.0, received=None, **settings):
    """The callback with its trainer and network, where a step made the weights what they are."""
    config = TrainingConfig(
        **{"steps": 8, "validate_every": 8, "save_every": 8, "patience": 0, **settings}
    )
    module = Training(OneWeight(), OptimiserConfig(), config)
    with torch.no_grad():
        module.segmenter.scale[1] = weight
        module.averaged.scale[1] = average
    signals, reporter = Mock(spec=Signals, received=received), Mock(spec=TrainingReporter)
    reporter.validate.side_effect = lambda module, step, best_score: best_score.after(1.0, step, 9)
    job = Mock(spec=Job, run=tmp_path, config=Mock(training=config))
    trainer = Mock(spec=Trainer, global_step=1, should_stop=False, callback_metrics={})
    trainer.strategy = Mock(broadcast=lambda value: value)
    return TrainingCallback(job, signals, reporter), trainer, module


@pytest.mark.parametrize("due", [{"validate_every": 1}, {"save_every": 1}, {"received": 2}])
@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"weight": NAN}, "the weight scale"),
        ({"weight": torch.inf, "average": NAN}, "the weight scale"),
        ({"weight": 1.0, "average": NAN}, "the averaged weight scale"),
    ],
)
def test_weights_that_became_no_numbers_in_a_step_get_into_no_checkpoint(
    tmp_path, due, values, named
):
    callback, trainer, module = after_a_step(tmp_path, **values, **due)
    with pytest.raises(Diverged, match=rf"diverged at step \d+: {named} is not finite; .*--force"):
        callback.on_train_batch_end(trainer, module, None, None, 0)
    trainer.save_checkpoint.assert_not_called()
    callback.reporter.validate.assert_not_called()


def test_a_mask_of_infinite_values_and_huge_weights_are_saved(tmp_path):
    callback, trainer, module = after_a_step(tmp_path, weight=3e38, save_every=1)
    callback.on_train_batch_end(trainer, module, None, None, 0)
    trainer.save_checkpoint.assert_called_once()
