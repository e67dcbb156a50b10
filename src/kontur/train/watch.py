"""What is due between the steps, decided alike on every device: checkpoints, validation, the end.

Devices wait for one another in every step and every checkpoint, so none may do either alone; what
only the leader does (`observe`) lies between.
"""

from typing import Any

from lightning.pytorch import Callback, Trainer

from kontur.train.checkpoint import BEST, LAST
from kontur.train.interrupt import Signals
from kontur.train.job import Job
from kontur.train.module import Training
from kontur.train.observe import Observer
from kontur.train.standing import Standing, is_patience_over


class Watch(Callback):
    """Watches a training, with an observer only on the leader; its state goes into checkpoints."""

    def __init__(self, job: Job, signals: Signals, observer: Observer | None):
        self.run, self.config = job.run, job.config.training
        self.signals, self.observer = signals, observer
        self.standing = Standing()

    def state_dict(self) -> dict[str, Any]:
        return self.standing._asdict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.standing = Standing(**state_dict)

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        self.signals.listen()  # Lightning has taken SIGTERM by now

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        module: Training = pl_module
        step, ended = trainer.global_step, module.progress >= 1
        if self.observer is not None:
            self.observer.step(module, step, batch, last=ended)
        validated = step % self.config.validate_every == 0 or ended
        if validated:
            self._validate(trainer, module, step)
        stop = bool(trainer.strategy.broadcast(self.signals.asked is not None))
        if validated or stop or step % self.config.save_every == 0:
            trainer.save_checkpoint(self.run / LAST)
            self.signals.reached(step)
            module.pause()
        if validated and not ended and is_patience_over(self.config.patience, self.standing.waited):
            stop = True
            if self.observer is not None:
                self.observer.say_why_stopped(step, self.standing.waited)
        trainer.should_stop = stop or ended

    def _validate(self, trainer: Trainer, module: Training, step: int) -> None:
        """Validate on the leader; all keep the best network.

        Patience waits for the last stage: what the later ones learn cannot get better before.
        """
        if self.observer is not None:
            self.standing = self.observer.validate(module, step, self.standing)
        self.standing = trainer.strategy.broadcast(self.standing)
        if not module.stages.is_last:
            self.standing = self.standing._replace(waited=0)
        if self.standing.best_step == step:
            trainer.save_checkpoint(self.run / BEST)
