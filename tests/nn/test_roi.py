"""RoIAlign and RoI pooling against loops over every sample, and against torch's own sampler."""

import itertools
import warnings

import numpy as np
import onnxruntime
import pytest
import torch
from torch.nn.functional import adaptive_max_pool2d, grid_sample
from torch.testing import assert_close

from kontur.nn.roi import Rois, roi_align, roi_pool
from tests.naive import nn as naive

SIZES = ((6, 8), (3, 4), (6, 8), (3, 4))  # two levels of two images
STRIDES = (4.0, 8.0, 4.0, 8.0)
BOXES = [
    [3.1, 2.2, 17.9, 20.3],  # between cells
    [0, 0, 32, 24],  # the whole image
    [8, 8, 12, 12],  # one cell of the finer level
    [5.5, 7.5, 5.9, 7.7],  # less than a cell
    [-6, -3, 40, 30],  # beyond the border
    [9, 4, 9, 20],  # without area
]


def maps():
    rng = np.random.default_rng(0)
    return [rng.normal(size=(3, *size)) for size in SIZES]


def table(channels):
    return torch.cat([torch.from_numpy(each).flatten(1).T for each in channels])


def rois(which, dtype=torch.float64):
    firsts = [0, *itertools.accumulate(h * w for h, w in SIZES)]
    return Rois(
        torch.tensor(BOXES, dtype=dtype)[: len(which)],
        torch.tensor([firsts[i] for i in which], dtype=torch.int64),
        torch.tensor([SIZES[i] for i in which], dtype=torch.int64).reshape(-1, 2),
        torch.tensor([STRIDES[i] for i in which], dtype=dtype),
    )


WHICH = [[0] * 6, [1] * 6, [3, 2, 1, 0, 2, 3]]


@pytest.mark.parametrize("which", WHICH)
@pytest.mark.parametrize("reduce", ["max", "mean"])
@pytest.mark.parametrize("cells", [1, 3])
def test_align_equals_a_loop_over_samples(which, reduce, cells):
    channels = maps()
    strides = [STRIDES[i] for i in which]
    expected = naive.roi_align(channels, BOXES, which, strides, cells, reduce)
    found = roi_align(table(channels), rois(which), cells, reduce=reduce)
    assert_close(found, torch.from_numpy(expected), rtol=0, atol=1e-10)
    single = roi_align(table(channels).float(), rois(which, torch.float32), cells, reduce=reduce)
    assert_close(single.double(), torch.from_numpy(expected), rtol=0, atol=1e-5)


def test_align_equals_torch_s_sampler_with_half_pixels_and_the_edge_repeated():
    channels, cells = maps(), 7
    shares = (torch.arange(2 * cells, dtype=torch.float64) + 0.5) / (2 * cells)
    for box, each in zip(BOXES, rois([0] * 6).boxes, strict=True):
        x, y = (box[i] + shares * (box[i + 2] - box[i]) for i in (0, 1))
        grid = torch.stack(torch.meshgrid(x / 32 * 2 - 1, y / 24 * 2 - 1, indexing="xy"), dim=-1)
        image = torch.from_numpy(channels[0])[None]
        sampled = grid_sample(image, grid[None], padding_mode="border", align_corners=False)
        expected = torch.nn.functional.avg_pool2d(sampled, 2)
        one = Rois(each[None], *(value[:1] for value in rois([0])[1:]))
        assert_close(roi_align(table(channels), one, cells, reduce="mean"), expected)


@pytest.mark.parametrize("which", WHICH)
@pytest.mark.parametrize("cells", [1, 2, 3, 7])
def test_pooling_equals_a_loop_over_cells(which, cells):
    channels = maps()
    strides = [STRIDES[i] for i in which]
    expected = naive.roi_pool(channels, BOXES, which, strides, cells)
    assert_close(roi_pool(table(channels), rois(which), cells), torch.from_numpy(expected))


def test_pooling_the_whole_map_is_torch_s_adaptive_pooling():
    channels = maps()
    whole = Rois(*(value[1:2] for value in rois([0, 0])))
    for cells in (1, 3, 5):
        expected = adaptive_max_pool2d(torch.from_numpy(channels[0])[None], cells)
        assert_close(roi_pool(table(channels), whole, cells), expected)


def test_a_constant_map_stays_constant_and_a_slope_is_read_at_the_middle_of_each_part():
    slope = torch.arange(16.0).repeat(16)[:, None]  # a map 16×16 whose value is the column
    box = Rois(
        torch.tensor([[4.0, 4, 12, 12]]),
        torch.tensor([0]),
        torch.tensor([[16, 16]]),
        torch.tensor([1.0]),
    )
    assert_close(roi_align(slope * 0 + 7, box, 2), torch.full((1, 1, 2, 2), 7.0))
    assert roi_align(slope, box, 2, reduce="mean")[0, 0, 0].tolist() == [5.5, 9.5]
    assert roi_align(slope, box, 2)[0, 0, 0].tolist() == [6.5, 10.5]  # of four, the right ones


@pytest.mark.parametrize(
    "pool",
    [
        lambda t, r: roi_align(t, r, 2),
        lambda t, r: roi_align(t, r, 2, reduce="mean"),
        lambda t, r: roi_pool(t, r, 2),
    ],
)
def test_its_gradient_is_right(pool):
    features = table(maps())[:, :2].clone().requires_grad_()
    which = rois([3, 1, 1])
    assert torch.autograd.gradcheck(lambda t: pool(t, which), features)


def test_without_boxes_there_are_no_features_and_no_gradient_is_missing():
    features = table(maps()).requires_grad_()
    for found in (roi_align(features, rois([]), 3), roi_pool(features, rois([]), 3)):
        assert found.shape == (0, 3, 3, 3)
        (gradient,) = torch.autograd.grad(found.sum(), features)
        assert not gradient.any()


def test_a_box_that_is_no_number_harms_no_other():
    where = rois([0, 1])
    expected = roi_align(table(maps()), where, 2)
    where.boxes[0] = torch.nan
    assert_close(roi_align(table(maps()), where, 2)[1], expected[1])


@pytest.mark.parametrize("pool", ["align", "pool"])
def test_the_exported_graph_takes_any_number_of_boxes_and_any_map(pool, tmp_path):
    class Graph(torch.nn.Module):
        def forward(self, features, boxes, starts, sizes, strides):
            where = Rois(boxes, starts, sizes, strides)
            return (
                roi_align(features, where, 3) if pool == "align" else roi_pool(features, where, 3)
            )

    path = tmp_path / "roi.onnx"
    example = (table(maps()).float(), *rois([0, 1], torch.float32))
    names = ["features", "boxes", "starts", "sizes", "strides"]
    dynamic = {name: {0: "n" if name == "features" else "m"} for name in names}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # see `train.export`
        torch.onnx.export(
            *(Graph(), example, path), input_names=names, dynamic_axes=dynamic,
            dynamo=False, opset_version=18,
        )  # fmt: skip
    session = onnxruntime.InferenceSession(path)
    for which in ([], [1], [3, 2, 1, 0, 2, 3]):
        given = (table(maps()).float() + 1, *rois(which, torch.float32))
        (found,) = session.run(None, {n: t.numpy() for n, t in zip(names, given, strict=True)})
        assert_close(torch.from_numpy(found), Graph()(*given), rtol=0, atol=1e-5)


@pytest.mark.parametrize("pool", [roi_align, roi_pool])
def test_wrong_shapes_are_reported_in_a_sentence(pool, as_installed):
    right = rois([0, 1])
    wrong = right._replace(starts=torch.zeros(3, dtype=torch.int64))
    sentence = r"for m boxes shapes \(m, 4\), \(m,\), \(m, 2\), \(m,\), got .* \(3,\), \(2, 2\)"
    with pytest.raises(ValueError, match=sentence):
        pool(table(maps()), wrong, 2)
    with pytest.raises(ValueError, match=r"a table \(n, d\) .* got \(1, 120, 3\)"):
        pool(table(maps())[None], right, 2)
