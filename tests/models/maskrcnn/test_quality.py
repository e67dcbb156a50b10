"""The predicted quality of a mask: what it learns, against pixels, and how it joins the score."""

import numpy as np
import pytest
import shapely
import torch
from torch.testing import assert_close

from kontur.geometry import raster
from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.engines.torch_engine import TorchEngine
from kontur.infer.predict import Predictor
from kontur.instances import Instances
from kontur.models.graphs import Graphs
from kontur.models.maskrcnn.levels import roi_levels
from kontur.models.maskrcnn.loss import cut_masks
from kontur.models.maskrcnn.propose import propose
from kontur.models.maskrcnn.quality import MaskQuality, mask_iou, object_areas
from kontur.train.export import to_model
from tests.models import contract

SCENE = contract.scenes()["many"]


def config(**changes):
    return contract.settings("maskrcnn", quality=True, **changes)


def targets(*images):
    return contract.as_targets("maskrcnn", config(), *images)


def test_the_iou_of_a_mask_is_that_of_the_pixels_with_the_whole_object():
    """Of a box around the object, and of one that cuts it; two pixels a cell."""
    size, disc = (112, 112), shapely.Point(50, 45).buffer(21)
    found, cells = targets(Instances.of([disc], size=size)), 28
    true, zeros = raster.rasterize(disc, size), torch.zeros(2, dtype=torch.long)
    boxes = np.array([[22, 20, 78, 76], [50, 45, 106, 101]])
    rng = np.random.default_rng(0)
    drawn = rng.uniform(0, 1, (2, 7, 7)).astype(np.float32).repeat(4, axis=1).repeat(4, axis=2)
    wanted = cut_masks(torch.from_numpy(boxes).float(), zeros, found, cells)
    areas = object_areas(found, zeros)
    assert areas.tolist() == [true.sum()] * 2
    reached = mask_iou(torch.from_numpy(drawn), wanted, torch.from_numpy(boxes).float(), areas)
    for iou, mask, (x0, y0, x1, y1) in zip(reached.tolist(), drawn, boxes, strict=True):
        pixels = np.zeros(size, bool)
        pixels[y0:y1, x0:x1] = mask.repeat(2, axis=0).repeat(2, axis=1) >= 0.5
        assert iou == pytest.approx((pixels & true).sum() / (pixels | true).sum(), abs=0.02)


def test_a_perfect_mask_has_iou_1_and_one_of_half_the_object_a_half():
    square = torch.ones(2, 4, 4)
    boxes = torch.tensor([[0.0, 0, 8, 8], [0, 0, 8, 8]])
    assert_close(mask_iou(square, square, boxes, torch.tensor([64.0, 128])), torch.tensor([1, 0.5]))
    assert not mask_iou(square * 0, square, boxes, torch.tensor([64.0, 64])).any()


def test_areas_are_those_of_every_image_of_a_batch():
    found = targets(SCENE.instances, Instances.empty(SCENE.instances.size), SCENE.instances)
    count = len(SCENE.instances)
    areas = object_areas(found, torch.arange(2 * count))
    assert_close(areas[:count], areas[count:])
    assert (areas > 0).all()


@pytest.mark.parametrize("objects", [SCENE.instances, Instances.empty(SCENE.instances.size)])
def test_its_loss_is_named_and_a_number_and_trains_no_mask(objects):
    network = contract.network("maskrcnn", config())
    losses = network.loss(contract.as_image(SCENE), targets(objects))
    assert set(losses) == {name for stage in network.stages().values() for name in stage}
    assert torch.isfinite(losses["quality"])
    losses["quality"].backward()
    assert all(p.grad is None for p in network.masks.parameters())
    if len(objects):
        assert all(p.grad is not None and p.grad.any() for p in network.quality.parameters())


def test_without_it_there_is_neither_head_nor_loss_nor_quality():
    network = contract.network("maskrcnn", contract.settings("maskrcnn"))
    assert not any(name.startswith("quality") for name, _ in network.named_parameters())
    predictor = contract.predictor(network.eval(), "maskrcnn", score=0.0)
    view = predictor.prepare(SCENE.image).view()
    assert predictor.propose(view, lowest=0.3).quality is None


@pytest.mark.parametrize("cells", [7, 14])
def test_it_judges_masks_of_any_side_and_none(cells):
    settings = config(mask_cells=cells)
    head = MaskQuality(settings)
    for m in (0, 3):
        pooled = torch.randn(m, settings.pyramid, cells, cells)
        assert head(pooled, torch.rand(m, 2 * cells, 2 * cells)).shape == (m,)


def test_a_score_is_the_geometric_mean_of_the_class_s_and_the_quality():
    network = contract.network("maskrcnn", config()).eval()
    with torch.no_grad():
        network.boxes.labels.bias += torch.tensor([0.0, 2.0])  # many objects, never mind where
    engine = TorchEngine(network)
    probabilities = {}

    def boxes(*arrays):
        found = engine.graphs["boxes"](*arrays)
        probabilities["all"] = found[0][:, 1:]
        return found

    image = contract.as_image(SCENE).numpy()
    graphs = Graphs({**engine.graphs, "boxes": boxes})
    (candidates,) = propose(graphs, image, network.config, 0.5, [SCENE.instances.size])
    assert len(candidates) > 3
    assert ((candidates.quality > 0) & (candidates.quality < 1)).all()
    classes = candidates.scores**2 / candidates.quality
    away = np.abs(classes[:, None] - probabilities["all"].ravel()).min(axis=1)
    assert away.max() < 1e-4
    assert classes.min() >= 0.5**2 - 1e-6


@pytest.mark.parametrize("objects", [0, 1, 300])
def test_exported_it_gives_the_same(objects):
    network = contract.network("maskrcnn", config()).eval()
    model = to_model(network, contract.card("maskrcnn", network.config))
    engines = TorchEngine(network).graphs, OnnxEngine(model, threads=1).graphs
    rng = np.random.default_rng(0)
    image = contract.as_image(SCENE).numpy()
    size = SCENE.instances.size
    boxes = np.sort(rng.uniform(0, 60, (objects, 2, 2)), axis=1).reshape(-1, 4)
    levels = roi_levels(
        boxes, np.zeros(objects, np.int64), size=size, strides=network.config.strides
    )
    labels = np.zeros(objects, np.int64)
    expected, found = (
        graphs["masks"](graphs["propose"](image)[0], *levels, labels) for graphs in engines
    )
    assert len(expected) == 2
    for one, other in zip(expected, found, strict=True):
        assert one.shape[0] == other.shape[0] == objects
        np.testing.assert_allclose(other, one, atol=1e-4)


def test_an_image_without_objects_has_candidates_of_no_quality():
    network = contract.network("maskrcnn", config()).eval()
    model = to_model(network, contract.card("maskrcnn", network.config))
    predictor = Predictor(OnnxEngine(model, threads=1), contract.card("maskrcnn", network.config))
    view = predictor.prepare(np.zeros((64, 64, 1), np.uint8)).view()
    candidates = predictor.propose(view, lowest=1.0)
    assert len(candidates) == 0
    assert candidates.quality.shape == (0,)
