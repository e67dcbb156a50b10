"""Between the steps: logging of losses, validation, checkpoints, and the end of the training.

Every device decides alike what is due. Devices wait for one another in every step and every
checkpoint, so that all must take part in both; the leader alone logs and validates
(`TrainingReporter`).
"""

from collections.abc import Sequence
from typing import Any

from lightning.pytorch import Callback, Trainer

from kontur.data.sample import Sample
from kontur.infer.engines.torch_engine import TorchEngine
from kontur.infer.predict import Predictor
from kontur.instances import Instances
from kontur.models.card import Card
from kontur.train import pictures, validation
from kontur.train.advice import describe_gap
from kontur.train.config import TrainingConfig
from kontur.train.dataloader import Batch, validation_batches
from kontur.train.gradient_flow import flow_summary, measure_flow, scalars
from kontur.train.logger import VAL_LOSS, RunLogger
from kontur.train.module import Stages, Training
from kontur.train.pace import Pace, slowdown_warning
from kontur.train.progress import ProgressDisplay, Speed, duration
from kontur.train.run_folder import BEST, LAST
from kontur.train.signals import Signals
from kontur.train.timing import adapt_threads
from kontur.train.trainer import Job, step_timer
from kontur.train.validation import BestScore, is_patience_over

LOG_EVERY = 10  # steps; the logged losses are means over them
DRAWN = 3  # validation images drawn for TensorBoard
LOSS_BATCHES = 2  # of validation crops, for the validation loss
LARGEST = 800  # pixels, side of a drawn image: every validation adds one of each


class TrainingReporter:
    """Logs the training, shows its progress, and validates at the best score threshold."""

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
        self.job = job
        self.config, self.samples = job.config.training, samples
        self.training_samples = judged_training_samples(job.crops.samples.samples, self.config)
        self.card = card.replace(thresholds=card.thresholds.replace(score=validation.LOOSE_SCORE))
        self.logger, self.display, self.signals = logger, display, signals
        self.places = validation.evenly_spaced(len(samples), self.config.validate_images)
        self.loss_batches = validation_batches(
            job.crops, samples, kind=card.kind, number=LOSS_BATCHES
        )
        self.images_a_step = self.config.crops_a_step * job.devices.number
        self.speed, self.pace = Speed(), Pace()
        self.losses: dict[str, list[float]] = {}  # of the steps since they were last logged
        self.last_batch: Batch | None = None
        self.begun: int | None = None  # stages of the network, since this process trains

    def step(self, module: Training, step: int, batch: Batch, *, last: bool) -> None:
        """Add the losses of a step, and log them every `LOG_EVERY` steps.

        And where a stage begins, so that the log and its curves have its losses from that step on.
        """
        self.last_batch = batch
        begins = self._report_new_stages(module.stages, step)
        for name, loss in module.latest.items():
            self.losses.setdefault(name, []).append(float(loss))
        self.speed.add(self.images_a_step, module.seconds)
        if step % LOG_EVERY == 0 or last or begins:
            self._log_losses(module, step)
        elif self.display.is_silent:
            self._show_progress(module, step, self._mean_losses())
        if speed := self.pace.add(self.images_a_step, module.seconds):
            self._check_speed(module, speed)
        if self.config.diagnose_every and step % self.config.diagnose_every == 0:
            module.check_weights()
            active = module.stages.active(module.progress)
            layers = measure_flow(
                module.segmenter, lambda network: network.total(network.loss(*batch, active))
            )
            self.logger.write(step, scalars(layers))
            self.display.set_status(flow_summary(layers))
            module.pause()

    def validate(self, module: Training, step: int, best_score: BestScore) -> BestScore:
        """Evaluate the averaged network and update the best score; unchanged after a signal."""
        predicted = self._predict(module, self.samples, self.places)
        if predicted is None:
            return best_score
        training_places = range(len(self.training_samples))
        on_training = self._predict(module, self.training_samples, training_places)
        if on_training is None:
            return best_score
        summary = validation.evaluate_predictions(
            self.samples, self.places, predicted, metrics=["ap"]
        )
        score = validation.score(summary)
        scores = {"val/AP": score, "val/AP at IoU 0.5": summary.ap(0.5)}
        line = validation.summary_line(summary)
        if on_training:
            training_score = validation.score(
                validation.evaluate_predictions(
                    self.training_samples, training_places, on_training, metrics=["ap"]
                )
            )
            scores["val/AP on training images"] = training_score
            line += f", {describe_gap(training_score, score)}"
        batches = [
            module.transfer_batch_to_device(batch, module.device, 0) for batch in self.loss_batches
        ]
        active = module.stages.active(module.progress)
        scores[VAL_LOSS] = validation.validation_loss(module.averaged, batches, active)
        self.logger.write(step, scores)
        for place, objects in list(zip(self.places, predicted, strict=True))[:DRAWN]:
            sample = self.samples[place]
            both = pictures.true_and_predicted(sample, objects)
            picture = pictures.side_by_side(sample, both, largest=LARGEST)
            self.logger.image(step, f"outlines/{sample.name}", picture)
        if pictures.is_due(step, self.config.validate_every):
            self._log_pictures(module, step)
        best_score = best_score.after(score, step, summary.true_count)
        kept = "  kept" if best_score.best_step == step and score > 0 else ""
        self.display.print_line(
            f"step {step}  {line}{kept}  "
            f"{duration(module.seconds)} trained, {duration(module.seconds_left)} left"
        )
        return best_score

    def _predict(
        self, module: Training, samples: Sequence[Sample], places: Sequence[int]
    ) -> list[Instances] | None:
        """Predictions at the best score threshold; None where a signal was received."""
        predicted: list[Instances] = []
        if not places:
            return predicted
        for objects in validation.predict_samples(module.averaged, self.card, samples, places):
            if self.signals.received is not None:
                return None
            predicted.append(objects)
            self.display.set_status(f"validated {len(predicted)} of {len(places)} images")
        return validation.apply_best_score_threshold(samples, places, predicted)

    def _log_pictures(self, module: Training, step: int) -> None:
        """Crops, histograms, and the outlines of an image stage by stage, for TensorBoard."""
        if self.last_batch is not None:
            pictures.show_crops(self.logger, step, self.last_batch.images)
        pictures.show_histograms(self.logger, step, module.segmenter)
        if self.places:
            predictor = Predictor(TorchEngine(module.averaged), self.card)
            pictures.show_stages(self.logger, step, predictor, self.samples[self.places[0]])

    def report_patience_over(self, step: int, waited: int) -> None:
        """Print that the training stops because the validation score no longer improves."""
        self.display.print_line(
            f"stopped at step {step}: no better validation for {waited} times "
            f"(training.patience={self.config.patience})"
        )

    def _report_new_stages(self, stages: Stages, step: int) -> bool:
        """Print which stages have begun, for the total of the losses rises with them; whether any.

        None of a run that goes on does where it does.
        """
        begins = self.begun is not None and stages.begun > self.begun
        if begins:
            names = ", ".join(stages.names[self.begun : stages.begun])
            self.display.print_line(
                f"step {step}: {names} trained from here on, with losses of their own, which the "
                "total has too (training.stages)"
            )
        self.begun = stages.begun
        return begins

    def _log_losses(self, module: Training, step: int) -> None:
        losses = self._mean_losses()
        self.losses = {}
        values = {f"train/{name}": loss for name, loss in losses.items()}
        speed = self.speed.images_a_second
        values |= {"rate": module.rate, "images_per_second": speed, "progress": module.progress}
        self.logger.write(step, values)
        self._show_progress(module, step, losses)

    def _check_speed(self, module: Training, speed: float) -> None:
        """Warn where steps have become slow; choose threads again where the speed has changed."""
        if times := self.pace.slowdown(speed):
            self.display.print_line(slowdown_warning(times, speed))
        change = self.pace.change(speed)
        if change != 1:
            reason = adapt_threads(
                change,
                "bf16" if str(module.trainer.precision).startswith("bf16") else "32",
                self.config.threads,
                self.job.devices,
                lambda: step_timer(self.job),
            )
            if reason:
                self.display.print_line(reason)
            module.pause()

    def _mean_losses(self) -> dict[str, float]:
        """The means over the steps since the losses were last logged that had them.

        Where a stage began among them, the total is not the sum of these.
        """
        return {name: sum(losses) / len(losses) for name, losses in self.losses.items()}

    def _show_progress(self, module: Training, step: int, losses: dict[str, float]) -> None:
        of = "" if self.config.minutes else f"/{self.config.steps}"
        self.display.step(
            f"{step}{of}",
            progress=module.progress,
            left=module.seconds_left,
            speed=self.speed.images_a_second,
            losses=losses,
        )


def judged_training_samples(samples: Sequence[Sample], config: TrainingConfig) -> list[Sample]:
    """The training images that are evaluated beside the validation images: always the same few."""
    return [samples[i] for i in validation.evenly_spaced(len(samples), config.judge_train)]


class TrainingCallback(Callback):
    """Validates, saves checkpoints and ends the training; its state goes into checkpoints.

    Only the leader has a `reporter`.
    """

    def __init__(self, job: Job, signals: Signals, reporter: TrainingReporter | None):
        self.run, self.config = job.run, job.config.training
        self.signals, self.reporter = signals, reporter
        self.best_score = BestScore()

    def state_dict(self) -> dict[str, Any]:
        return self.best_score._asdict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best_score = BestScore(**state_dict)

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        self.signals.listen()  # Lightning has replaced the handler of SIGTERM

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        module: Training = pl_module
        step, ended = trainer.global_step, module.is_over
        if self.reporter is not None:
            self.reporter.step(module, step, batch, last=ended)
        validated = step % self.config.validate_every == 0 or ended
        if validated:
            module.check_weights()
            self._validate(trainer, module, step)
        stop = bool(trainer.strategy.broadcast(self.signals.received is not None))
        if validated or stop or step % self.config.save_every == 0:
            module.check_weights()  # or a resume would go on from what it broke
            trainer.save_checkpoint(self.run / LAST)
            self.signals.saved(step)
            module.pause()
        if (
            validated
            and not ended
            and is_patience_over(self.config.patience, self.best_score.waited)
        ):
            stop = True
            if self.reporter is not None:
                self.reporter.report_patience_over(step, self.best_score.waited)
        trainer.should_stop = stop or ended

    def _validate(self, trainer: Trainer, module: Training, step: int) -> None:
        """Validate on the leader; every device saves the best network.

        Patience is counted in the last stage only: in earlier ones scores may not improve yet.
        """
        if self.reporter is not None:
            self.best_score = self.reporter.validate(module, step, self.best_score)
        self.best_score = trainer.strategy.broadcast(self.best_score)
        if not module.stages.is_last:
            self.best_score = self.best_score._replace(waited=0)
        if self.best_score.best_step == step:
            trainer.save_checkpoint(self.run / BEST)
