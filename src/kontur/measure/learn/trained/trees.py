"""Boosted trees as arrays, and their application without scikit-learn.

All nodes of all trees are stacked. A row goes left where its feature is at most the threshold, the
feature rounded to float32 as in scikit-learn's trees; both children of a leaf are the leaf itself.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

CHUNK = 2048  # rows at once; memory is rows · trees


class Trees(NamedTuple):
    """Nodes, the root and the output of each tree, and the initial prediction."""

    left: Int[np.ndarray, " nodes"]
    right: Int[np.ndarray, " nodes"]
    feature: Int[np.ndarray, " nodes"]
    threshold: Float[np.ndarray, " nodes"]
    value: Float[np.ndarray, " nodes"]
    roots: Int[np.ndarray, " trees"]
    output: Int[np.ndarray, " trees"]
    start: Float[np.ndarray, "1 n"]


def trees_of(boosting: Any) -> Trees:
    """The trees of a fitted `GradientBoostingClassifier` or `GradientBoostingRegressor`."""
    rounds, outputs = boosting.estimators_.shape
    parts: dict[str, list[np.ndarray]] = {
        name: [] for name in ("left", "right", "feature", "threshold", "value")
    }
    roots, first = [], 0
    for tree in (estimator.tree_ for estimator in boosting.estimators_.ravel()):
        leaf = tree.children_left < 0
        own_index = np.arange(tree.node_count)
        parts["left"].append(first + np.where(leaf, own_index, tree.children_left))
        parts["right"].append(first + np.where(leaf, own_index, tree.children_right))
        parts["feature"].append(np.where(leaf, 0, tree.feature))
        parts["threshold"].append(np.where(leaf, 0.0, tree.threshold))
        parts["value"].append(tree.value[:, 0, 0] * boosting.learning_rate)
        roots.append(first)
        first += tree.node_count
    nodes = {name: np.concatenate(arrays) for name, arrays in parts.items()}
    whole = {name: nodes[name].astype(np.int64) for name in ("left", "right", "feature")}
    trees = Trees(
        **whole,
        threshold=nodes["threshold"].astype(np.float64),
        value=nodes["value"].astype(np.float64),
        roots=np.array(roots, dtype=np.int64),
        output=np.tile(np.arange(outputs, dtype=np.int64), rounds),
        start=np.zeros((1, outputs)),
    )
    # The initial prediction is not public: it is the prediction of a row less that of its trees.
    row = np.zeros((1, boosting.n_features_in_))
    classes = hasattr(boosting, "classes_")
    outputs_of_row = boosting.decision_function(row) if classes else boosting.predict(row)
    return trees._replace(start=outputs_of_row.reshape(1, outputs) - tree_outputs(row, trees))


def tree_outputs(x: Float[np.ndarray, "b m"], trees: Trees) -> Float[np.ndarray, "b n"]:
    """The sum of `start` and of the leaf of every tree for each row."""
    totals = np.repeat(trees.start, len(x), axis=0)
    for first in range(0, len(x), CHUNK):
        rounded = x[first : first + CHUNK].astype(np.float32)
        at = np.arange(len(rounded))[:, None]
        node = np.repeat(trees.roots[None], len(rounded), axis=0)  # (b, trees)
        while True:
            left = rounded[at, trees.feature[node]] <= trees.threshold[node]
            below = np.where(left, trees.left[node], trees.right[node])
            if np.array_equal(below, node):
                break
            node = below
        leaves = trees.value[node]
        for output in range(trees.start.shape[1]):
            totals[first : first + CHUNK, output] += leaves[:, trees.output == output].sum(axis=1)
    return totals
