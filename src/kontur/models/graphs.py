"""The named graphs of a model as an engine runs them, and the parts in which it takes objects."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Graph = Callable[..., Sequence[Any]]  # arrays in, arrays out
Work = Callable[[slice], None]  # done to a part of the objects; its results are kept in their place
InParts = Callable[[Work, int], None]

QUANTISED_OUTPUTS = "integers"  # in a graph's metadata: {output: [scale, zero point]}
PART = 128  # objects: bounds the memory of a run to some 100 MB at 64 channels


def one_by_one(work: Work, count: int) -> None:
    """Part after part, in order."""
    for first in range(0, count, PART):
        work(slice(first, min(first + PART, count)))


class Graphs(dict[str, Graph]):
    """The graphs of a model by name.

    A graph of objects is run on any number of them at once. Where there may be many,
    `in_parts(work, count)` calls `work` with the slice of each part of so many objects, on the
    engine's threads and in any order; of none it is not called. All graphs that an object passes
    belong into one such work: what joins the threads less often waits less. Graphs that are
    put together anew have no threads, if no `in_parts` is given; `wrapped` ones keep theirs.
    """

    def __init__(self, graphs: Mapping[str, Graph], in_parts: InParts = one_by_one):
        super().__init__(graphs)
        self.in_parts = in_parts

    def wrapped(self, wrap: Callable[[str, Graph], Graph]) -> "Graphs":
        """Each graph as `wrap` makes it of its name and itself, in the same parts."""
        return Graphs({name: wrap(name, graph) for name, graph in self.items()}, self.in_parts)
