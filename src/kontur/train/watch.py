"""What happens between the steps: losses written down, validation, checkpoints, early stopping."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, Trainer

from kontur.data.sample import Sample
from kontur.models.card import Card
from kontur.train import validate
from kontur.train.checkpoint import BEST, LAST
from kontur.train.config import TrainingConfig
from kontur.train.module import Training
from kontur.train.overlays import side_by_side
from kontur.train.progress import Display, Speed, duration
from kontur.train.record import Record

LOG_EVERY = 10  # steps; the losses written down are the means over them
SHOWN = 3  # validation images drawn for TensorBoard


class Watch(Callback):
    """Watches a training; its state goes into the checkpoints."""

    def __init__(
        self,
        *,
        run: Path,
        config: TrainingConfig,
        card: Card,
        samples: Sequence[Sample],
        record: Record,
        display: Display,
    ):
        self.run, self.config, self.card, self.samples = run, config, card, samples
        self.record, self.display = record, display
        self.places = validate.evenly(len(samples), config.validate_images)
        self.best = -1.0
        self.best_step = 0
        self.waited = 0  # validations since the best
        self.speed = Speed()
        self.sums: dict[str, float] = {}
        self.summed = 0

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "best_step": self.best_step, "waited": self.waited}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best, self.best_step = state_dict["best"], state_dict["best_step"]
        self.waited = state_dict["waited"]

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        module: Training = pl_module
        step = trainer.global_step
        self.speed.tick()
        self._add_losses(module)
        ended = module.progress >= 1
        if (step % LOG_EVERY == 0 or ended) and trainer.is_global_zero:
            self._write(trainer, module, step)
        validated = step % self.config.validate_every == 0 or ended
        better = stop = False
        if validated:
            if trainer.is_global_zero:
                better = self._validate(module, step)
            better = trainer.strategy.broadcast(better)
            self.best, self.best_step, self.waited = trainer.strategy.broadcast(
                (self.best, self.best_step, self.waited)
            )
            stop = 0 < self.config.patience <= self.waited
        if better:
            trainer.save_checkpoint(self.run / BEST)
        if validated or step % self.config.save_every == 0:
            trainer.save_checkpoint(self.run / LAST)
            module.pause()
            self.speed.pause()
        if stop and not ended:
            self.display.say(
                f"stopped at step {step}: no better validation for {self.waited} times "
                f"(training.patience={self.config.patience})"
            )
        if stop or ended:
            trainer.should_stop = True

    def _add_losses(self, module: Training) -> None:
        for name, loss in module.latest.items():
            self.sums[name] = self.sums.get(name, 0.0) + float(loss)
        self.summed += 1

    def _write(self, trainer: Trainer, module: Training, step: int) -> None:
        losses = {name: total / self.summed for name, total in self.sums.items()}
        self.sums, self.summed = {}, 0
        rate = float(trainer.optimizers[0].param_groups[0]["lr"])
        seconds = self.speed.seconds_a_step
        images = self.config.batch * trainer.world_size / seconds if seconds else 0.0
        values = {f"train/{name}": loss for name, loss in losses.items()}
        self.record.write(step, {**values, "rate": rate, "images_per_second": images})
        done = max(module.progress, 1e-9)
        left = module.seconds / done * (1 - done)
        text = " ".join(f"{name} {loss:.3f}" for name, loss in losses.items())
        self.display.step(step, module.progress, left, images, text)

    def _validate(self, module: Training, step: int) -> bool:
        """Whether the averaged network is the best so far."""
        found = validate.find_all(module.averaged, self.card, self.samples, self.places)
        summary = validate.judge(self.samples, self.places, found)
        now = validate.score(summary)
        self.record.write(step, {"val/AP": now, "val/AP at IoU 0.5": summary.ap(0.5)})
        for i in range(min(SHOWN, len(self.places))):
            sample = self.samples[self.places[i]]
            self.record.show(step, f"val/{sample.name}", side_by_side(sample, found[i]))
        better = now >= self.best  # of equals the later, whose rate was lower
        stuck = now <= self.best
        if stuck and self.best > 0:  # one that finds nothing yet has not stopped learning
            self.waited += 1
        if better:
            self.best, self.best_step = now, step
        if not stuck:
            self.waited = 0
        done = max(module.progress, 1e-9)
        self.display.say(
            f"step {step}  val AP {now:.3f} (at IoU 0.5 {summary.ap(0.5):.3f})"
            f"{'  best' if better else ''}  {duration(module.seconds)} trained, "
            f"{duration(module.seconds / done * (1 - done))} left"
        )
        return better
