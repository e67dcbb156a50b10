"""The graphs of a model in 8-bit integers: kept where AP stays, and otherwise not."""

import functools
from dataclasses import replace

import numpy as np
import onnx
import pytest

from kontur.evaluate import evaluate_all
from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.predict import Predictor
from kontur.models import catalog
from kontur.models.archive import read_model, write_model
from kontur.train import int8 as module
from kontur.train.int8 import calibration_inputs, with_int8
from tests.models import contract

IN_INTEGERS = {
    "snake": {"detect", "extremes", "evolve"},
    "maskrcnn": {"propose", "masks"},
    "unet": {"segment"},
    "transunet": {"segment"},
    "swinunet": set(),
}


@functools.cache
def in_integers(kind):
    """The model of the network that has learned the scene, with graphs in integers; made once."""
    learned = contract.learned(kind)
    return contract.made_once(f"int8-{kind}", lambda: with_int8(learned.model, [learned.sample]))


@pytest.mark.parametrize("kind", contract.KINDS)
def test_every_kind_predicts_the_scene_that_it_knows_by_heart_in_integers(kind, tmp_path):
    learned, model = contract.learned(kind), in_integers(kind)
    first = {"detect", "propose", "segment"} & IN_INTEGERS[kind]
    assert first <= computing(model) <= IN_INTEGERS[kind]  # a small one may lose an edge at IoU .9
    write_model(tmp_path / "model.kontur", model)
    again = read_model(tmp_path / "model.kontur")
    assert again.int8 == model.int8
    assert again.graphs == model.graphs
    engine = OnnxEngine(again, precision="int8")
    found = Predictor(engine, learned.card).predict(learned.sample.image)
    assert evaluate_all([(learned.sample.instances, found)]).ap(0.5) >= 0.8


def test_maps_are_passed_in_integers_and_graphs_of_floats_read_them_too():
    """As where a model is fine-tuned, and its graph of whole images is kept."""
    learned, model = contract.learned("snake"), in_integers("snake")
    features = [values_of(model.int8[name])[0][0] for name in ("extremes", "edge", "quality")]
    assert {each.name for each in features} == {"features"}
    assert {each.type.tensor_type.elem_type for each in features} == {onnx.TensorProto.UINT8}
    only = replace(model, int8={"detect": model.int8["detect"]})
    found = [
        Predictor(OnnxEngine(each, precision="int8"), model.card).predict(learned.sample.image)
        for each in (model, only)
    ]
    assert len(found[0]) == len(found[1]) > 0
    assert evaluate_all([tuple(found)]).ap(0.5) == 1


def computing(model):
    """The names of the graphs that compute in integers: others may read maps in them."""
    graphs = {name: onnx.load_from_string(graph.onnx).graph for name, graph in model.int8.items()}
    return {
        name
        for name, graph in graphs.items()
        if any(node.op_type == "QuantizeLinear" for node in graph.node)
    }


def values_of(graph):
    """The inputs of a graph, and its outputs."""
    read = onnx.load_from_string(graph.onnx).graph
    return read.input, read.output


def test_all_inputs_of_a_graph_have_one_shape_however_many_objects_there_are():
    learned = contract.learned("snake")
    wide = np.pad(learned.sample.image, ((0, 30), (0, 9), (0, 0)))
    samples = [learned.sample, replace(learned.sample, image=wide)]
    inputs = calibration_inputs(learned.model, samples)
    assert set(inputs) == set(catalog.family("snake").graphs(learned.segmenter.config))
    for calls in inputs.values():
        assert len(calls) == 2
        assert len({tuple(array.shape for array in call) for call in calls}) == 1
    assert len(inputs["evolve"][0][1]) == module.OBJECTS


def test_graphs_that_lose_objects_are_left_out(monkeypatch):
    learned = contract.learned("snake")
    aps = {frozenset(): 0.9, frozenset({"extremes"}): 0.9, frozenset({"evolve"}): 0.899}

    class Measured:
        images = 1

        def __init__(self, _, graphs, __, until=0.0):
            self.aps = np.full(5, aps.get(frozenset(graphs), 0.5))

    monkeypatch.setattr(module, "Measured", Measured)
    assert set(with_int8(learned.model, [learned.sample]).int8) == {"extremes"}


def test_images_that_there_is_no_time_for_do_not_count(monkeypatch):
    learned = contract.learned("snake")
    samples = [learned.sample] * 5
    assert module.Measured(learned.model, {}, samples).images == 5
    assert module.Measured(learned.model, {}, samples, until=0.0).images == 1


def test_without_images_or_objects_in_them_the_model_stays_as_it_is():
    learned = contract.learned("snake")
    assert with_int8(learned.model, []).int8 == {}
    empty = replace(learned.sample, image=np.zeros_like(learned.sample.image))
    assert computing(with_int8(learned.model, [empty])) <= {"detect"}
