"""A session on one image: features are computed once, then each outline takes milliseconds.

Interactive programs refine outlines and draw new ones at the cost of the small graphs alone: the
network's first graph ran when the session began.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from jaxtyping import Float, Shaped
from numpy.typing import ArrayLike

from kontur.errors import InputError
from kontur.geometry import ring
from kontur.geometry.polygons import clip, polygons_from_rings
from kontur.geometry.raster import FARTHEST
from kontur.infer.prompts import agreed, at_rest, boxes_around, under_click
from kontur.infer.view import View
from kontur.instances import Instances
from kontur.models.candidates import Candidates, Features
from kontur.models.card import Thresholds
from kontur.models.family import ContourTools, Family
from kontur.models.graphs import Graphs
from kontur.models.resolve import Resolved, resolve

EXTREMES = 4  # points to click
LEAST = 1.0  # square pixels: what is smaller cannot be seen, and is no object
NOTHING = 0.05  # predicted IoU of what grows from a click, below which there is no object
UNKNOWN_SIDE = 1 / 8  # of the image's shorter side, where nobody knows how large objects are
Numbers = ArrayLike | tuple[Any, ...]  # to checks at run time a tuple is no ArrayLike
PROMPTS = "four extreme points, click=(x, y), box=(x0, y0, x1, y1) or polygon=[(x, y), …]"


class Session:
    """The features and candidates of one image; made by `Predictor.session`.

    Points are (x, y) pixels of the image. Outlines are valid polygons inside it, empty where the
    network's points enclose no area in it. `object_size` is the side of a typical object in pixels
    of the view, None where it is not known; `candidates` reach below the score threshold.
    """

    def __init__(
        self,
        family: Family,
        config: object,
        graphs: Graphs,
        view: View,
        candidates: Candidates,
        thresholds: Thresholds,
        *,
        object_size: float | None = None,
    ):
        self.view = view
        self.candidates = candidates
        self.thresholds = thresholds
        self._family, self._config, self._graphs = family, config, graphs
        self._object_size = object_size

    @cached_property
    def resolved(self) -> Resolved:
        """The predicted objects, and how many outlines were repaired."""
        instances, repaired = resolve(self.candidates, self.thresholds)
        return Resolved(self.view.instances_in_image(instances), repaired)

    @property
    def instances(self) -> Instances:
        """The predicted objects, best score first."""
        return self.resolved.instances

    def refine(
        self, outlines: Sequence[ArrayLike] | Shaped[np.ndarray, " m"]
    ) -> Shaped[np.ndarray, " m"]:
        """Outlines moved onto the edges of the objects beneath them; m may be 0.

        Args:
            outlines: rings (n, 2) of any start and direction, or polygons, whose outer ring counts.

        Raises:
            InputError: the model has no contours, or a ring has fewer than three points.
        """
        rings = [self._ring(outline) for outline in outlines]
        in_view = [self.view.image_to_view(points) for points in rings]
        contours = self._contours.from_rings(self._graphs, self._features, in_view, self._config)
        return self._polygons(contours)

    def outline(
        self,
        extremes: Numbers | None = None,
        *,
        click: Numbers | None = None,
        box: Numbers | None = None,
        polygon: Numbers | shapely.Geometry | None = None,
    ) -> shapely.Geometry:
        """The outline of one object from one prompt, which need not be exact.

        Empty where nothing is seen there, or nothing as large as a pixel.

        Args:
            extremes: its top, right, bottom and left (4, 2), clicked in any order.
            click: a point inside it.
            box: x0, y0, x1, y1 around it.
            polygon: a rough outline (n, 2) of any start and direction.

        Raises:
            InputError: not one prompt, not of this form, or outside the image; or the model has no
                contours (a click also chooses among outlines of pixels).
        """
        prompts = {"extremes": extremes, "click": click, "box": box, "polygon": polygon}
        given = [name for name, value in prompts.items() if value is not None]
        if len(given) != 1:
            names = " and ".join(given) or "nothing"
            raise InputError(f"an outline needs one prompt: {PROMPTS}; got {names}")
        if click is not None:
            drawn = self._outline_click(click)
        elif box is not None:
            drawn = self.outline_boxes([_numbers(box, (4,), "a box is x0, y0, x1, y1")])[0]
        elif polygon is not None:
            drawn = self._outline_polygon(polygon)
        else:
            drawn = self._outline_extremes(extremes)
        return drawn if drawn.area >= LEAST else shapely.Polygon()

    def quality(
        self, outlines: Sequence[ArrayLike] | Shaped[np.ndarray, " m"]
    ) -> Float[np.ndarray, " m"]:
        """The predicted IoU of outlines with the objects beneath them, 0 to 1; m may be 0.

        NaN for a model that did not learn it. Arguments and errors as in `refine`.
        """
        in_view = [self.view.image_to_view(self._ring(outline)) for outline in outlines]
        return self._quality(in_view)

    def outline_boxes(self, boxes: Numbers) -> Shaped[np.ndarray, " m"]:
        """The outline of the object in each of m boxes (m, 4): x0, y0, x1, y1; m may be 0.

        Raises:
            InputError: the model has no contours, a box has no area or lies outside the image.
        """
        corners = _numbers(boxes, (-1, 4), "boxes are rows of x0, y0, x1, y1").reshape(-1, 2, 2)
        if (corners[:, 1] <= corners[:, 0]).any():
            raise InputError("a box is x0, y0, x1, y1 with x0 < x1 and y0 < y1, in pixels")
        for each in corners:
            self._check_inside(each)
        in_view = self.view.image_to_view(corners).reshape(-1, 4)
        contours = self._contours.from_boxes(self._graphs, self._features, in_view, self._config)
        return at_rest(self._polygons(contours), self._polygons(self._restart(contours)))

    def _outline_extremes(self, extremes: Any) -> shapely.Geometry:
        clicked = _numbers(
            extremes,
            (EXTREMES, 2),
            "four extreme points are the (x, y) of an object's top, right, bottom and left",
        )
        if (np.ptp(clicked, axis=0) == 0).any():
            raise InputError(
                "four extreme points are an object's top, right, bottom and left, and these lie on "
                "one line or point"
            )
        self._check_inside(clicked)
        in_view = ring.extremes(self.view.image_to_view(clicked))[None]
        contours = self._contours.from_extremes(self._graphs, self._features, in_view, self._config)
        return at_rest(self._polygons(contours), self._polygons(self._restart(contours)))[0]

    def _outline_polygon(self, polygon: Any) -> shapely.Geometry:
        drawn = self._ring(polygon)
        self._check_inside(drawn)
        in_view = [self.view.image_to_view(drawn)]
        contours = self._contours.from_rings(self._graphs, self._features, in_view, self._config)
        return at_rest(
            self._polygons(contours),
            self._polygons(self._restart(contours)),
            polygons_from_rings(drawn[None])[0],
        )[0]

    def _outline_click(self, click: Any) -> shapely.Geometry:
        """The surest candidate there; where none is, what boxes of several sizes agree on."""
        clicked = _numbers(click, (2,), "a click is one point (x, y)")
        self._check_inside(clicked[None])
        in_view = self.view.image_to_view(clicked)
        polygons = self.candidates.polygons
        place = under_click(polygons, self.candidates.scores, in_view)
        if place is None and self._family.contours is not None:
            boxes = boxes_around(in_view, self._typical_side)
            contours = self._contours.from_boxes(self._graphs, self._features, boxes, self._config)
            restarted = self._restart(contours)
            polygons, _ = polygons_from_rings(restarted.astype(float))
            place = agreed(polygons, in_view)
            if place is not None and self._quality([restarted[place]])[0] < NOTHING:
                place = None  # on an even ground starts agree too
        if place is None:
            return shapely.Polygon()
        outline = shapely.transform(polygons[[place]], self.view.view_to_image)
        return clip(outline, self.view.image_size)[0]

    def _quality(self, rings: Sequence[Float[np.ndarray, "_ 2"]]) -> Float[np.ndarray, " m"]:
        """The predicted quality of rings of the view."""
        return self._contours.quality(self._graphs, self._features, rings, self._config)

    def _restart(self, contours: Float[np.ndarray, "m n 2"]) -> Float[np.ndarray, "m n 2"]:
        """The contours that start from the boxes of contours."""
        boxes = np.concatenate([contours.min(axis=1), contours.max(axis=1)], axis=-1)
        return self._contours.from_boxes(self._graphs, self._features, boxes, self._config)

    @cached_property
    def _typical_side(self) -> float:
        """The side of a typical object in pixels of the view."""
        sides = np.sqrt(self.instances.areas) * self.view.scale
        if len(sides):
            return float(np.median(sides))
        return self._object_size or min(self.view.size) * UNKNOWN_SIDE

    @property
    def _contours(self) -> ContourTools:
        if self._family.contours is None:
            raise InputError(
                f"a model of the kind {self._family.name} makes outlines of pixels and has no "
                "contours to refine; use one of the kind snake"
            )
        return self._family.contours

    @property
    def _features(self) -> Features:
        assert self.candidates.features is not None  # families with contours keep them
        return self.candidates.features

    def _ring(self, outline: object) -> Float[np.ndarray, "n 2"]:
        if isinstance(outline, shapely.Geometry):
            single = max(shapely.get_parts(outline), key=lambda part: part.area, default=outline)
            line = single.exterior if isinstance(single, shapely.Polygon) else single
            outline = shapely.get_coordinates(line)[: -1 if line.is_closed else None]
        points = _numbers(outline, (-1, 2), "an outline is at least three points (x, y)")
        if len(points) < 3:
            raise InputError(f"an outline is at least three points (x, y), got {len(points)}")
        return points

    def _check_inside(self, points: Float[np.ndarray, "n 2"]) -> None:
        """Raises `InputError` where the box of some points lies outside the image."""
        height, width = self.view.image_size
        low, high = points.min(axis=0), points.max(axis=0)
        if (high < 0).any() or (low > [width, height]).any():
            x, y = points[0]
            raise InputError(
                f"a prompt lies on the image, whose x runs from 0 to {width} and y from 0 to "
                f"{height}, got ({x:g}, {y:g}); are x and y exchanged?"
            )

    def _polygons(self, contours: Float[np.ndarray, "m n 2"]) -> Shaped[np.ndarray, " m"]:
        points = self.view.view_to_image(contours.astype(float))
        return polygons_from_rings(points, self.view.image_size)[0]


def _numbers(values: Any, shape: tuple[int, ...], what: str) -> Float[np.ndarray, "..."]:
    """An array of a shape, -1 being any length; `InputError` that says what it is otherwise."""
    try:
        array = np.asarray(values, float)
    except (TypeError, ValueError):
        raise InputError(f"{what}, in pixels; got {values!r:.60}") from None
    if array.size == 0 and -1 in shape:
        array = array.reshape([0 if side == -1 else side for side in shape])
    fits = array.ndim == len(shape) and all(
        wanted in (-1, side) for wanted, side in zip(shape, array.shape, strict=True)
    )
    if not fits:
        raise InputError(f"{what}, in pixels; got an array of shape {array.shape}")
    if not (np.abs(array) <= FARTHEST).all():
        raise InputError(f"{what}, in pixels; got NaN or infinity, or a number beyond {FARTHEST:g}")
    return array
