"""What is done between the steps: losses written down, validation, checkpoints, the end.

What is due is decided alike on every device. Devices wait for one another in every step and every
checkpoint, so none may do either alone; what only the leader does (`TrainingReporter`) lies
between.
"""

from collections.abc import Sequence
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer

from kontur.data.sample import Sample
from kontur.infer.engine import TorchEngine
from kontur.infer.predict import Predictor
from kontur.instances import Instances
from kontur.models.card import Card
from kontur.train import pictures, validation
from kontur.train.advice import gap
from kontur.train.checkpoint import BEST, LAST
from kontur.train.config import TrainingConfig
from kontur.train.dataloader import Batch, held_batches
from kontur.train.gradient_flow import flow, flow_summary, scalars
from kontur.train.logger import VAL_LOSS, RunLogger
from kontur.train.module import Training
from kontur.train.progress import ProgressDisplay, Speed, duration
from kontur.train.signals import Signals
from kontur.train.timing import Pace, StepTimer, choose_threads, slowdown_warning
from kontur.train.trainer import Job
from kontur.train.validation import BestScore, is_patience_over

LOG_EVERY = 10  # steps; the losses written down are the means over them
SHOWN = 3  # validation images drawn for TensorBoard
HELD = 2  # batches of validation crops of which the loss is taken
LARGEST = 800  # pixels a side of these: there is one of each for every validation


class TrainingReporter:
    """Writes to the log and the screen; validates at the best score threshold."""

    def __init__(
        self,
        job: Job,
        card: Card,
        samples: Sequence[Sample],
        *,
        logger: RunLogger,
        display: ProgressDisplay,
        signals: Signals,
    ):
        self.config, self.samples = job.config.training, samples
        self.learned = judged_training_samples(job.crops.samples.samples, self.config)
        self.card = card.replace(thresholds=card.thresholds.replace(score=validation.LOOSE_SCORE))
        self.logger, self.display, self.signals = logger, display, signals
        self.places = validation.evenly(len(samples), self.config.validate_images)
        self.held = held_batches(job.crops, samples, kind=card.kind, number=HELD)
        self.images_a_step = self.config.crops_a_step * job.devices.number
        self.speed, self.pace = Speed(), Pace()
        self.devices = job.devices
        self.logged = 0.0  # the seconds of training when losses were last written down
        self.sums: dict[str, float] = {}
        self.summed = 0
        self.last_batch: Batch | None = None

    def step(self, module: Training, step: int, batch: Batch, *, last: bool) -> None:
        """Take note of a step; tell of the last few now and then."""
        self.last_batch = batch
        for name, loss in module.latest.items():
            self.sums[name] = self.sums.get(name, 0.0) + float(loss)
        self.summed += 1
        if not self.logged:
            self.logged = module.seconds  # of steps before an interruption, and the first one
        self.speed.add(self.images_a_step, module.seconds)
        if step % LOG_EVERY == 0 or last:
            self._tell(module, step)
        elif self.display.is_silent:
            self._show(module, step, self._mean_losses())
        if self.config.diagnose_every and step % self.config.diagnose_every == 0:
            layers = flow(module.segmenter, lambda network: network.total(network.loss(*batch)))
            self.logger.write(step, scalars(layers))
            self.display.set_status(flow_summary(layers))
            module.pause()

    def validate(self, module: Training, step: int, best_score: BestScore) -> BestScore:
        """How the averaged network stands now; as before, where a signal cuts it short."""
        found = self._find(module, self.samples, self.places)
        if found is None:
            return best_score
        learned = self._find(module, self.learned, range(len(self.learned)))
        if learned is None:
            return best_score
        summary = validation.evaluate_predictions(self.samples, self.places, found, metrics=["ap"])
        score = validation.score(summary)
        scores = {"val/AP": score, "val/AP at IoU 0.5": summary.ap(0.5)}
        line = validation.summary_line(summary)
        if learned:
            fit = validation.score(
                validation.evaluate_predictions(
                    self.learned, range(len(learned)), learned, metrics=["ap"]
                )
            )
            scores["val/AP on training images"] = fit
            line += f", {gap(fit, score)}"
        held = [module.transfer_batch_to_device(each, module.device, 0) for each in self.held]
        scores[VAL_LOSS] = validation.validation_loss(module.averaged, held)
        self.logger.write(step, scores)
        for place, objects in list(zip(self.places, found, strict=True))[:SHOWN]:
            sample = self.samples[place]
            picture = pictures.side_by_side(sample, sample.instances, objects, largest=LARGEST)
            self.logger.image(step, f"outlines/{sample.name}", picture)
        if pictures.is_due(step, self.config.validate_every):
            self._look(module, step)
        best_score = best_score.after(score, step)
        best = "  best" if best_score.best_step == step and score > 0 else ""
        self.display.print_line(
            f"step {step}  {line}{best}  "
            f"{duration(module.seconds)} trained, {duration(module.seconds_left)} left"
        )
        return best_score

    def _find(
        self, module: Training, samples: Sequence[Sample], places: Sequence[int]
    ) -> list[Instances] | None:
        """What is found at the best score threshold; None where a signal cuts it short."""
        found: list[Instances] = []
        if not places:
            return found
        for objects in validation.predict_samples(module.averaged, self.card, samples, places):
            if self.signals.asked is not None:
                return None
            found.append(objects)
            self.display.set_status(f"validated {len(found)} of {len(places)} images")
        return validation.apply_best_score_threshold(samples, places, found)

    def _look(self, module: Training, step: int) -> None:
        """What is worth seeing now and then."""
        if self.last_batch is not None:
            pictures.show_crops(self.logger, step, self.last_batch.images)
        pictures.show_histograms(self.logger, step, module.segmenter)
        if self.places:
            predictor = Predictor(TorchEngine(module.averaged), self.card)
            pictures.show_stages(self.logger, step, predictor, self.samples[self.places[0]])

    def report_patience_over(self, step: int, waited: int) -> None:
        """That patience is over."""
        self.display.print_line(
            f"stopped at step {step}: no better validation for {waited} times "
            f"(training.patience={self.config.patience})"
        )

    def _tell(self, module: Training, step: int) -> None:
        losses = self._mean_losses()
        images, seconds = self.summed * self.images_a_step, module.seconds - self.logged
        self.sums, self.summed, self.logged = {}, 0, module.seconds
        values = {f"train/{name}": loss for name, loss in losses.items()}
        speed = self.speed.images_a_second
        values |= {"rate": module.rate, "images_per_second": speed, "progress": module.progress}
        self.logger.write(step, values)
        self._show(module, step, losses)
        if images == LOG_EVERY * self.images_a_step:
            self._watch_speed(module, images / max(seconds, 1e-9))

    def _watch_speed(self, module: Training, speed: float) -> None:
        """Say that steps have become slow, and choose threads anew where the speed is another."""
        if times := self.pace.slowdown(speed):
            self.display.print_line(slowdown_warning(times, speed))
        if self.pace.has_changed(speed) and self.last_batch is not None:
            batch, bf16 = self.last_batch, str(module.trainer.precision).startswith("bf16")
            choice = choose_threads(
                self.config.threads,
                self.devices,
                lambda: StepTimer(module.segmenter, batch),
                bf16=bf16,
            )
            if choice.number != torch.get_num_threads() and choice.reason:
                torch.set_num_threads(choice.number)
                self.display.print_line(choice.reason)
            module.pause()

    def _mean_losses(self) -> dict[str, float]:
        """Over the steps since the last that was written down."""
        return {name: total / self.summed for name, total in self.sums.items()}

    def _show(self, module: Training, step: int, losses: dict[str, float]) -> None:
        of = "" if self.config.minutes else f"/{self.config.steps}"
        self.display.step(
            f"{step}{of}",
            progress=module.progress,
            left=module.seconds_left,
            speed=self.speed.images_a_second,
            losses=losses,
        )


def judged_training_samples(samples: Sequence[Sample], config: TrainingConfig) -> list[Sample]:
    """The training images that are judged beside the validation images: always the same few."""
    return [samples[i] for i in validation.evenly(len(samples), config.judge_train)]


class TrainingCallback(Callback):
    """Watches a training, with an observer only on the leader; its state goes into checkpoints."""

    def __init__(self, job: Job, signals: Signals, observer: TrainingReporter | None):
        self.run, self.config = job.run, job.config.training
        self.signals, self.observer = signals, observer
        self.best_score = BestScore()

    def state_dict(self) -> dict[str, Any]:
        return self.best_score._asdict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best_score = BestScore(**state_dict)

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
        if (
            validated
            and not ended
            and is_patience_over(self.config.patience, self.best_score.waited)
        ):
            stop = True
            if self.observer is not None:
                self.observer.report_patience_over(step, self.best_score.waited)
        trainer.should_stop = stop or ended

    def _validate(self, trainer: Trainer, module: Training, step: int) -> None:
        """Validate on the leader; all keep the best network.

        Patience waits for the last stage: what the later ones learn cannot get better before.
        """
        if self.observer is not None:
            self.best_score = self.observer.validate(module, step, self.best_score)
        self.best_score = trainer.strategy.broadcast(self.best_score)
        if not module.stages.is_last:
            self.best_score = self.best_score._replace(waited=0)
        if self.best_score.best_step == step:
            trainer.save_checkpoint(self.run / BEST)
