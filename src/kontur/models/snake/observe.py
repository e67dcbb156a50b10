"""What an agent that corrects contours sees: the state s of every contour, point by point.

Of each point: the image along its normal (the signed distance that the edge stage has learned,
where the model has one, and the brightness), the snake's features
at the point, where it lies in the contour's own box, how large the contour is, which way out is,
how far it sticks out between its neighbours, how far these are, and how much of the episode is
left. A contour looks the same wherever it lies.

Pure numpy: the environment of `kontur.edit` and the prediction see the same.
"""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from jaxtyping import Float, Integer

from kontur.geometry.area_field import following
from kontur.models.snake.moves import outward
from kontur.models.snake.polish_config import PolishConfig

REFERENCE_UNIT = 24.0  # pixels; a contour of this unit has log-size 0
SHAPE_CHANNELS = 9
LARGEST = float(np.finfo(np.float32).max)  # of what is seen
HALF = np.float32(0.5)  # pixels: the middle of the first cell
CHUNK = 64  # contours seen at a time: what they read stays in the processor's cache


class PixelMap(NamedTuple):
    """A map of each of b images, one behind the other; their sizes may differ.

    Attributes:
        values: of all cells, row by row.
        first: where each image begins among them.
        size: its rows and columns.
        stride: image pixels a cell.
    """

    values: Float[np.ndarray, "v d"]
    first: Integer[np.ndarray, " b"]
    size: Integer[np.ndarray, "b 2"]
    stride: int

    @classmethod
    def of(cls, maps: Sequence[Float[np.ndarray, "_ _ d"]], stride: int) -> Self:
        """The maps (h, w, d) of several images, at least one; that of one is not copied."""
        flat = [values.reshape(-1, values.shape[-1]) for values in maps]
        values = flat[0] if len(flat) == 1 else np.concatenate(flat)
        lengths = np.array([len(each) for each in flat])
        size = np.array([each.shape[:2] for each in maps])
        return cls(
            values.astype(np.float32, copy=False), np.cumsum(lengths) - lengths, size, stride
        )

    def nearest(
        self,
        x: Float[np.ndarray, "m n"],
        y: Float[np.ndarray, "m n"],
        image_index: Integer[np.ndarray, " m"],
    ) -> Float[np.ndarray, "m n d"]:
        """The values of the cells that hold points of the image; beyond the edge, the edge's."""
        height, width = self.size[image_index].T.astype(np.float32)[..., None]
        j = np.minimum(np.maximum(x / self.stride, 0), width - 1).astype(np.int64)
        i = np.minimum(np.maximum(y / self.stride, 0), height - 1).astype(np.int64)
        place = self.first[image_index][:, None] + i * self.size[image_index, 1:] + j
        return self.values.take(place, axis=0, mode="clip")


class BlockMap(NamedTuple):
    """A map of full resolution of each of b images, whose cells hold the block to read between.

    Beside its own value a cell keeps those to the right, below, and both: a place between four
    cells is one read, which is what reading costs.

    Attributes:
        blocks: of all cells, row by row: four values of each channel.
        first: where each image begins among them.
        size: its rows and columns.
    """

    blocks: Float[np.ndarray, "v 4*d"]
    first: Integer[np.ndarray, " b"]
    size: Integer[np.ndarray, "b 2"]

    @classmethod
    def of(cls, maps: Sequence[Float[np.ndarray, "_ _ d"]]) -> Self:
        """The maps (H, W, d) of several images, at least one."""
        blocks = [_blocks(values) for values in maps]
        lengths = np.array([len(each) for each in blocks])
        size = np.array([each.shape[:2] for each in maps])
        return cls(np.concatenate(blocks), np.cumsum(lengths) - lengths, size)

    @property
    def channels(self) -> int:
        """How many numbers a place has."""
        return self.blocks.shape[1] // 4

    def bilinear(
        self,
        x: Float[np.ndarray, "m k"],
        y: Float[np.ndarray, "m k"],
        image_index: Integer[np.ndarray, " m"],
    ) -> list[Float[np.ndarray, "m k"]]:
        """The values between the cells, a channel each; beyond the edge, the edge's.

        The same as `kontur.nn.sampling.sample_places`.
        """
        height, width = self.size[image_index].T.astype(np.float32)[..., None]
        x = np.minimum(np.maximum(x - HALF, 0), width - 1)
        y = np.minimum(np.maximum(y - HALF, 0), height - 1)
        j, i = x.astype(np.int64), y.astype(np.int64)
        x -= j
        y -= i
        i *= self.size[image_index, 1:]
        i += j
        i += self.first[image_index][:, None]
        read = self.blocks.take(i.ravel(), axis=0, mode="clip")
        across, down = x.ravel(), y.ravel()
        values = []
        for channel in range(self.channels):
            a, b, c, e = read[:, 4 * channel : 4 * channel + 4].T
            above = a + (b - a) * across
            below = c + (e - c) * across
            values.append((above + (below - above) * down).reshape(x.shape))
        return values


def _blocks(values: Float[np.ndarray, "h w d"]) -> Float[np.ndarray, "v 4*d"]:
    padded = np.pad(values, ((0, 1), (0, 1), (0, 0)), mode="edge")
    corners = [padded[:-1, :-1], padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]]
    return np.stack(corners, axis=-1).astype(np.float32).reshape(-1, 4 * values.shape[-1])


class AgentMaps(NamedTuple):
    """What contours are corrected on: maps of full resolution, and the snake's features."""

    fine: BlockMap
    features: PixelMap

    @classmethod
    def of(
        cls,
        images: Sequence[Float[np.ndarray, "c _ _"]],
        features: Sequence[Float[np.ndarray, "_ _ d"]],
        stride: int,
        detail: Sequence[Float[np.ndarray, "_ _ e"]] | None = None,
    ) -> Self:
        """Of several images as the network gets them, and its maps of each.

        Of the maps of full resolution the first channel is read, the signed distance.
        """
        fine = [image.mean(axis=0)[..., None] for image in images]
        if detail is not None:
            pairs = zip(detail, fine, strict=True)
            fine = [np.concatenate([each[..., :1], bright], axis=-1) for each, bright in pairs]
        return cls(BlockMap.of(fine), PixelMap.of(features, stride))


def channels(config: PolishConfig, fine: int, features: int) -> int:
    """How many numbers a point sees, for maps of so many channels."""
    return len(config.profile) * fine + features + SHAPE_CHANNELS


def observe(
    maps: AgentMaps,
    rings: Float[np.ndarray, "m n 2"],
    image_index: Integer[np.ndarray, " m"],
    unit: Float[np.ndarray, " m"],
    left: Float[np.ndarray, " m"],
    config: PolishConfig,
) -> Float[np.ndarray, "m n c"]:
    """What each point of m contours sees; `left` is the share of the steps that are left."""
    m, n, _ = rings.shape
    fine, deep = maps.fine.channels, maps.features.values.shape[1]
    observed = np.empty((m, n, channels(config, fine, deep)), np.float32)
    for first in range(0, m, CHUNK):
        chunk = slice(first, first + CHUNK)
        _observe_chunk(
            *(maps, rings[chunk], image_index[chunk], unit[chunk], left[chunk]),
            config=config,
            out=observed[chunk],
        )
    return observed


def _observe_chunk(
    maps: AgentMaps,
    rings: Float[np.ndarray, "m n 2"],
    image_index: Integer[np.ndarray, " m"],
    unit: Float[np.ndarray, " m"],
    left: Float[np.ndarray, " m"],
    *,
    config: PolishConfig,
    out: Float[np.ndarray, "m n c"],
) -> None:
    m, n, _ = rings.shape
    x, y = (np.ascontiguousarray(rings[..., axis]) for axis in (0, 1))
    normals = outward(rings)
    steps = unit[:, None, None] * np.array(config.profile, np.float32)  # (m, 1, s)
    across_x = (x[..., None] + normals[..., :1] * steps).reshape(m, -1)  # (m, n·s)
    across_y = (y[..., None] + normals[..., 1:] * steps).reshape(m, -1)
    places = len(config.profile)
    for channel, read in enumerate(maps.fine.bilinear(across_x, across_y, image_index)):
        out[..., channel * places : (channel + 1) * places] = read.reshape(m, n, places)
    wide = maps.fine.channels * places
    deep = maps.features.values.shape[1]
    out[..., wide : wide + deep] = maps.features.nearest(x, y, image_index)
    shape = out[..., wide + deep :]
    low = np.stack([x.min(axis=1), y.min(axis=1)], axis=-1)[:, None]  # (m, 1, 2)
    high = np.stack([x.max(axis=1), y.max(axis=1)], axis=-1)[:, None]
    scale = unit[:, None, None]
    ahead = following(rings) - rings
    bend = (ahead - np.roll(ahead, 1, axis=1)) / scale
    shape[..., :2] = (rings - (low + high) / 2) / scale
    shape[..., 2:4] = normals
    shape[..., 4] = np.log2(unit / REFERENCE_UNIT)[:, None]
    shape[..., 5] = -(bend[..., 0] * normals[..., 0] + bend[..., 1] * normals[..., 1])
    shape[..., 6] = np.hypot(ahead[..., 0], ahead[..., 1]) / scale[..., 0]
    shape[..., 7] = left[:, None]
    shape[..., 8] = np.log2((high - low).max(axis=-1) / scale[..., 0] + 1e-6)
