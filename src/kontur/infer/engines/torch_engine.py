"""The engine on torch, for a GPU and while a network is trained; only its use imports torch.

In bf16 convolutions and products run as they do in a training in bf16; what a network computes in
float32 even there, coordinates among it, stays float32.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from kontur.errors import InputError, reason_of
from kontur.infer.engines.engine import Precision
from kontur.models import catalog
from kontur.models.archive import Model
from kontur.models.graphs import Graph, Graphs

if TYPE_CHECKING:
    from kontur.models.segmenter import Segmenter


class TorchEngine:
    """The graphs of a torch segmenter, on the device that its weights are on.

    A run puts it into evaluation mode and restores its mode afterwards.

    Attributes:
        precision: "float32" or "bf16"; outputs are float32 in both.
    """

    def __init__(self, segmenter: "Segmenter", precision: Precision = "float32"):
        self.precision = precision
        self.graphs = Graphs(
            {
                name: _torch_graph(
                    graph,
                    segmenter,
                    keep=segmenter.feature_maps * (name == segmenter.features_of),
                    bf16=precision == "bf16",
                )
                for name, graph in segmenter.graphs().items()
            }
        )


class DeviceArray:
    """An array that stays in the memory of the network's device until it is read.

    Features are passed from one graph to the others many times; numpy never needs them.
    """

    def __init__(self, tensor: Any):
        self.tensor = tensor
        self.shape: tuple[int, ...] = tuple(tensor.shape)
        self.nbytes: int = tensor.numel() * tensor.element_size()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """A copy in main memory."""
        return self.tensor.cpu().numpy().astype(dtype or np.float32, copy=bool(copy))


def _torch_graph(graph: Any, segmenter: "Segmenter", *, keep: int, bf16: bool) -> Graph:
    """A graph on numpy arrays; the first `keep` outputs stay on the device."""
    import torch

    from kontur.models.segmenter import in_evaluation

    # cuDNN rounds float32 to ten bits by default: too few for agreement within a hundredth pixel
    exact = partial(torch.backends.cudnn.flags, enabled=True, allow_tf32=False)

    def on_device(array: Any, device: Any) -> Any:
        if isinstance(array, DeviceArray):
            return array.tensor
        return torch.from_numpy(np.ascontiguousarray(array)).to(device)

    def run(*arrays: Any) -> Sequence[Any]:
        device = next(segmenter.parameters()).device
        halved = torch.autocast(device.type, torch.bfloat16, enabled=bf16)
        with in_evaluation(segmenter), torch.inference_mode(), exact(), halved:
            out = graph(*(on_device(array, device) for array in arrays))
        tensors = [t.float() for t in (out if isinstance(out, tuple) else (out,))]
        kept = [DeviceArray(t) for t in tensors[:keep]]
        return [*kept, *(t.cpu().numpy() for t in tensors[keep:])]

    return run


def rebuild(model: Model) -> "Segmenter":
    """The torch network of a model file, with its weights (imports torch)."""
    import torch

    settings = catalog.config(model.card.kind, model.card.config)
    segmenter = catalog.segmenter(model.card.kind, settings)
    state = {name: torch.from_numpy(value.copy()) for name, value in model.weights.items()}
    try:
        segmenter.load_state_dict(state)
    except RuntimeError as error:
        reason = reason_of(error)
        raise InputError(f"its weights are not those of its card ({reason})") from error
    return segmenter.eval()
