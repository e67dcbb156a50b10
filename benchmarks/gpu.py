"""How fast a model's graph of whole images runs on a GPU, beside plain eager torch.

Images a second at several batch sizes: a network as torch builds it, in float32; the same with
channels last in memory, as an engine holds it; and in bf16, which `--precision auto` takes on cards
that have it. Beside them the share of the products and sums a second that one large matrix product
in bf16 reaches on the same device. Inputs are there, outputs stay there: the rest of a prediction
is `benchmarks/predict_speed.py`'s matter.

    python benchmarks/gpu.py nuclei --batches 1 16 --sides 256 1024
"""

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import torch
from report import heading, table
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from kontur.infer.engines.torch_engine import rebuild
from kontur.infer.model_files import find_model
from kontur.models.archive import read_model

LARGE = {"cuda": 8192, "cpu": 2048}  # side of the product that shows what the device can do


def main() -> None:
    options = _options()
    device = torch.device(options.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "its CPU"
    heading(f"The graph of images of {options.model} on {name}, median of {options.repeats}")
    model = read_model(find_model(options.model))
    side = LARGE[device.type]
    factor = torch.rand(side, side, device=device, dtype=torch.bfloat16)
    peak = 2 * side**3 / _seconds(lambda: factor @ factor, device, options.repeats)
    print(f"a product of {side}² bf16 matrices: {peak / 1e9:,.0f} GFLOP/s\n")
    formats = torch.contiguous_format, torch.channels_last
    networks = {each: rebuild(model).to(device, memory_format=each) for each in formats}
    rows = []
    for pixels in options.sides:
        for batch in options.batches:
            images = torch.rand(batch, model.card.config["channels"], pixels, pixels, device=device)
            first = 0.0
            for words, memory, bf16 in (
                ("plain eager torch, float32", formats[0], False),
                ("channels last, float32", formats[1], False),
                ("channels last, bf16", formats[1], True),
            ):
                graph = next(iter(networks[memory].graphs().values()))
                taken = _seconds(partial(_run, graph, images, bf16), device, options.repeats)
                speed, rate = batch / taken, _operations(graph, images) / taken
                first = first or speed
                row = [f"{pixels}²", str(batch), words, f"{speed:.1f}", f"{speed / first:.2f}"]
                rows.append([*row, f"{rate / peak:.1%}"])
    print(table(["image", "batch", "how", "images/s", "ratio", "of the product's rate"], rows))


def _run(graph: nn.Module, images: torch.Tensor, bf16: bool) -> None:
    with torch.inference_mode(), torch.autocast(images.device.type, torch.bfloat16, enabled=bf16):
        graph(images)


def _operations(graph: nn.Module, images: torch.Tensor) -> int:
    with FlopCounterMode(display=False) as counter:
        _run(graph, images, bf16=False)
    return counter.get_total_flops()


def _seconds(run: Callable[[], object], device: torch.device, repeats: int) -> float:
    taken = []
    for _ in range(3 + repeats):  # the first choose algorithms and take memory
        start = time.perf_counter()
        run()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken[3:])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", help="a shipped model, a run or a .kontur file")
    parser.add_argument("--device", choices=[*LARGE], default="cuda")
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 16])
    parser.add_argument("--sides", nargs="+", type=int, default=[256, 1024])
    parser.add_argument("--repeats", type=int, default=20)
    return parser.parse_args()


if __name__ == "__main__":
    main()
