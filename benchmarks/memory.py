"""Memory of a prediction beside what the guard expects (`Family.memory`), by kind and image size.

Each figure is a process of its own without torch: a network of random weights, or a model by its
name, run by ONNX Runtime on noise; its peak memory less that before the image.

    python benchmarks/memory.py --kinds nuclei,unet,transunet --sides 512,1024,1536
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from report import heading, table

from kontur.infer.load import load
from kontur.infer.model_files import find_model
from kontur.infer.worker_process import peak_memory
from kontur.models import catalog
from kontur.models.archive import read_card, write_model
from kontur.models.card import Card

SCORE = 0.5  # from which noise is outlined: few objects
MB = 1 << 20


def main() -> None:
    options = _options()
    if options.measure is not None:
        print(_measure(options.measure, int(options.sides)))
        return
    heading("Memory of a prediction, measured and expected")
    rows = []
    for kind in options.kinds.split(","):
        with tempfile.TemporaryDirectory() as folder:
            if kind in catalog.KINDS:
                model = Path(folder) / f"{kind}.kontur"
                _write(model, kind, options.preset)
            else:
                model = find_model(kind)
            card = read_card(model)
            family, settings = catalog.family(card.kind), catalog.config(card.kind, card.config)
            for side in map(int, options.sides.split(",")):
                measured = MB * _in_a_process(model, side) / side**2
                expected = family.memory(settings, (side, side)) / side**2
                figures = [f"{measured:,.0f}", f"{expected:,.0f}", f"{expected / measured:.2f}"]
                rows.append([kind, f"{side}²", *figures])
    head = ["kind", "image", "bytes a pixel", "expected", "expected / measured"]
    print(table(head, rows))


def _write(path: Path, kind: str, preset: str) -> None:
    import torch

    from kontur.train.export import to_model

    settings: Any = catalog.config(kind, {"channels": 3}, preset=preset)
    torch.manual_seed(0)
    segmenter = catalog.segmenter(kind, settings).eval()
    card = Card(kind=kind, config=settings.model_dump(mode="json"), version="0")
    write_model(path, to_model(segmenter, card))


def _in_a_process(model: Path, side: int) -> float:
    command = [sys.executable, __file__, "--measure", str(model), "--sides", str(side)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _measure(model: Path, side: int) -> float:
    """Megabytes more than after a small image."""
    predictor = load(model, device="cpu")
    rng = np.random.default_rng(0)
    small, image = (rng.integers(0, 255, (s, s, 3), dtype=np.uint8) for s in (64, side))
    predictor.predict(small, score=SCORE)
    before = peak_memory() or 0.0
    for _ in range(2):  # as tiles are: a runtime may keep memory and take more
        predictor.predict(image, score=SCORE)
    return (peak_memory() or 0.0) - before


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kinds", default=",".join(catalog.KINDS), help="also names of models")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--sides", default="512,1024,1536", help="pixels, comma-separated")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
