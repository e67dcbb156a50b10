"""A trained segmenter to a model file: its graphs as ONNX, its weights once.

The exporter writes every weight into every graph. We take them out again and leave only their
names, so that the graphs share the file's one copy (`models.archive`).
"""

import io
import warnings
from collections.abc import Mapping
from pathlib import Path

import onnx
import torch
from torch import nn

from kontur.models import catalog
from kontur.models.archive import WEIGHTS, Model, SavedGraph, write_model
from kontur.models.card import Card
from kontur.models.family import GraphExample
from kontur.models.segmenter import Segmenter
from kontur.train.simplify import simplify

OPSET = 18


def export(path: Path, segmenter: Segmenter, card: Card) -> None:
    """Write `segmenter` (on any device, in any mode) and its card to a `.kontur` file."""
    write_model(path, to_model(segmenter, card))


def to_model(
    segmenter: Segmenter, card: Card, *, known: Mapping[str, SavedGraph] | None = None
) -> Model:
    """The model that `export` writes, in memory.

    `known` are graphs of a segmenter of the same config, by name: they hold no weights, so they are
    those of this one, too. The others are made, for which each is traced.

    Raises `ValueError` where the card describes another network than `segmenter`.
    """
    if catalog.config(card.kind, card.config) != segmenter.config:
        raise ValueError("the card's config is not the segmenter's; give its config.model_dump()")
    copy = catalog.segmenter(card.kind, segmenter.config)
    copy.load_state_dict(segmenter.state_dict())
    copy.eval().requires_grad_(False)  # else what only carries gradients is traced too
    names = {tensor.data_ptr(): name for name, tensor in copy.state_dict(keep_vars=True).items()}
    examples = catalog.family(card.kind).graphs(segmenter.config)
    graphs = dict(known or {})
    for name, graph in copy.graphs().items():
        if name not in graphs:
            graphs[name] = export_graph(graph, examples[name], names)
    weights = {
        name: tensor.numpy()
        for name, tensor in copy.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    return Model(card, graphs, weights)


def export_graph(graph: nn.Module, example: GraphExample, names: dict[int, str]) -> SavedGraph:
    """One graph without weights; its initialisers have the names of their memory in `names`."""
    buffer = io.BytesIO()
    arguments = tuple(torch.from_numpy(array) for array in example.inputs.values())
    with warnings.catch_warnings():
        # The exporter that traces is the one whose graphs keep batch norms apart, named, and
        # foldable by the engine; it announces its successor at every call. Filters are those of all
        # threads, as is the state of the exporter: a training of the page is a process of its own.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph,
            arguments,
            buffer,  # type: ignore[arg-type]  # the tracing exporter writes to files too
            input_names=list(example.inputs),
            output_names=list(example.outputs),
            dynamic_axes=example.dynamic,
            opset_version=OPSET,
            dynamo=False,
            do_constant_folding=False,
            training=torch.onnx.TrainingMode.PRESERVE,
        )
    model = onnx.load_from_string(buffer.getvalue())
    simplify(model)
    full = {local: names[t.data_ptr()] for local, t in graph.state_dict(keep_vars=True).items()}
    used = {t.name: full[t.name] for t in model.graph.initializer if t.name in full}
    for tensor in model.graph.initializer:
        if tensor.name in used:
            refer(tensor, used[tensor.name])
    for node in model.graph.node:
        node.input[:] = [used.get(name, name) for name in node.input]
    return SavedGraph(model.SerializeToString(), tuple(used.values()))


def refer(tensor: onnx.TensorProto, name: str) -> None:
    """Make an initialiser a reference to `name` in the weights file."""
    tensor.name = name
    tensor.ClearField("raw_data")
    tensor.ClearField("float_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    del tensor.external_data[:]
    tensor.external_data.add(key="location", value=WEIGHTS)
