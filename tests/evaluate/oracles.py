"""Slow and plain definitions of the scores, on dense masks and label images."""

from itertools import permutations

import numpy as np
from scipy import ndimage
from scipy.optimize import linear_sum_assignment


def dense_iou(truth: np.ndarray, found: np.ndarray) -> np.ndarray:
    """IoU of every pair of two stacks of masks (k, h, w), (l, h, w)."""
    shared = np.array([[(t & f).sum() for f in found] for t in truth]).reshape(
        len(truth), len(found)
    )
    united = np.array([[(t | f).sum() for f in found] for t in truth]).reshape(shared.shape)
    return shared / np.maximum(united, 1)


def masks_of(labels: np.ndarray) -> np.ndarray:
    """A label image as a stack of masks, one per id."""
    ids = [i for i in np.unique(labels) if i != 0]
    return np.array([labels == i for i in ids], dtype=bool).reshape(len(ids), *labels.shape)


def stardist(iou: np.ndarray, threshold: float) -> dict[str, float]:
    """What StarDist's `matching` says, from its published definition."""
    true, found = iou.shape
    n = min(true, found)
    score, tp = 0.0, 0
    if n and (iou >= threshold).any():
        rows, cols = linear_sum_assignment(-(iou >= threshold).astype(float) - iou / (2 * n))
        good = iou[rows, cols] >= threshold
        score, tp = iou[rows, cols][good].sum(), int(good.sum())
    fp, fn = found - tp, true - tp
    return {
        "tp": tp,
        "fp": fp,
        "fn": fn,
        "ap": tp / (tp + fp + fn) if tp else 0.0,
        "precision": tp / (tp + fp) if tp else 0.0,
        "recall": tp / (tp + fn) if tp else 0.0,
        "f1": 2 * tp / (2 * tp + fp + fn) if tp else 0.0,
        "matched_iou": score / tp if tp else 0.0,
        "true_iou": score / true if true else 0.0,
        "panoptic_quality": score / (tp + fp / 2 + fn / 2) if true + found else 0.0,
    }


def best_matching(iou: np.ndarray, threshold: float) -> tuple[int, float]:
    """Most pairs, then largest sum of IoU, by trying every assignment."""
    if iou.shape[0] > iou.shape[1]:
        iou = iou.T
    best = (0, 0.0)
    for cols in permutations(range(iou.shape[1]), iou.shape[0]):
        chosen = iou[range(iou.shape[0]), cols]
        chosen = chosen[chosen >= threshold]
        best = max(best, (len(chosen), float(chosen.sum())))
    return best


def aji(truth: np.ndarray, found: np.ndarray, partners: str) -> float:
    """AJI (`partners="many"`) or AJI+ (`"one"`) of two stacks of masks."""
    iou = dense_iou(truth, found)
    if partners == "one":
        pairs = list(zip(*linear_sum_assignment(-iou), strict=True))
    else:
        pairs = [(i, row.argmax()) for i, row in enumerate(iou)] if iou.size else []
    pairs = [(i, j) for i, j in pairs if iou[i, j] > 0]
    shared = sum((truth[i] & found[j]).sum() for i, j in pairs)
    united = sum((truth[i] | found[j]).sum() for i, j in pairs)
    united += sum(t.sum() for i, t in enumerate(truth) if i not in {i for i, _ in pairs})
    united += sum(f.sum() for j, f in enumerate(found) if j not in {j for _, j in pairs})
    return shared / united


def boundary(mask: np.ndarray, distance: int) -> np.ndarray:
    """The mask less its erosion by 3×3, `distance` times, in an image padded by background."""
    padded = np.pad(mask, 1)
    eroded = ndimage.binary_erosion(padded, np.ones((3, 3)), iterations=distance, border_value=1)
    return mask & ~eroded[1:-1, 1:-1]
