"""A family of models as one object: its settings, its graphs, its encoding and decoding.

Nothing here imports torch: predicting needs none. Only `network`, which training, fine-tuning and
the torch engine call, imports it.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kontur.errors import InputError
from kontur.instances import Instances
from kontur.models.candidates import Candidates, Features
from kontur.models.card import Thresholds
from kontur.models.graphs import Graphs
from kontur.settings import Settings

if TYPE_CHECKING:
    from kontur.models.segmenter import Segmenter

FIXED_CELL, FIXED_HALO = 512, 128  # pixels, of networks in which everything decides about all


class Block(NamedTuple):
    """A part of an image: the values of a window (h, w, c), and the part of it that counts."""

    values: np.ndarray
    counted: tuple[slice, slice]


Blocks = Callable[[], Iterator[Block]]  # an image part by part; each call begins anew


class GraphExample(NamedTuple):
    """Example inputs of a graph, by name and in order, for its export, and its dynamic axes."""

    inputs: dict[str, np.ndarray]
    outputs: tuple[str, ...]
    dynamic: dict[str, dict[int, str]]


class DecodeVariant(NamedTuple):
    """Other settings of decoding, and the least gain of AP for which tuning takes them.

    A gain below 0 is a loss that is accepted because the settings are faster.
    """

    config: Any
    gain: float = 1e-3  # smaller gains are within chance


@dataclass(frozen=True)
class ContourTools:
    """The functions of a contour family for rings that it did not propose itself.

    Each takes the graphs, the features of an image, points (m, …, 2) in pixels of the
    network's input, and the config; each gives contours (m, n, 2), n being the config's `points`.
    `quality` gives the predicted IoU (m,) of outlines with their objects, NaN for models without.
    """

    from_rings: Callable[[Graphs, Features, Sequence[np.ndarray], Any], np.ndarray]
    from_extremes: Callable[[Graphs, Features, np.ndarray, Any], np.ndarray]
    from_boxes: Callable[[Graphs, Features, np.ndarray, Any], np.ndarray]
    quality: Callable[[Graphs, Features, Sequence[np.ndarray], Any], np.ndarray]


def nothing_to_train(*_: Any) -> Any:
    """The network of a method that has none: raises `InputError`."""
    raise InputError("the baseline has no network to train; kontur compare tunes its settings")


def no_graphs(config: Any) -> dict[str, GraphExample]:
    """The graphs of a method without a network."""
    return {}


def no_agent(config: Any) -> bool:
    """Of a family that has none."""
    return False


def nothing_usual(config: Any) -> Thresholds | None:
    """The usual thresholds of a family of which none are known."""
    return None


def no_variants(config: Any) -> list[DecodeVariant]:
    """The variants of a family whose decoding has nothing to tune."""
    return []


def up(length: float, multiple: int) -> int:
    """The smallest multiple that is at least `length`.

    >>> up(65, 32), up(64, 32), up(0.5, 32)
    (96, 64, 32)
    """
    return math.ceil(length / multiple) * multiple


def padding_multiple(config: Any) -> int:
    """The total stride of a network, of which the sides of its input are multiples."""
    return int(config.multiple)


def nothing_to_measure(config: Any, blocks: Blocks) -> Any:
    """The settings of a family whose results follow from what is around each object alone."""
    return config


def linear_memory(bytes_a_pixel: float, config: Any, size: tuple[int, int]) -> float:
    """Bytes for an image of `size` (h, w), proportional to its area whatever it shows."""
    return bytes_a_pixel * size[0] * size[1]


@dataclass(frozen=True)
class Family:
    """The functions that build, train and use the models of one kind.

    Attributes:
        name: the kind, as in cards and `--kind`.
        config: the class of its settings.
        presets: by name, mappings of the settings that differ from the defaults.
        propose: (graphs, images (b, c, h, w), config, lowest score, sizes (h, w) without padding,
            within=box, corner=(x, y)) → the Candidates of each image; those whose owner point lies
            outside the box xyxy may be left out. What is limited for each square of `grid` pixels
            is so for squares that are counted from the corner.
        graphs: config → an example of each graph by name.
        memory: (config, (h, w)) → the most bytes that an image of this size needs.
        reach: (config, side of a large object) → pixels on each side of a place that decide about
            what is predicted there; None for networks in which the whole input decides about
            every place.
        grid: config → the multiple of pixels at which a window may begin and sees what the whole
            image would.
        by_first_pixel: whether a candidate belongs to the tile of its first pixel (`points`), above
            which nothing of it lies.
        measure: (config, the image in blocks) → the config with what must be measured once for an
            image, whatever its tiles show.
        network: config → a new network with random weights (imports torch); `nothing_to_train` for
            a method that learns no weights.
        encode: (instances, config, rng) → training targets of one image.
        collate: [targets of an image, …] → those of a batch.
        decode_variants: config → other settings of decoding, which tuning compares on validation
            data; the graphs do not depend on them.
        usual_thresholds: config → the thresholds that models of the kind come to when there is much
            to tune them on; None where that is not known.
        tunable_fields: the settings that `decode_variants` changes; weights do not depend on them.
        outlines_by_stage: (graphs, images (1, c, h, w), config, thresholds, size) → outlines after
            each stage of refinement, by its name; None for families without stages.
        contours: functions for rings from outside; None for families without contours.
        polish: (graphs, images (1, c, h, w), candidates, config) → the candidates with outlines
            that the model's agent has corrected; None for families without agents.
        has_agent: config → whether a model of these settings has one.
        float32_graphs: those that 8-bit integers do not make faster.
    """

    name: str
    config: type[Settings]
    presets: Mapping[str, Mapping[str, Any]]
    propose: Callable[..., list[Candidates]]
    memory: Callable[[Any, tuple[int, int]], float]
    reach: Callable[[Any, float], int | None]
    grid: Callable[[Any], int] = padding_multiple
    by_first_pixel: bool = False
    measure: Callable[[Any, Blocks], Any] = nothing_to_measure
    graphs: Callable[[Any], dict[str, GraphExample]] = no_graphs
    network: "Callable[[Any], Segmenter]" = nothing_to_train
    encode: Callable[..., Any] = nothing_to_train
    collate: Callable[..., Any] = nothing_to_train
    decode_variants: Callable[[Any], list[DecodeVariant]] = no_variants
    usual_thresholds: Callable[[Any], Thresholds | None] = nothing_usual
    tunable_fields: tuple[str, ...] = ()
    outlines_by_stage: (
        Callable[[Graphs, np.ndarray, Any, Thresholds, tuple[int, int]], dict[str, Instances]]
        | None
    ) = None
    contours: ContourTools | None = None
    polish: Callable[[Graphs, np.ndarray, Candidates, Any], Candidates] | None = None
    has_agent: Callable[[Any], bool] = no_agent
    float32_graphs: tuple[str, ...] = ()

    @property
    def trainable(self) -> bool:
        """Whether there is a network to train; else its few settings are tuned."""
        return self.network is not nothing_to_train
