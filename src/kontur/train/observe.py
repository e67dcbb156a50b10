"""What the leading process sees of a training and tells: losses, speed, validation, pictures."""

from collections.abc import Sequence

from kontur.data.sample import Sample
from kontur.instances import Instances
from kontur.models.card import Card
from kontur.train import validate
from kontur.train.interrupt import Signals
from kontur.train.job import Job
from kontur.train.module import Training
from kontur.train.overlays import side_by_side
from kontur.train.progress import Display, Speed, duration
from kontur.train.record import Record
from kontur.train.standing import Standing

LOG_EVERY = 10  # steps; the losses written down are the means over them
SHOWN = 3  # validation images drawn for TensorBoard
LARGEST = 800  # pixels a side of these: there is one of each for every validation


class Observer:
    """Writes to the record and the screen; validates at the best score threshold."""

    def __init__(
        self,
        job: Job,
        card: Card,
        samples: Sequence[Sample],
        *,
        record: Record,
        display: Display,
        signals: Signals,
    ):
        self.config, self.samples = job.config.training, samples
        self.card = card.replace(thresholds=card.thresholds.replace(score=validate.LOOSE))
        self.record, self.display, self.signals = record, display, signals
        self.places = validate.evenly(len(samples), self.config.validate_images)
        self.images_a_step = self.config.batch * job.devices.number
        self.speed = Speed()
        self.sums: dict[str, float] = {}
        self.summed = 0

    def step(self, module: Training, step: int, *, last: bool) -> None:
        """Take note of a step; tell of the last few now and then."""
        for name, loss in module.latest.items():
            self.sums[name] = self.sums.get(name, 0.0) + float(loss)
        self.summed += 1
        self.speed.add(self.images_a_step, module.seconds)
        if step % LOG_EVERY == 0 or last:
            self._tell(module, step)

    def validate(self, module: Training, step: int, standing: Standing) -> Standing:
        """How the averaged network stands now; as before, where a signal cuts it short."""
        found: list[Instances] = []
        for objects in validate.find(module.averaged, self.card, self.samples, self.places):
            if self.signals.asked is not None:
                return standing
            found.append(objects)
            self.display.note(f"validated {len(found)} of {len(self.places)} images")
        found = validate.cut(self.samples, self.places, found)
        summary = validate.judge(self.samples, self.places, found)
        score = validate.score(summary)
        self.record.write(step, {"val/AP": score, "val/AP at IoU 0.5": summary.ap(0.5)})
        for place, objects in list(zip(self.places, found, strict=True))[:SHOWN]:
            sample = self.samples[place]
            picture = side_by_side(sample, objects, largest=LARGEST)
            self.record.show(step, f"outlines/{sample.name}", picture)
        standing = standing.after(score, step)
        best = "  best" if standing.best_step == step and score > 0 else ""
        self.display.say(
            f"step {step}  {validate.brief(summary)}{best}  "
            f"{duration(module.seconds)} trained, {duration(module.seconds_left)} left"
        )
        return standing

    def say_why_stopped(self, step: int, waited: int) -> None:
        """That patience is over."""
        self.display.say(
            f"stopped at step {step}: no better validation for {waited} times "
            f"(training.patience={self.config.patience})"
        )

    def _tell(self, module: Training, step: int) -> None:
        losses = {name: total / self.summed for name, total in self.sums.items()}
        self.sums, self.summed = {}, 0
        values = {f"train/{name}": loss for name, loss in losses.items()}
        speed = self.speed.images_a_second
        self.record.write(step, {**values, "rate": module.rate, "images_per_second": speed})
        of = "" if self.config.minutes else f"/{self.config.steps}"
        self.display.step(
            f"{step}{of}",
            progress=module.progress,
            left=module.seconds_left,
            speed=speed,
            losses=losses,
        )
