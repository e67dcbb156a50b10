"""A session on one image: features are computed once, then each outline takes milliseconds.

Interactive programs refine outlines and draw new ones at the cost of the small graphs alone: the
network's first graph ran when the session began.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import shapely
from jaxtyping import Float, Shaped
from numpy.typing import ArrayLike

from kontur.errors import InputError
from kontur.geometry import ring
from kontur.geometry.polygons import polygons_from_rings
from kontur.infer.view import View
from kontur.instances import Instances
from kontur.models.candidates import Candidates, Features
from kontur.models.card import Thresholds
from kontur.models.family import ContourTools, Family, Graphs
from kontur.models.resolve import Resolved, resolve

EXTREMES = 4  # points to click


class Session:
    """The features and candidates of one image; made by `Predictor.session`.

    Points are (x, y) pixels of the image. Outlines are valid polygons inside it, empty where the
    network's points enclose no area in it.
    """

    def __init__(
        self,
        family: Family,
        config: object,
        graphs: Graphs,
        view: View,
        candidates: Candidates,
        thresholds: Thresholds,
    ):
        self.view = view
        self.candidates = candidates
        self.thresholds = thresholds
        self._family, self._config, self._graphs = family, config, graphs

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

    def outline(self, points: ArrayLike) -> shapely.Geometry:
        """The outline of the object through four extreme points (4, 2), clicked in any order.

        Raises:
            InputError: the model has no contours, or the points are not four.
        """
        clicked = np.asarray(points, float)
        if clicked.shape != (EXTREMES, 2) or not np.isfinite(clicked).all():
            raise InputError(
                "an outline needs the object's four extreme points (x, y): top, right, bottom and "
                f"left, in any order, got an array of shape {clicked.shape}"
            )
        extremes = ring.extremes(self.view.image_to_view(clicked))[None]
        contours = self._contours.from_extremes(
            self._graphs, self._features, extremes, self._config
        )
        return self._polygons(contours)[0]

    def quality(
        self, outlines: Sequence[ArrayLike] | Shaped[np.ndarray, " m"]
    ) -> Float[np.ndarray, " m"]:
        """The predicted IoU of outlines with the objects beneath them, 0 to 1; m may be 0.

        NaN for a model that did not learn it. Arguments and errors as in `refine`.
        """
        in_view = [self.view.image_to_view(self._ring(outline)) for outline in outlines]
        return self._contours.quality(self._graphs, self._features, in_view, self._config)

    def outline_boxes(self, boxes: ArrayLike) -> Shaped[np.ndarray, " m"]:
        """The outline of the object in each of m boxes (m, 4): x0, y0, x1, y1; m may be 0.

        Raises:
            InputError: the model has no contours, or a box has no area.
        """
        corners = np.asarray(boxes, float).reshape(-1, 2, 2)
        if not np.isfinite(corners).all() or (corners[:, 1] <= corners[:, 0]).any():
            raise InputError("a box is x0, y0, x1, y1 with x0 < x1 and y0 < y1, in pixels")
        in_view = self.view.image_to_view(corners).reshape(-1, 4)
        contours = self._contours.from_boxes(self._graphs, self._features, in_view, self._config)
        return self._polygons(contours)

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
            outline = shapely.get_coordinates(shapely.get_exterior_ring(single))[:-1]
        points = np.asarray(outline, float)
        if points.ndim != 2 or points.shape[1:] != (2,) or len(points) < 3:
            raise InputError(f"an outline is at least three points (x, y), got {points.shape}")
        if not np.isfinite(points).all():
            raise InputError("an outline's points are numbers, got NaN or infinity")
        return points

    def _polygons(self, contours: Float[np.ndarray, "m n 2"]) -> Shaped[np.ndarray, " m"]:
        points = self.view.view_to_image(contours.astype(float))
        return polygons_from_rings(points, self.view.image_size)[0]
