"""Outlining an image layer: a model finds the objects of its planes, one after the other."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from kontur.errors import InputError
from kontur.infer.hints import AUTO_IN_A_FORM, size_hint
from kontur.infer.load import load
from kontur.infer.options import PredictOptions, parse_contrast
from kontur.infer.predict import Predictor
from kontur.instances import Instances
from kontur.napari.origin import Index, Origin, leading_axes
from kontur.napari.planes import leading_shape, plane_pixels


@dataclass(frozen=True, eq=False)
class Task:
    """Planes of an image layer that a model outlines: those that wait, and what was found.

    `model` is a name, a file or a run; it is loaded with the first plane. `hints` are sentences on
    what to try, in the words of the form, each once.
    """

    layer: Any
    model: str
    options: PredictOptions
    waiting: tuple[Index, ...]
    found: Mapping[Index, Instances] = field(default_factory=dict)
    predictor: Predictor | None = None
    hints: tuple[str, ...] = ()


def outline_next(task: Task) -> Task:
    """The task with one plane more found. Raises `InputError` as `load` and `predict` do."""
    predictor = task.predictor or load(task.model)
    index, *waiting = task.waiting
    made = predictor.predict_detailed(plane_pixels(task.layer, index), task.options)
    areas = made.instances.areas
    hint = made.hint or size_hint(areas, predictor.card, task.options, advice=AUTO_IN_A_FORM)
    return replace(
        task,
        waiting=tuple(waiting),
        found={**task.found, index: made.instances},
        predictor=predictor,
        hints=tuple(dict.fromkeys([*task.hints, *([hint] if hint else [])])),
    )


def origin_of_prediction(layer: Any, planes: Mapping[Index, Instances]) -> Origin:
    """The origin of a layer of predicted objects: their planes, and the name of their image."""
    axes = leading_axes(layer.axis_labels, len(leading_shape(layer)))
    empty = Origin(axes=axes)
    placed = {index: one.replace(plane=empty.plane(index)) for index, one in planes.items()}
    return Origin(placed, axes, image_name(layer), pixel_size=pixel_size(layer))


def image_name(layer: Any) -> str:
    """The name of a layer's file, or of the layer where it was not read from one."""
    path = layer.source.path
    return Path(path).name if path else f"{layer.name}.tif"


def pixel_size(layer: Any) -> float | None:
    """The side of a pixel in µm where the layer's units say so and pixels are square."""
    height, width = (float(side) for side in layer.scale[-2:])
    unit = str(layer.units[-1]) if getattr(layer, "units", None) else "pixel"
    return height if height == width and unit == "micrometer" else None


def parse_options(diameter: str, contrast: str, score: str) -> PredictOptions:
    """The options of a prediction as they are typed; empty ones are left as they are.

    Raises `InputError` for what is neither a number nor, where that is possible, `auto`.
    """
    return PredictOptions(
        diameter=_number_or_auto(diameter, "the diameter, in pixels,"),
        contrast=parse_contrast(contrast) if contrast.strip() else None,
        score=_number(score, "the score, from 0 to 1,"),
    )


def _number_or_auto(text: str, what: str) -> float | Literal["auto"] | None:
    if text.strip().lower() == "auto":
        return "auto"
    return _number(text, what)


def _number(text: str, what: str) -> float | None:
    if not text.strip():
        return None
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{what} is a number or empty, got {text!r}") from None
