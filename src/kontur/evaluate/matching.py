"""Matching of predicted and true objects: assignment on a sparse graph of overlapping pairs.

The counts are those of StarDist's `matching`: as many pairs of IoU >= threshold as
possible and, among such matchings, the largest sum of IoU. Where objects do not overlap one another
and the threshold is 0.5 or more, no object has two partners and there is nothing to choose; what
remains (low thresholds, overlapping objects) is solved exactly by the Hungarian method: shortest
augmenting paths with dual prices (Kuhn 1955; Edmonds and Karp 1972), which walk no further than the
ambiguity reaches.

Pairs are three parallel arrays: `rows` (true objects), `cols` (predicted objects), a number each.
"""

import heapq
import math

import numpy as np
from jaxtyping import Bool, Float, Integer


def match(
    rows: Integer[np.ndarray, " e"],
    cols: Integer[np.ndarray, " e"],
    iou: Float[np.ndarray, " e"],
    threshold: float,
) -> Integer[np.ndarray, " m"]:
    """Indices (ascending) of the pairs that are matched: IoU >= threshold, each object once.

    As many pairs as possible, then the largest sum of IoU. No pairs give no matches.

    >>> rows, cols, iou = np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([0.9, 0.3, 0.4])
    >>> match(rows, cols, iou, 0.3), match(rows, cols, iou, 0.5)
    (array([1, 2]), array([0]))
    """
    pairs = np.flatnonzero(iou >= threshold)
    # One more pair outweighs any sum of IoU.
    weights = 1.0 + iou[pairs] / (2.0 * max(len(pairs), 1))
    return pairs[assign(rows[pairs], cols[pairs], weights)]


def assign(
    rows: Integer[np.ndarray, " e"],
    cols: Integer[np.ndarray, " e"],
    weights: Float[np.ndarray, " e"],
) -> Integer[np.ndarray, " m"]:
    """Indices (ascending) of a matching of largest total weight; weights are positive.

    Every row and every column is used at most once and may stay unmatched.

    >>> assign(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([0.9, 0.3, 0.4]))
    array([0])
    """
    alone = _alone(rows, cols)
    contested = np.flatnonzero(~alone)
    assignment = _Assignment(
        rows[contested].tolist(), cols[contested].tolist(), weights[contested].tolist()
    )
    for row in assignment.pairs_of:
        assignment.augment(row)
    chosen = contested[list(assignment.pair_of_row.values())]
    return np.sort(np.append(np.flatnonzero(alone), chosen))


class _Assignment:
    """An optimal matching of the rows added so far, and the dual prices that prove it optimal.

    For every pair `row_price + col_price >= weight`, with equality where it is matched; no price
    is negative, and that of an unmatched row or column is 0: hence no matching weighs more.
    """

    def __init__(self, rows: list[int], cols: list[int], weights: list[float]):
        self.rows, self.cols, self.weights = rows, cols, weights
        self.pairs_of: dict[int, list[int]] = {}
        for pair, row in enumerate(rows):
            self.pairs_of.setdefault(row, []).append(pair)
        self.row_price = {r: max(weights[p] for p in ps) for r, ps in self.pairs_of.items()}
        self.col_price = dict.fromkeys(cols, 0.0)
        self.pair_of_row: dict[int, int] = {}
        self.pair_of_col: dict[int, int] = {}

    def augment(self, start: int) -> None:
        """Add the row `start` along the shortest augmenting path (Dijkstra on the slacks).

        The path ends at an unmatched column, or at the row (maybe `start`) that is best left
        unmatched.
        """
        row, row_distance = start, {start: 0.0}
        col_distance: dict[int, float] = {}
        reached_by: dict[int, int] = {}  # the pair that leads to a column
        settled: set[int] = set()
        heap: list[tuple[float, int]] = []
        unmatched, unmatched_distance = start, self.row_price[start]
        while True:
            for pair in self.pairs_of[row]:
                col = self.cols[pair]
                slack = self.row_price[row] + self.col_price[col] - self.weights[pair]
                distance = row_distance[row] + max(slack, 0.0)
                if distance < col_distance.get(col, math.inf):
                    col_distance[col], reached_by[col] = distance, pair
                    heapq.heappush(heap, (distance, col))
            while heap and heap[0][1] in settled:
                heapq.heappop(heap)
            if not heap or heap[0][0] >= unmatched_distance:
                length, end = unmatched_distance, self._unassign(unmatched)
                break
            length, end = heapq.heappop(heap)
            settled.add(end)
            if end not in self.pair_of_col:
                break
            row = self.rows[self.pair_of_col[end]]
            row_distance[row] = length
            if length + self.row_price[row] < unmatched_distance:
                unmatched, unmatched_distance = row, length + self.row_price[row]
        for row, distance in row_distance.items():
            self.row_price[row] -= length - distance
        for col in settled:
            self.col_price[col] += length - col_distance[col]
        self._flip(end, reached_by)

    def _unassign(self, row: int) -> int | None:
        """The column that `row` is taken from, None where it has none."""
        pair = self.pair_of_row.pop(row, None)
        return None if pair is None else self.cols[pair]

    def _flip(self, col: int | None, reached_by: dict[int, int]) -> None:
        """Follow the path back from its end: matched pairs become unmatched, and the reverse."""
        while col is not None:
            pair = reached_by[col]
            previous = self._unassign(self.rows[pair])
            self.pair_of_row[self.rows[pair]] = pair
            self.pair_of_col[col] = pair
            col = previous


def _alone(
    rows: Integer[np.ndarray, " e"], cols: Integer[np.ndarray, "e"]
) -> Bool[np.ndarray, " e"]:
    """Pairs whose two objects are in no other pair."""
    if not len(rows):
        return np.zeros(0, dtype=bool)
    return (np.bincount(rows)[rows] == 1) & (np.bincount(cols)[cols] == 1)
