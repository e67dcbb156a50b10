"""Cases: true objects in images, what a model sees there, and its own outlines of them.

What episodes are drawn from, in pixels of the network's input. Features are computed once, when the
cases are collected.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
import shapely
from jaxtyping import Bool, Float, Int, Shaped

from kontur.data.sample import Sample
from kontur.errors import InputError
from kontur.geometry import ring
from kontur.geometry.area_field import AreaFields
from kontur.geometry.polygons import largest_part
from kontur.infer.predict import Predictor
from kontur.instances import Instances
from kontur.models import catalog
from kontur.models.candidates import Candidates
from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.moves import simple
from kontur.models.snake.observe import AgentMaps
from kontur.models.snake.polish import startable_rings

LEAST_OVERLAP = 0.3  # IoU of an outline with the object that it is an outline of, at least
SMALLEST_AREA = 1e-9  # square pixels, of a union
LEAST_AREA = 1.0  # square pixels of an object that a contour can be drawn around


@dataclass(frozen=True, eq=False)
class Cases:
    """k objects of b images.

    Attributes:
        images: (c, H, W) as the network gets them, to draw on.
        maps: what contours are corrected on.
        image_index: the image of each object.
        polygons: the true objects, with their holes and parts.
        contours: their outer rings of n points, clockwise, even.
        own: the model's contours of them, NaN where it has none.
        fields: the regions.
        config: the model's settings.
    """

    images: Sequence[Float[np.ndarray, "c _ _"]]
    maps: AgentMaps
    image_index: Int[np.ndarray, " k"]
    polygons: Shaped[np.ndarray, " k"]
    contours: Float[np.ndarray, "k n 2"]
    own: Float[np.ndarray, "k n 2"]
    fields: AreaFields
    config: SnakeConfig

    def __len__(self) -> int:
        """The number of objects."""
        return len(self.polygons)

    @property
    def outlined(self) -> Bool[np.ndarray, " k"]:
        """Which objects the model has outlined itself."""
        return np.isfinite(self.own).all(axis=(1, 2))

    def select(self, places: Shaped[np.ndarray, " j"]) -> "Cases":
        """Some of the objects."""
        return Cases(
            *(self.images, self.maps, self.image_index[places], self.polygons[places]),
            *(self.contours[places], self.own[places], self.fields.take(places), self.config),
        )

    @classmethod
    def of(
        cls,
        images: Sequence[Float[np.ndarray, "c _ _"]],
        maps: AgentMaps,
        instances: Sequence[Instances],
        config: SnakeConfig,
        own: Sequence[Float[np.ndarray, "k n 2"]] | None = None,
    ) -> Self:
        """The objects of images with their maps; `own` are the model's contours, one an object.

        Objects without a contour (less than a square pixel, or an outer ring that touches itself)
        and regions to ignore are left out. Raises `InputError` where none is left.
        """
        points = config.points
        rows: list[tuple[int, Any, np.ndarray, np.ndarray]] = []
        for index, objects in enumerate(instances):
            for place in np.flatnonzero(~objects.ignore):
                polygon = objects.polygons[place]
                if shapely.area(polygon) < LEAST_AREA:
                    continue
                outer = np.array(largest_part(polygon).exterior.coords)[:-1]
                contour = ring.resample(ring.canonical(outer), points).astype(np.float32)
                missing = np.full((points, 2), np.nan, np.float32)
                rows.append((index, polygon, contour, own[index][place] if own else missing))
        contours = np.array([row[2] for row in rows], np.float32).reshape(-1, points, 2)
        kept = np.flatnonzero(simple(contours))
        if not len(kept):
            raise InputError("there is no object with a contour to correct; give images with some")
        polygons = np.array([rows[place][1] for place in kept], dtype=object)
        return cls(
            *(images, maps, np.array([rows[place][0] for place in kept]), polygons, contours[kept]),
            np.array([rows[place][3] for place in kept], np.float32),
            AreaFields.of(polygons),
            config,
        )

    @classmethod
    def of_images(
        cls, samples: Iterable[Sample], *, points: int = 64, config: SnakeConfig | None = None
    ) -> Self:
        """Cases without a model: features are the pixels of the images themselves."""
        kept = list(samples)
        if not kept:
            raise InputError("there is no image; give at least one, with its objects")
        images = [_planes(sample.image) for sample in kept]
        config = config or SnakeConfig(
            channels=len(images[0]), features=len(images[0]), points=points
        )
        maps = AgentMaps.of(images, [image.transpose(1, 2, 0) for image in images], 1)
        return cls.of(images, maps, [sample.instances for sample in kept], config)

    @classmethod
    def of_model(cls, predictor: Predictor, samples: Iterable[Sample]) -> Self:
        """Cases of a snake: its features of each image, and its own outline of each object.

        Raises `InputError` for a model without contours, and where there is no object.
        """
        check_snake(predictor.card.kind)
        config = predictor.config
        images, features, detail, instances, own = [], [], [], [], []
        for sample in samples:
            view = predictor.prepare(sample.image).view()
            candidates = predictor.propose(view, lowest=predictor.card.thresholds.score)
            assert candidates.features is not None  # a snake keeps them
            of_image = [
                np.asarray(each)[candidates.features.image] for each in candidates.features.maps
            ]
            truth = sample.instances.scale(view.scale, view.scale)
            images.append(view.images[0])
            features.append(of_image[0])
            detail += of_image[1:]
            instances.append(truth)
            own.append(_rings_of(truth.polygons, candidates))
        if not images:
            raise InputError("there is no image; give at least one, with its objects")
        maps = AgentMaps.of(images, features, config.stride, detail or None)
        return cls.of(images, maps, instances, config, own)


def check_snake(kind: str) -> None:
    """Raises `InputError` for a kind of model that has no contours."""
    if catalog.family(kind).contours is None:
        raise InputError(
            f"a model of the kind {kind} makes outlines of pixels and has no "
            "contours to correct; use one of the kind snake"
        )


def own_contours(
    truth: Shaped[np.ndarray, " k"], polygons: Shaped[np.ndarray, " m"]
) -> Int[np.ndarray, " k"]:
    """Which outline overlaps each true object most, -1 where none does enough."""
    objects, found = shapely.STRtree(polygons).query(truth, predicate="intersects")
    shared = shapely.area(shapely.intersection(truth[objects], polygons[found]))
    areas = shapely.area(truth)[objects] + shapely.area(polygons)[found]
    iou = shared / np.maximum(areas - shared, SMALLEST_AREA)
    order = np.argsort(iou)  # the best of an object comes last
    order = order[iou[order] >= LEAST_OVERLAP]
    own = np.full(len(truth), -1, np.int64)
    own[objects[order]] = found[order]
    return own


def _rings_of(
    truth: Shaped[np.ndarray, " k"], candidates: Candidates
) -> Float[np.ndarray, "k n 2"]:
    """The model's contour of each true object, without crossings; NaN where it has none."""
    assert candidates.rings is not None  # a snake has contours
    found = own_contours(truth, candidates.polygons)
    own = np.full((len(truth), *candidates.rings.shape[1:]), np.nan, np.float32)
    has = np.flatnonzero(found >= 0)
    fine, starts = startable_rings(candidates.rings[found[has]])
    own[has[fine]] = starts[fine]
    return own


def _planes(image: Shaped[np.ndarray, "h w *c"]) -> Float[np.ndarray, "c h w"]:
    pixels = image if image.ndim == 3 else image[..., None]
    return np.ascontiguousarray(pixels.transpose(2, 0, 1), dtype=np.float32)


class Rough(NamedTuple):
    """What is drawn for one rough contour: which points become corners, and how far off they are.

    Attributes:
        first: the point that is the first corner.
        off: of each of c corners, in units.
    """

    first: int
    off: Float[np.ndarray, "c 2"]


def draw_rough(
    rng: np.random.Generator, points: int, *, jitter: float, corners: tuple[int, int]
) -> Rough:
    """The corners of a contour of `points` points, between the fewest and the most."""
    count = int(rng.integers(corners[0], corners[1] + 1))
    return Rough(int(rng.integers(points)), rng.normal(0, jitter, (count, 2)))


def perturbed(
    contours: Float[np.ndarray, "m n 2"], unit: Float[np.ndarray, " m"], drawn: Sequence[Rough]
) -> Float[np.ndarray, "m n 2"]:
    """Contours made rough: some of their points, from anywhere on, each off; straight between.

    They may cross themselves: `startable_rings` repairs those.
    """
    m, n, _ = contours.shape
    count = np.array([len(each.off) for each in drawn], np.int64)
    first = np.array([each.first for each in drawn], np.int64)
    off = np.zeros((m, count.max(initial=0), 2), np.float32)
    for place, each in enumerate(drawn):
        off[place, : len(each.off)] = each.off
    row, point = np.arange(m)[:, None], np.arange(n)
    at = point * count[:, None] / n  # in corners: how far around
    corner = at.astype(np.int64)
    share = (at - corner).astype(np.float32)[..., None]

    def places(corner: Int[np.ndarray, "m n"]) -> Float[np.ndarray, "m n 2"]:
        corner = corner % count[:, None]
        nearest = (first[:, None] + corner * n // count[:, None]) % n
        return contours[row, nearest] + off[row, corner] * unit[:, None, None]

    begin, end = places(corner), places(corner + 1)
    return begin + (end - begin) * share
