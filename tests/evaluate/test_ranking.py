"""COCO's average precision against pycocotools."""

import numpy as np
import pytest
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from kontur.evaluate import evaluate_all
from kontur.instances import Instances

SIZE = (40, 50)


def scene(rng, classes, crowds):
    """Overlapping ellipses, a share of them crowds, and what a poor detector makes of them."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]

    def ellipse(cy, cx, ry, rx):
        return ((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 <= 1

    k = int(rng.integers(0, 9))
    shapes = np.column_stack(
        [rng.uniform(0, 40, k), rng.uniform(0, 50, k), rng.uniform(3, 9, (k, 2))]
    )
    truth = [ellipse(*s) for s in shapes]
    again = shapes[rng.random(k) < 0.8]
    again = np.concatenate([again, again[: len(again) // 2]])
    found = [ellipse(*(s + rng.normal(0, 0.8, 4))) for s in again]
    found += [ellipse(*rng.uniform(3, 30, 2), 3, 5) for _ in range(int(rng.integers(0, 4)))]
    truth, found = ([m for m in masks if m.any()] for masks in (truth, found))
    return (
        Instances.from_masks(
            truth, classes, labels=rng.integers(0, len(classes), len(truth)), size=SIZE
        ).replace(ignore=rng.random(len(truth)) < crowds),
        Instances.from_masks(
            found, classes, labels=rng.integers(0, len(classes), len(found)), size=SIZE
        ).replace(scores=rng.choice(np.linspace(0, 1, 50), len(found))),
    )


def reference(pairs, thresholds):
    annotations, results = [], []
    for image, (truth, found) in enumerate(pairs, start=1):
        for objects, out in ((truth, annotations), (found, results)):
            for i in range(len(objects)):
                mask = objects[i].replace(ids=[1]).label_image() > 0
                rle = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
                entry = {
                    "image_id": image,
                    "category_id": int(objects.labels[i]) + 1,
                    "segmentation": rle,
                }
                if out is annotations:
                    entry |= {"id": len(out) + 1, "iscrowd": int(objects.ignore[i])}
                    entry |= {"area": int(mask.sum()), "bbox": [0, 0, 1, 1]}
                else:
                    entry |= {"score": float(objects.scores[i])}
                out.append(entry)
    coco = COCO()
    coco.dataset = {
        "info": {},
        "images": [{"id": i + 1, "height": SIZE[0], "width": SIZE[1]} for i in range(len(pairs))],
        "annotations": annotations,
        "categories": [{"id": i + 1, "name": n} for i, n in enumerate(pairs[0][0].classes)],
    }
    coco.createIndex()
    judge = COCOeval(coco, coco.loadRes(results), "segm")
    judge.params.iouThrs = np.array(thresholds)
    judge.params.maxDets = [1, 10, 10_000]
    judge.evaluate()
    judge.accumulate()
    precision = judge.eval["precision"][:, :, :, 0, -1]  # thresholds, recalls, classes
    return precision.mean(axis=1).mean(axis=1)


# Our ignore regions excuse objects of any class, a crowd of COCO those of its own.
@pytest.mark.parametrize(("classes", "crowds"), [(("a", "b"), 0.0), (("a",), 0.2)])
@pytest.mark.parametrize("seed", range(4))
def test_ranked_average_precision_is_that_of_pycocotools(seed, classes, crowds):
    rng = np.random.default_rng(seed)
    pairs = [scene(rng, classes, crowds) for _ in range(8)]
    summary = evaluate_all(pairs)
    assert summary.ranked_ap is not None
    assert 0.01 < summary.ranked_ap[0] < 0.99
    assert summary.ranked_ap == pytest.approx(reference(pairs, summary.thresholds), abs=1e-9)


def test_there_is_no_ranking_without_scores_or_truth():
    mask = np.ones((3, 3), dtype=bool)
    some, none = Instances.from_masks([mask]), Instances.empty((3, 3))
    sure = some.replace(scores=[0.5])
    assert evaluate_all([(some, some)]).ranked_ap is None
    assert np.isnan(evaluate_all([(none, sure)]).ranked_ap).all()
    assert evaluate_all([(some, none)]).ranked_ap.tolist() == [0.0] * 10
    assert evaluate_all([(some, sure)]).ranked_ap == pytest.approx(1.0)


def test_surer_errors_cost_more():
    hit, miss = np.zeros((2, 4, 8), dtype=bool)
    hit[:, :3], miss[:, 5:] = True, True
    truth, found = Instances.from_masks([hit]), Instances.from_masks([hit, miss])
    assert evaluate_all([(truth, found.replace(scores=[0.9, 0.1]))]).ranked_ap[0] == 1.0
    assert evaluate_all([(truth, found.replace(scores=[0.1, 0.9]))]).ranked_ap[0] == 0.5
