"""A snake on the other backbone: trained and exported like one on its own."""

import numpy as np
import torch

from kontur.infer.engine import OnnxEngine, TorchEngine
from kontur.train.export import to_model
from tests.models import contract


def test_every_parameter_gets_a_gradient_and_onnx_runtime_sees_what_torch_sees():
    config = contract.settings("snake", backbone="efficientnet-lite0", traced=4)
    segmenter, sample = contract.network("snake", config), contract.scenes()["many"]
    targets = contract.as_targets("snake", config, sample.instances)
    image = contract.as_image(sample)
    segmenter.total(segmenter.loss(image, targets)).backward()
    without = [n for n, p in segmenter.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []
    segmenter.eval()
    onnx = OnnxEngine(to_model(segmenter, contract.card("snake", config)), threads=1)
    wide = torch.cat([image, image.flip(-1)], dim=-1).numpy()
    expected = TorchEngine(segmenter).graphs["detect"](wide)
    for got, wanted in zip(onnx.graphs["detect"](wide), expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=1e-3)
