"""Features of a box, on a grid of one size whatever the box's: RoI pooling and RoIAlign.

RoI pooling (Girshick, Fast R-CNN, 2015) rounds the box to whole feature cells and takes the maximum
of those in each of p×p parts. RoIAlign (He et al., Mask R-CNN, 2017) rounds nothing: it samples
four points in each part, the centres of its quarters, bilinearly with half-pixel alignment
(`nn.sampling`), and takes their maximum, as our notes have it, or their mean, as the usual
libraries do.

Features of all images and levels are rows of one table, and every box refers to one map: so
boxes of all levels are one gather, and a level may be without boxes.
"""

from typing import Literal, NamedTuple

import torch
from jaxtyping import Float, Integer
from torch import Tensor
from torch.nn import functional

Reduce = Literal["max", "mean"]
SAMPLES = 2  # along each side of a part: four in all, as published


class Rois(NamedTuple):
    """Boxes xyxy in image pixels, and the map of each: its first row in the table, its extent."""

    boxes: Float[Tensor, "m 4"]
    starts: Integer[Tensor, " m"]
    sizes: Integer[Tensor, "m 2"]  # height and width in cells
    strides: Float[Tensor, " m"]  # image pixels per cell


def roi_align(
    table: Float[Tensor, "n d"], rois: Rois, cells: int, *, reduce: Reduce = "max"
) -> Float[Tensor, "m d {cells} {cells}"]:
    """`cells`×`cells` features of each box, nothing rounded; beyond a map its edge. m may be 0."""
    _check(table, rois)
    count = SAMPLES * cells
    ticks = (torch.arange(count, dtype=rois.boxes.dtype, device=table.device) + 0.5) / count
    ticks = ticks.reshape(1, cells, SAMPLES, 1)
    low, high = rois.boxes[:, None, None, :2], rois.boxes[:, None, None, 2:]
    at = (low + ticks * (high - low)) / rois.strides[:, None, None, None] - 0.5
    last = _last(rois)[:, None, None]
    at = torch.minimum(at.clamp(min=0), last.to(at.dtype))  # (m, cells, 2, 2): x and y
    before = at.floor()
    across, down = (at - before).to(table.dtype).unbind(-1)
    place = before.long().clamp(min=0)  # NaN is a very negative integer
    after = torch.minimum(place + 1, last)
    samples = torch.zeros((), dtype=table.dtype, device=table.device)
    for rows, share_down in ((place[..., 1], 1 - down), (after[..., 1], down)):
        for columns, share_across in ((place[..., 0], 1 - across), (after[..., 0], across)):
            share = share_down[:, :, :, None, None] * share_across[:, None, None]
            samples = samples + _read(table, rois, rows, columns) * share[..., None]
    join = torch.maximum if reduce == "max" else torch.add  # pair by pair: amax is slow on a CPU
    joined = join(*join(*samples.unbind(2)).unbind(3))
    return (joined if reduce == "max" else joined / SAMPLES**2).permute(0, 3, 1, 2)


def roi_pool(
    table: Float[Tensor, "n d"], rois: Rois, cells: int
) -> Float[Tensor, "m d {cells} {cells}"]:
    """The maximum of each of `cells`×`cells` parts of each box rounded to whole feature cells.

    A box covers one cell at least. Part k of n cells goes from floor(k·n / p) to
    ceil((k + 1)·n / p), so that none is empty and neighbours share a cell where p does not divide
    n. The published code counts corners as cells, both included; here they are places between
    cells, so a box of 8 pixels has 8 of them. m may be 0.
    """
    _check(table, rois)
    edges = (rois.boxes / rois.strides[:, None]).round().long()
    first, after = edges[:, :2], edges[:, 2:]
    count = (after - first).clamp(min=1)[:, None]  # (m, 1, 2): columns, rows
    part = torch.arange(cells, device=table.device)[None, :, None]
    begin = part * count // cells
    end = ((part + 1) * count + (cells - 1)) // cells
    most = torch.cat([(end - begin).flatten(), part.flatten() * 0 + 1]).amax()
    steps = torch.arange(most, device=table.device)  # type: ignore[call-overload]  # traced
    at = torch.minimum(begin[..., None] + steps, end[..., None] - 1) + first[:, None, :, None]
    at = torch.minimum(at.clamp(min=0), _last(rois)[:, None, :, None])  # (m, cells, 2, most)
    return _read(table, rois, at[:, :, 1], at[:, :, 0]).amax(dim=(2, 4)).permute(0, 3, 1, 2)


def _read(
    table: Float[Tensor, "n d"],
    rois: Rois,
    rows: Integer[Tensor, "m p k"],
    columns: Integer[Tensor, "m p k"],
) -> Float[Tensor, "m p k p k d"]:
    """The features at every row and every column of cells of each box's map."""
    begins = rois.starts[:, None, None] + rows * rois.sizes[:, 1:, None]
    # Gathered by `embedding`, which is twice as fast on a CPU as an index, both ways.
    return functional.embedding(begins[:, :, :, None, None] + columns[:, None, None], table)


def _last(rois: Rois) -> Integer[Tensor, "m 2"]:
    """The last column and the last row of each box's map."""
    return rois.sizes.flip(1) - 1


def _check(table: Float[Tensor, "n d"], rois: Rois) -> None:
    shapes = [tuple(tensor.shape) for tensor in (table, *rois)]
    m = len(rois.boxes)
    if table.ndim != 2 or shapes[1:] != [(m, 4), (m,), (m, 2), (m,)]:
        raise ValueError(
            "pooling of boxes needs a table (n, d) and for m boxes shapes (m, 4), (m,), (m, 2), "
            f"(m,), got {', '.join(map(str, shapes))}"
        )
