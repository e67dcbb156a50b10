"""What a shipped model finds on validation images: a training ought to end better than that.

Who trains on objects that a shipped model knows learns from few images in minutes what that model
has learned from many in hours, and may begin with it instead.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from kontur.data.sample import Sample
from kontur.errors import InputError
from kontur.infer.load import load
from kontur.infer.model_files import shipped_models
from kontur.infer.options import PredictOptions
from kontur.infer.predict import Predictor
from kontur.instances import Instances
from kontur.train import validation
from kontur.wording import plural

MOST_IMAGES = 8
LARGEST = 4_000_000  # pixels of an image that is predicted; larger ones take long
AUTO = PredictOptions(diameter="auto")
WORTH_NAMING = 0.1  # AP from which a model is taken for one that knows such objects
FEWEST_STEPS = 100  # of a training, from which it is compared: fewer are a trial


class ShippedBaseline(NamedTuple):
    """A shipped model, and its AP on the samples at the indices `places`.

    `start` is the option by which the training would begin with it; "" where it cannot, or does.
    """

    name: str
    ap: float
    places: Sequence[int]
    start: str

    @property
    def command(self) -> str:
        return f"kontur predict IMAGES --model {self.name} --diameter auto"

    def describe(self) -> str:
        """A sentence for the beginning of a training."""
        begin = f"; {self.start} would begin with it" if self.start else ""
        return (
            f"untrained, the shipped model {self.name} has AP {self.ap:.3f} on "
            f"{plural(len(self.places), 'validation image')} ({self.command}){begin}"
        )

    def advice(self, samples: Sequence[Sample], predicted: Sequence[Instances]) -> str:
        """A warning that the trained model is worse on the same images; "" where it is not.

        `predicted` are its objects in all `samples`.
        """
        chosen = [predicted[i] for i in self.places]
        summary = validation.evaluate_predictions(samples, self.places, chosen, metrics=["ap"])
        ap = validation.score(summary)
        if ap >= self.ap:
            return ""
        begin = f", begin with it ({self.start})" if self.start else ""
        return (
            f"! on {plural(len(self.places), 'validation image')} the shipped model {self.name} is "
            f"better: AP {self.ap:.3f}, this one {ap:.3f}; train longer{begin} or use it "
            f"({self.command})"
        )


def shipped_baseline(
    samples: Sequence[Sample], classes: Sequence[str], *, kind: str, start: str | None
) -> ShippedBaseline | None:
    """The best of the shipped models on a few validation samples, with `--diameter auto`.

    None where none reaches `WORTH_NAMING`, where there are several classes, which none tells
    apart, and where no image has objects or all are large. `kind` is the network that is trained,
    `start` the name of the model that it begins with.
    """
    if len(classes) > 1:
        return None
    places = [
        i
        for i in validation.evenly_spaced(len(samples), MOST_IMAGES)
        if math.prod(samples[i].image.shape[:2]) <= LARGEST
    ]
    if not any(len(samples[i].instances) for i in places):
        return None
    scored = []
    for name in shipped_models():
        predictor = load(name, device="cpu")
        ap = _ap(predictor, samples, places)
        begins = predictor.card.kind == kind and name != start
        scored.append(ShippedBaseline(name, ap, places, f"--from {name}" if begins else ""))
    known = [baseline for baseline in scored if baseline.ap >= WORTH_NAMING]
    return max(known, key=lambda baseline: baseline.ap, default=None)


def _ap(predictor: Predictor, samples: Sequence[Sample], places: Sequence[int]) -> float:
    """The mean AP; 0 where the model does not take such images."""
    try:
        predicted = [predictor.predict_detailed(samples[i].image, AUTO).instances for i in places]
    except InputError:
        return 0.0
    summary = validation.evaluate_predictions(samples, places, predicted, metrics=["ap"])
    return validation.score(summary)
