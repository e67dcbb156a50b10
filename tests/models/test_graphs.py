"""Graphs by name, and the parts in which an engine without threads takes objects."""

import numpy as np
import pytest

from kontur.models.graphs import PART, Graphs


@pytest.mark.parametrize(
    ("count", "sizes"), [(0, []), (1, [1]), (PART, [PART]), (2 * PART + 1, [PART, PART, 1])]
)
def test_parts_are_taken_in_order_and_none_is_larger_than_memory_allows(count, sizes):
    parts = []
    Graphs({}).in_parts(parts.append, count)
    assert [part.stop - part.start for part in parts] == sizes
    assert [i for part in parts for i in range(count)[part]] == list(range(count))


def test_a_wrapped_graph_knows_its_name_and_is_run_in_the_same_parts():
    calls = []

    def wrap(name, graph):
        def run(*arrays):
            calls.append((name, arrays[0].tolist()))
            return graph(*arrays)

        return run

    def backwards(work, count):
        for index in reversed(range(count)):
            work(slice(index, index + 1))

    graphs = Graphs({"double": lambda array: [2 * array]}, backwards).wrapped(wrap)
    given, found = np.arange(3), np.zeros(3, int)

    def work(part):
        (found[part],) = graphs["double"](given[part])

    graphs.in_parts(work, 3)
    assert calls == [("double", [2]), ("double", [1]), ("double", [0])]
    assert found.tolist() == [0, 2, 4]
