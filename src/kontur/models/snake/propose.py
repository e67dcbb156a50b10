"""From an image to candidates: the graphs in order, and everything between them.

Pure numpy and shapely. Between the graphs stand the steps whose number of objects is known only
there: peaks above the threshold, diamonds, octagons or learned starts (`contours`). After them
every ring becomes a valid polygon.
"""

from collections.abc import Sequence

import numpy as np
import shapely
from jaxtyping import Float

from kontur.geometry.polygons import polygons_from_rings
from kontur.instances import Instances
from kontur.models.candidates import (
    Box,
    Boxes,
    Candidates,
    Features,
    indices_of_image,
    take,
    take_within,
)
from kontur.models.card import Thresholds
from kontur.models.family import DecodeVariant
from kontur.models.graphs import Graphs
from kontur.models.rpn.propose import propose as propose_regions
from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.contours import trace_contours
from kontur.models.snake.evolve import Maps

ACCEPTED = -2e-3  # AP that a contour stage less may lose: each costs an eighth of the time
START = {"octagon": "octagon", "learned": "start"}  # what the contours of stage 0 are called
MOST_SHOWN = 100  # objects at most whose stages are shown
LEAST_CENTRE = 0.02  # score of a centre whose outline may be better than the centre is sure
LOWEST_SCORE = 1e-6  # of an object, whatever the threshold: `detect` has 0 beside the peaks


def propose(
    graphs: Graphs,
    images: Float[np.ndarray, "b c h w"],
    config: SnakeConfig,
    lowest: float,
    sizes: Sequence[tuple[int, int]],
    within: Box | None = None,
    corner: tuple[int, int] = (0, 0),
) -> list[Candidates]:
    """The candidates of each image of a batch whose sides are multiples of `config.multiple`.

    `graphs` are those of an engine (`models.snake.graphs`).
    What cannot reach the score `lowest` is not outlined; what does not is still among them.
    `sizes` are the images' own (height, width) without their padding; limits of proposals are those
    of squares that are counted from a `corner` (x, y). Any number of objects; a batch without any
    does not run the later graphs.
    """
    least = least_centre(lowest) if config.quality else lowest
    maps, detected = detect(graphs, images, config, least, sizes, corner)
    if not config.has_neighbours:  # which see those outside too
        detected = take_within(detected, within)
    stages, quality = trace_contours(graphs, maps, detected, config)
    contours = stages[-1]
    if config.quality:
        detected = detected._replace(scores=np.sqrt(detected.scores * quality))
    candidates = []
    for image, size in enumerate(sizes):
        own = indices_of_image(detected, image)
        candidates.append(
            Candidates.of_rings(
                contours[own],
                take(detected, own),
                size=size,
                classes=config.classes,
                features=Features(maps, image),
                quality=quality[own] if config.quality else None,
            )
        )
    return candidates


def least_centre(lowest: float) -> float:
    """How sure a centre must be for its outline to reach a score of `lowest` with its quality.

    The score is the geometric mean of both, and a quality is 1 at most. What is outlined beyond
    this would be seen at low thresholds alone, such as those of tuning, and not at the tuned one.
    """
    return max(lowest**2, LEAST_CENTRE)


def detect(
    graphs: Graphs,
    images: Float[np.ndarray, "b c h w"],
    config: SnakeConfig,
    lowest: float,
    sizes: Sequence[tuple[int, int]],
    corner: tuple[int, int] = (0, 0),
) -> tuple[Maps, Boxes]:
    """The maps that the snake reads, and the boxes that it starts from.

    Maps are the features (b, h, w, d) and, with an edge stage, those of full resolution.
    """
    *maps, scores, where = graphs["detect"](images)
    return tuple(maps), boxes_of(*(scores, where, images.shape[2:], sizes, config, lowest, corner))


def boxes_of(
    scores: np.ndarray,
    where: np.ndarray,
    size: tuple[int, ...],
    sizes: Sequence[tuple[int, int]],
    config: SnakeConfig,
    lowest: float,
    corner: tuple[int, int] = (0, 0),
) -> Boxes:
    """The boxes of what `detect` found in images of `size` (h, w), `sizes` without padding."""
    if config.detector == "centernet":
        return peaks(scores, where, lowest)
    return proposed(scores, where, size, sizes, config, lowest, corner)


def peaks(
    scores: Float[np.ndarray, "b k h w"], boxes: Float[np.ndarray, "b 4 h w"], threshold: float
) -> Boxes:
    """Every cell at or above the threshold (`detect` has left only local maxima above 0).

    Boxes are xyxy in image pixels. Images in order, within one the best score first.
    """
    image_index, labels, rows, columns = np.nonzero(scores >= max(threshold, LOWEST_SCORE))
    heights = scores[image_index, labels, rows, columns]
    order = np.lexsort((-heights, image_index))
    image_index, labels, rows, columns = (
        each[order] for each in (image_index, labels, rows, columns)
    )
    return Boxes(boxes[image_index, :, rows, columns], heights[order], labels, image_index)


def proposed(
    scores: Float[np.ndarray, "b a k"],
    deltas: Float[np.ndarray, "b a 4"],
    size: tuple[int, ...],
    sizes: Sequence[tuple[int, int]],
    config: SnakeConfig,
    threshold: float,
    corner: tuple[int, int] = (0, 0),
) -> Boxes:
    """The same from anchors: those at or above the threshold, moved and suppressed by overlap."""
    return propose_regions(
        *(scores, deltas),
        size=(size[0], size[1]),
        sizes=sizes,
        strides=config.anchor_strides,
        config=config.rpn,
        lowest=max(threshold, LOWEST_SCORE),
        corner=corner,
    )


def decode_variants(config: SnakeConfig) -> list[DecodeVariant]:
    """Fewer contour stages, one less first: what the last ones add is often nothing.

    Of a recurrent refiner one more, too, up to twice as many as it was trained with.
    """
    fewer = range(config.stages_run - 1, 0, -1)
    variants = [DecodeVariant(config.replace(stages_used=count), ACCEPTED) for count in fewer]
    if config.refiner.kind == "recurrent" and config.stages_run < 2 * config.stages:
        variants.append(DecodeVariant(config.replace(stages_used=config.stages_run + 1)))
    return variants


def outlines_by_stage(
    graphs: Graphs,
    images: Float[np.ndarray, "1 c h w"],
    config: SnakeConfig,
    thresholds: Thresholds,
    size: tuple[int, int],
) -> dict[str, Instances]:
    """The outlines of the surest objects of one image after every stage, to look at.

    From their start on; none is suppressed, and `size` is the image's own without its padding.
    """
    maps, detected = detect(graphs, images, config, thresholds.score, [size])
    surest = take(detected, slice(MOST_SHOWN))
    history = trace_contours(graphs, maps, surest, config, judged=False).stages
    shown = {}
    for stage, rings in enumerate(history):
        polygons, _ = polygons_from_rings(rings.astype(np.float64), size)
        outlined = ~shapely.is_empty(polygons)
        name = f"stage {stage}" if stage else START[config.initial]
        name = "edge" if stage > config.stages_run else name
        shown[name] = Instances.of_valid(
            polygons[outlined], labels=surest.labels[outlined], size=size, classes=config.classes
        )
    return shown
