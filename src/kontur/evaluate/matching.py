"""Which found object is which true one: assignment on a sparse graph of overlapping pairs.

The counts are those of StarDist's `matching`: as many pairs of IoU >= threshold as can be had at
once and, among such matchings, the largest sum of IoU. Where objects do not overlap one another
and the threshold is 0.5 or more, no object has two partners and there is nothing to choose; what
remains (low thresholds, overlapping objects) is solved exactly by augmenting paths with dual
prices (Kuhn 1955; Edmonds and Karp 1972), which walk no further than the ambiguity reaches.

Pairs are three parallel arrays: `rows` (true objects), `cols` (found objects), a number each.
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
    edges = np.flatnonzero(iou >= threshold)
    alone = _alone(rows[edges], cols[edges])
    if alone.all():
        return edges
    unclear = edges[~alone]
    weights = 1.0 + iou[unclear] / (2.0 * len(unclear))  # one more pair outweighs any sum of IoU
    chosen = unclear[assign(rows[unclear], cols[unclear], weights)]
    return np.sort(np.concatenate([edges[alone], chosen]))


def assign(
    rows: Integer[np.ndarray, " e"],
    cols: Integer[np.ndarray, " e"],
    weights: Float[np.ndarray, " e"],
) -> Integer[np.ndarray, " m"]:
    """Indices (ascending) of a matching of largest total weight; weights are positive.

    Every row and every column is used at most once and may stay alone.

    >>> assign(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([0.9, 0.3, 0.4]))
    array([0])
    """
    ledger = _Ledger(rows.tolist(), cols.tolist(), weights.tolist())
    for row in ledger.pairs_of:
        ledger.place(row)
    return np.array(sorted(ledger.pair_of_row.values()), dtype=np.int64)


class _Ledger:
    """A matching of the rows placed so far, with prices that prove it the best one.

    For every pair `row_price + col_price >= weight`, with equality where it is matched, no price
    is negative and whoever is alone costs nothing: hence no matching weighs more.
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

    def place(self, start: int) -> None:
        """Match one more row along the cheapest path of exchanges (Dijkstra on the slacks).

        The path ends at a free column, or at the row (maybe `start`) that had better stay alone.
        """
        row, at_row = start, {start: 0.0}  # distance of the rows on the way
        at_col: dict[int, float] = {}  # … and of the columns
        reached_by: dict[int, int] = {}  # the pair that leads to a column
        settled: set[int] = set()
        heap: list[tuple[float, int]] = []
        leaver, leaving = start, self.row_price[start]
        while True:
            for pair in self.pairs_of[row]:
                col = self.cols[pair]
                slack = self.row_price[row] + self.col_price[col] - self.weights[pair]
                distance = at_row[row] + max(slack, 0.0)
                if distance < at_col.get(col, math.inf):
                    at_col[col], reached_by[col] = distance, pair
                    heapq.heappush(heap, (distance, col))
            while heap and heap[0][1] in settled:
                heapq.heappop(heap)
            if not heap or heap[0][0] >= leaving:
                length, end = leaving, self._give_up(leaver)
                break
            length, end = heapq.heappop(heap)
            settled.add(end)
            if end not in self.pair_of_col:
                break
            row = self.rows[self.pair_of_col[end]]
            at_row[row] = length
            if length + self.row_price[row] < leaving:
                leaver, leaving = row, length + self.row_price[row]
        for row, distance in at_row.items():
            self.row_price[row] -= length - distance
        for col in settled:
            self.col_price[col] += length - at_col[col]
        self._exchange(end, reached_by)

    def _give_up(self, row: int) -> int | None:
        """The column that `row` leaves, None where it has none."""
        pair = self.pair_of_row.pop(row, None)
        return None if pair is None else self.cols[pair]

    def _exchange(self, col: int | None, reached_by: dict[int, int]) -> None:
        """Walk the path back from its end: each row takes the column it reached, frees its own."""
        while col is not None:
            pair = reached_by[col]
            col_before = self._give_up(self.rows[pair])
            self.pair_of_row[self.rows[pair]] = pair
            self.pair_of_col[col] = pair
            col = col_before


def _alone(
    rows: Integer[np.ndarray, " e"], cols: Integer[np.ndarray, "e"]
) -> Bool[np.ndarray, " e"]:
    """Pairs whose two objects are in no other pair."""
    if not len(rows):
        return np.zeros(0, dtype=bool)
    return (np.bincount(rows)[rows] == 1) & (np.bincount(cols)[cols] == 1)
