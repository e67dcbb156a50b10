"""What each technique of the contours brings: a frozen detector, and what moves contours on it.

A trained detector is frozen and its features of a number of augmented crops are kept, so that a fit
of everything after it takes minutes on one core. Every variant differs from the default in the
settings that name it and is trained for the same processor time, from the same seeds, on the same
crops; thresholds are tuned on the validation images, alike for all. The rows give AP at five IoUs,
the mean IoU of matched objects, boundary IoU, parameters after the detector, and milliseconds an
image, which are those of this machine and of one thread. Fits that are done are lines of the
results file; a second call goes on where the first one ended. Where objects touch, two further
columns tell who gives way: the mean best IoU of the true objects less than `TOUCH` pixels from
another one, and the percentage of the predicted area that lies in another predicted object too.

    python benchmarks/ablation.py dsb2018 --detector nuclei --results ablation.jsonl
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import shapely
import torch
from ledger import Ledger, Result, cell
from report import heading, table
from torch import Tensor, nn

from kontur.data.folder import open_folder
from kontur.data.normalisation.normalise import NormaliseConfig
from kontur.data.sample import Sample
from kontur.data.transforms.augment import AugmentConfig, training_pipeline
from kontur.data.transforms.compose import sample_rng
from kontur.evaluate import evaluate_all, tune_thresholds
from kontur.geometry.overlap import iou
from kontur.infer.engines.torch_engine import TorchEngine, rebuild
from kontur.infer.load import find_model
from kontur.infer.predict import Predictor
from kontur.instances import Instances
from kontur.models import catalog
from kontur.models.archive import Model, read_model
from kontur.models.card import Card, Thresholds
from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.detector import Detected
from kontur.models.snake.encode import Targets, collate, encode
from kontur.models.snake.network import DeepSnake
from kontur.settings import merge
from kontur.train.config import OptimiserConfig
from kontur.train.optimiser import averaged, build_optimiser, rate_at

PLAIN = {"edge": {"kind": "none"}, "quality": False}
EDGE = {"edge": {"kind": "profile"}}
VARIANTS: dict[str, dict[str, Any]] = {
    "as published": PLAIN,
    "edge": {**PLAIN, **EDGE},
    "quality": {**PLAIN, "quality": True},
    "edge, quality": {**EDGE, "quality": True},
    "edge, quality, no signed distance": {
        **EDGE,
        "quality": True,
        "weights": {"signed_distance": 0.0},
    },
    "edge, quality, 1 stage": {**EDGE, "quality": True, "stages": 1},
    "edge, quality, 2 stages": {**EDGE, "quality": True, "stages": 2},
    **{
        f"edge, quality, 2 stages, {name}": {
            **EDGE,
            "quality": True,
            "stages": 2,
            "refiner": refiner,
        }
        for name, refiner in (
            ("fusion 32", {"fusion": 32}),
            ("32 wide", {"width": 32}),
            ("32 wide, fusion 32", {"width": 32, "fusion": 32}),
        )
    },
    "edge, quality, 1 stage, profile of 3": {
        **EDGE,
        "quality": True,
        "stages": 1,
        "refiner": {"profile": 3},
    },
    "edge, quality, 2 stages, profile of 5": {
        **EDGE,
        "quality": True,
        "stages": 2,
        "refiner": {"profile": 5, "reach": 0.2},
    },
    "edge, quality, 2 stages, four anchors": {
        **EDGE,
        "quality": True,
        "stages": 2,
        "anchors": "four",
    },
    "edge, quality, 2 stages, dynamic matching": {
        **EDGE,
        "quality": True,
        "stages": 2,
        "matching": "dynamic",
    },
    "edge, quality, 2 stages, shape": {
        **EDGE,
        "quality": True,
        "stages": 2,
        "weights": {"shape": 1.0},
    },
    "edge, quality, 2 stages, learned start": {
        **EDGE,
        "quality": True,
        "stages": 2,
        "initial": "learned",
        "anchors": "four",
    },
    **{
        f"edge, quality, recurrent {cell}, {stages} iterations": {
            **EDGE,
            "quality": True,
            "stages": stages,
            "refiner": {"kind": "recurrent", "cell": cell},
        }
        for cell in ("rnn", "gru", "lstm")
        for stages in (1, 3, 6, 12)
    },
    **{
        f"edge, quality, {name}": {
            **EDGE,
            "quality": True,
            "stages": stages,
            "refiner": {"kind": "attention", **settings},
        }
        for name, stages, settings in (
            ("attention, 1 stage", 1, {}),
            ("attention", 3, {}),
            ("attention, neighbours", 3, {"neighbours": 4}),
            ("attention, image tokens", 3, {"image_tokens": 8}),
            ("attention, neighbours, image tokens", 3, {"neighbours": 4, "image_tokens": 8}),
        )
    },
    "edge, quality, 32 points": {**EDGE, "quality": True, "points": 32},
    "edge, quality, 128 points": {**EDGE, "quality": True, "points": 128},
}
IOUS = (0.5, 0.6, 0.7, 0.8, 0.9)
BATCH = 8
RATE = 2e-3
AVERAGE = 0.99
TOUCH = 2.0  # pixels


class Crop(NamedTuple):
    """An augmented crop, and what the frozen detector sees in it."""

    sample: Sample
    image: Tensor  # (c, h, w)
    detected: Detected  # of a batch of one, in half precision


def main() -> None:
    options = _options()
    torch.set_num_threads(1)
    heading(__doc__.partition("\n\n")[0])
    model = read_model(find_model(options.detector))
    ledger = Ledger(options.results)
    frozen = _frozen(model)
    crops: list[Crop] = []
    key = {"data": options.data.name, "detector": model.card.name, "minutes": options.minutes}
    for seed in range(options.seeds):
        for name in options.variants or VARIANTS:
            own = {**key, "variant": name, "seed": seed}
            if ledger.find(own):
                continue
            crops = crops or _crops(frozen, model.card, options)
            segmenter, steps = _fit(frozen, crops, name, seed, options.minutes)
            result = {**own, "steps": steps, **_judged(segmenter, model.card, options)}
            ledger.add(result)
            print(f"{name}, seed {seed}: {steps} steps, AP {result['AP']:.3f}", flush=True)
    print()
    print(_table(ledger.find(key), options.variants or VARIANTS))


def _frozen(model: Model) -> DeepSnake:
    network = rebuild(model)
    assert isinstance(network, DeepSnake)
    return network.eval().requires_grad_(False)


def _crops(frozen: DeepSnake, card: Card, options: argparse.Namespace) -> list[Crop]:
    """Augmented crops of training images, images in turn."""
    folder = open_folder(options.data / "train")
    augment = AugmentConfig(crop=options.crop, invert=0.0)
    normalise = NormaliseConfig.read(card.normalise)
    pipeline = training_pipeline(augment, frozen.config.channels, normalise)
    order = np.random.default_rng(0).permutation(len(folder))
    crops = []
    for number in range(options.crops):
        index = int(order[number % len(order)])
        sample = pipeline(folder.samples[index], sample_rng(0, number // len(order), index))
        image = torch.from_numpy(sample.image.transpose(2, 0, 1).copy())
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            detected = frozen.detector(image[None])
        kept = Detected(*(each.detach().clone().half() for each in detected))
        crops.append(Crop(sample, image, kept))
    return crops


class Kept(nn.Module):
    """A detector that gives what another one saw before."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: Detected | None = None

    def forward(self, images: Tensor) -> Detected:
        assert self.seen is not None
        return self.seen


def _fit(
    frozen: DeepSnake, crops: Sequence[Crop], name: str, seed: int, minutes: float
) -> tuple[DeepSnake, int]:
    """A snake on the frozen detector, its other parts trained from random weights."""
    torch.manual_seed(seed)
    config = _config(frozen, name)
    network = catalog.segmenter("snake", config)
    assert isinstance(network, DeepSnake)
    kept = Kept()
    network.detector = kept  # type: ignore[assignment]
    optimiser = build_optimiser(network, OptimiserConfig(rate=RATE))
    average = averaged(network, AVERAGE)
    start, steps = time.process_time(), 0
    for images, targets, kept.seen in _batches(crops, config, seed):
        progress = (time.process_time() - start) / 60 / minutes
        if progress >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = RATE * rate_at(progress, OptimiserConfig())
        losses = network.train().loss(images, targets)
        names = [each for each in losses if each not in ("heatmap", "size", "offset")]
        total = network.total({each: losses[each] for each in names})
        optimiser.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        average.update_parameters(network)
        steps += 1
    fitted: DeepSnake = average.module  # type: ignore[assignment]
    fitted.detector = frozen.detector
    return fitted.eval(), steps


def _config(frozen: DeepSnake, name: str) -> SnakeConfig:
    values = frozen.config.model_dump(mode="json") | {"stages_used": None}
    changes = VARIANTS[name]
    return SnakeConfig.read(merge(values, changes))


def _batches(
    crops: Sequence[Crop], config: SnakeConfig, seed: int
) -> Iterator[tuple[Tensor, Targets, Detected]]:
    """Batches without end, with new starts each time."""
    rng = np.random.default_rng(seed)
    while True:
        for places in np.array_split(rng.permutation(len(crops)), len(crops) // BATCH):
            chosen = [crops[place] for place in places]
            targets = collate([encode(each.sample.instances, config, rng) for each in chosen])
            tensors = Targets(*(torch.from_numpy(np.ascontiguousarray(x)) for x in targets))
            seen = zip(*(each.detected for each in chosen), strict=True)
            detected = Detected(*(torch.cat(each).float() for each in seen))
            yield torch.stack([each.image for each in chosen]), tensors, detected


def _judged(network: DeepSnake, card: Card, options: argparse.Namespace) -> Result:
    """The scores on the validation images, with the thresholds that are best there."""
    folder = open_folder(options.data / "val").where(options.where)
    own = card.replace(config=network.config.model_dump(mode="json"))
    predictor = Predictor(TorchEngine(network), own)
    samples = list(folder.samples)
    truths = [sample.instances for sample in samples]
    tuned = tune_thresholds(
        truths, [predictor.predict_unfiltered(sample.image) for sample in samples]
    )
    thresholds = Thresholds(score=tuned.score, overlap=tuned.overlap)
    predictor = Predictor(TorchEngine(network), own.replace(thresholds=thresholds))
    start = time.process_time()
    found = [predictor.predict(sample.image) for sample in samples]
    milliseconds = (time.process_time() - start) / len(samples) * 1000
    summary = evaluate_all(list(zip(truths, found, strict=True)))
    aps = {f"AP{least:g}": summary.ap(least) for least in IOUS}
    after = [p for name, p in network.named_parameters() if not name.startswith("detector.")]
    return {
        **aps,
        "AP": float(np.mean(list(aps.values()))),
        "IoU": float(summary.pooled.true_iou[0] / max(summary.pooled.recall[0], 1e-9)),
        "boundary IoU": float(summary.pooled_areas.boundary_iou),
        **_where_objects_touch(truths, found),
        "parameters": sum(p.numel() for p in after),
        "ms": milliseconds,
        "score": tuned.score,
        "overlap": tuned.overlap,
    }


def _where_objects_touch(truths: Sequence[Instances], found: Sequence[Instances]) -> Result:
    """How well touching objects are found, and how much predicted outlines overlap."""
    best: list[float] = []
    shared = covered = 0.0
    for truth, prediction in zip(truths, found, strict=True):
        tree = shapely.STRtree(truth.polygons)
        one, other = tree.query(truth.polygons, predicate="dwithin", distance=TOUCH)
        crowded = truth.polygons[np.unique(one[one != other])]
        if not len(crowded):
            continue
        tree = shapely.STRtree(prediction.polygons)
        here, there = tree.query(crowded)
        ious = np.zeros(len(crowded))
        np.maximum.at(ious, here, iou(crowded[here], prediction.polygons[there]))
        best += ious.tolist()
        covered += float(shapely.area(prediction.polygons).sum())
        one, other = tree.query(prediction.polygons)
        one, other = one[one < other], other[one < other]
        both = shapely.intersection(prediction.polygons[one], prediction.polygons[other])
        shared += float(shapely.area(both).sum())
    return {
        "touching IoU": float(np.mean(best)) if best else None,
        "overlapping %": 100 * shared / covered if covered else None,
    }


def _table(results: Sequence[Result], names: Sequence[str] | dict[str, Any]) -> str:
    columns = [*(f"AP{least:g}" for least in IOUS), "AP", "IoU", "boundary IoU"]
    columns += ["touching IoU", "overlapping %"]
    rows = []
    for name in names:
        own = [result for result in results if result["variant"] == name]
        if own:
            cells = [cell([result.get(column) for result in own]) for column in columns]
            more = [f"{np.mean([r[c] for r in own]):,.0f}" for c in ("steps", "parameters", "ms")]
            rows.append([name, str(len(own)), *cells, *more])
    return table(["variant", "seeds", *columns, "steps", "parameters", "ms an image"], rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="a folder with the parts train and val")
    parser.add_argument("--detector", required=True, help="the model whose detector is frozen")
    parser.add_argument("--results", type=Path, default=Path("ablation.jsonl"))
    parser.add_argument("--variants", nargs="*", choices=VARIANTS, metavar="NAME")
    parser.add_argument("--where", nargs="*", default=[], metavar="COLUMN=VALUE")
    parser.add_argument("--minutes", type=float, default=3.0, help="of processor time a fit")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--crops", type=int, default=640)
    parser.add_argument("--crop", type=int, default=192)
    return parser.parse_args()


if __name__ == "__main__":
    main()
