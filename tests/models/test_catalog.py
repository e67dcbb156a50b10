"""The catalog: every name in it leads somewhere, and a wrong one is told with the nearest."""

import pytest

from kontur.errors import InputError
from kontur.models import catalog
from kontur.settings import Settings


@pytest.mark.parametrize("kind", catalog.KINDS)
def test_every_part_of_every_kind_is_where_the_catalog_says(kind):
    assert isinstance(catalog.config(kind, {}), Settings)
    assert catalog.family(kind).name == kind
    assert {"fast", "tiny"} <= set(catalog.family(kind).presets)


@pytest.mark.parametrize("kind", catalog.KINDS)
def test_the_examples_are_of_the_segmenter_s_graphs(kind):
    config = catalog.config(kind, {}, preset="tiny")
    examples = catalog.family(kind).graphs(config)
    assert list(examples) == list(catalog.segmenter(kind, config).graphs())
    for example in examples.values():
        assert set(example.dynamic) <= {*example.inputs, *example.outputs}
        for name, array in example.inputs.items():
            assert all(axis < array.ndim for axis in example.dynamic.get(name, {}))


def test_values_lie_over_a_preset_and_a_preset_over_the_defaults():
    tiny = catalog.family("snake").presets["tiny"]
    config = catalog.config("snake", {"points": 48, "weights": {"size": 0.2}}, preset="tiny")
    assert (config.points, config.stem) == (48, tiny["stem"])
    assert (config.weights.size, config.weights.heatmap) == (0.2, 1.0)
    assert catalog.config("snake", {}).stem != tiny["stem"]


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda: catalog.config("snaky", {}), "no kind of model 'snaky'; did you mean 'snake'"),
        (lambda: catalog.family("zebra").presets, "no kind of model 'zebra'; known are snake"),
        (lambda: catalog.family("snak"), "did you mean 'snake'"),
        (
            lambda: catalog.config("snake", {}, preset="papers"),
            "snake has no preset 'papers'; did you mean 'paper'",
        ),
        (
            lambda: catalog.config("snake", {"stages": 0}),
            "the settings of snake: 'stages' is 0",
        ),
    ],
)
def test_a_wrong_name_is_reported_with_the_nearest_right_one(ask, sentence):
    with pytest.raises(InputError, match=sentence):
        ask()
