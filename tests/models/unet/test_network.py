"""U-Nets as networks: sizes that fit, what several classes come out as, in both engines."""

import numpy as np
import pytest
import torch

from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.engines.torch_engine import TorchEngine
from kontur.models.unet.encode import Targets
from kontur.nn.shape import round_trip_size
from kontur.train.export import to_model
from tests.models import contract

RESIDUAL = {"backbone": "residual", "stem": 4, "widths": (4, 4, 4), "depths": (1, 1, 1)}
LITE = {"backbone": "efficientnet-lite0"}


@pytest.mark.parametrize(
    ("kind", "changes", "of_70", "of_8"),
    [
        ("unet", {}, ": 70 pixels would come back as 64; pad to 32×80", ": 8 .* as 0; pad to"),
        ("unet", RESIDUAL, ": 70 pixels would come back as 80; pad to 32×80", ": 8 .* as 16; pad"),
        ("transunet", {}, ": 70 pixels would come back as 80; pad to 32×80", ": 8 .* as 16; pad"),
        ("swinunet", {}, "; pad to 32×80", "; pad to 16×16"),
        ("unet", LITE, "; pad to 32×96", "; pad to 32×32"),
    ],
    ids=["unet", "residual", "transunet", "swinunet", "efficientnet"],
)
def test_images_that_do_not_fit_are_refused_with_what_to_do(kind, changes, of_70, of_8):
    segmenter = contract.network(kind, contract.settings(kind, **changes))
    graph = segmenter.graphs()["segment"]
    with pytest.raises(ValueError, match="images of 1 channels, got 3"):
        graph(torch.zeros(1, 3, 32, 32))
    with pytest.raises(ValueError, match=rf"multiples of \d+, got 32×70{of_70}"):
        graph(torch.zeros(1, 1, 32, 70))
    targets = Targets(torch.zeros(1, 8, 8).long(), torch.zeros(1, 8, 8).long())
    with pytest.raises(ValueError, match=rf"got 8×8{of_8}"):
        segmenter.loss(torch.zeros(1, 1, 8, 8), targets)


@pytest.mark.parametrize("side", [8, 70, 72, 79])
@pytest.mark.parametrize(("kind", "changes"), [("unet", {}), ("unet", RESIDUAL), ("transunet", {})])
def test_what_an_image_is_said_to_come_back_as_is_what_its_coarsest_map_stands_for(
    kind, changes, side
):
    segmenter = contract.network(kind, contract.settings(kind, **changes)).eval()
    multiple, body = segmenter.config.multiple, segmenter.body
    encoder = body.stem if kind == "transunet" else body.encoder
    # Half the smallest image is none for pooling, so it looks at one with a coarsest pixel more.
    *_, coarsest = encoder(torch.zeros(1, 1, multiple, side + multiple))
    found = round_trip_size(side, segmenter.config.halving, multiple)
    assert found == coarsest.shape[-1] * multiple - multiple


@pytest.mark.parametrize("kind", ["unet", "transunet"])
def test_several_classes_come_out_as_two_distributions_in_both_engines(kind):
    config = contract.settings(kind, classes=("a", "b"))
    segmenter = contract.network(kind, config).eval()
    image = np.random.default_rng(0).random((1, 1, 32, 48), dtype=np.float32)
    model = to_model(segmenter, contract.card(kind, config))
    engines = (TorchEngine(segmenter), OnnxEngine(model, threads=1))
    for engine in engines:
        (probabilities,) = engine.graphs["segment"](image)
        assert probabilities.shape == (1, 5, 32, 48)
        np.testing.assert_allclose(probabilities[:, :3].sum(axis=1), 1, atol=1e-5)
        np.testing.assert_allclose(probabilities[:, 3:].sum(axis=1), 1, atol=1e-5)
