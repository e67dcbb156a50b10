"""How time and memory grow with images and objects, in this build and in another beside it.

Every measurement runs in a process of its own, and the two builds take turns, so that whatever else
the machine does meets both. Time is that of the processor, the best of the repeats; memory is the
peak of what numpy and Python allocate in one call (tracemalloc). An exponent is the slope of a
straight line through the logarithms: 1 is linear. The table is written into a page between two
comments, or printed.

    python benchmarks/growth.py --beside ../before/src --page docs/results.md
"""

import argparse
import inspect
import json
import math
import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import shapely
from report import heading_lines, table

OBJECT = 1400  # square pixels of the image for each object: 3,000 in 2048²
ENOUGH = 0.5  # seconds of the processor, spent on calls in a process
BEGIN, END = "<!-- growth: begin -->", "<!-- growth: end -->"

Kind = Literal["ms", "bytes", "bytes a pixel"]


@dataclass(frozen=True)
class Case:
    """One row: what is called for a size, and which sizes.

    `limit` is the largest size that the other build is asked for: it would take too long, or too
    much memory.
    """

    name: str
    make: Callable[[int], Callable[[], object]]
    sizes: tuple[int, ...]
    by: str
    kind: Kind = "ms"
    limit: int | None = None


def discs(side: int, seed: int = 0) -> tuple[Any, np.ndarray, np.ndarray]:
    """Centres and radii on a grid with some disorder, and the generator that drew them."""
    rng = np.random.default_rng(seed)
    count = side * side // OBJECT
    across = math.ceil(math.sqrt(count))
    step = side / across
    grid = np.stack(np.divmod(np.arange(across * across), across), -1)[:count]
    centres = (grid + 0.5 + rng.uniform(-0.15, 0.15, (count, 2))) * step
    return rng, centres, rng.uniform(0.25, 0.45, count) * step


def instances(centres: np.ndarray, radii: np.ndarray, side: int, **fields: Any) -> Any:
    """Round objects of 32 points."""
    from kontur.instances import Instances

    angle = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    circle = np.stack([np.cos(angle), np.sin(angle)], -1)
    rings = centres[:, None] + radii[:, None, None] * circle
    return Instances.of_valid(shapely.polygons(rings), size=(side, side), **fields)


def judged(side: int, *, missed: str, metrics: tuple[str, ...] | None = None) -> Callable:
    """`evaluate` of true objects and the same moved; a few are missed, half of them or most."""
    from kontur.evaluate import evaluate

    rng, centres, radii = discs(side)
    truth = instances(centres, radii, side)
    step = math.sqrt(OBJECT)
    reached = {"half": side / 2, "most": side / 16}.get(missed, side)
    far = (centres[:, 0] > reached) | (rng.random(len(centres)) < 0.05)
    moved = (centres + rng.uniform(-0.06, 0.06, centres.shape) * step)[~far]
    scores = rng.random(len(moved))
    found = instances(
        moved, (radii * rng.uniform(0.85, 1.15, len(radii)))[~far], side, scores=scores
    )
    asked = metrics is not None and "metrics" in inspect.signature(evaluate).parameters
    options: dict[str, Any] = {"metrics": metrics} if asked else {}
    return lambda: evaluate(truth, found, **options)


def rings_file(side: int) -> tuple[Any, Path]:
    """Objects with holes, and where they are written."""
    _, centres, radii = discs(side)
    outer, inner = (instances(centres, radii * share, side).polygons for share in (1, 0.5))
    from kontur.instances import Instances

    found = Instances.of_valid(shapely.difference(outer, inner), size=(side, side))
    return found, Path(tempfile.mkdtemp()) / "rings.json"


def write_coco(side: int) -> Callable:
    """COCO of objects with holes, as run lengths."""
    import kontur

    found, path = rings_file(side)
    return lambda: kontur.write(path, found)


def read_coco(side: int) -> Callable:
    """The same read back."""
    import kontur

    found, path = rings_file(side)
    kontur.write(path, found)
    return lambda: kontur.read(path)


def suppressed(count: int, *, layout: str) -> Callable:
    """Boxes that overlap a few others, spread over an image or one under the other in a strip."""
    from kontur.geometry import boxes

    rng = np.random.default_rng(0)
    low, extent = rng.uniform(0, math.sqrt(count) * 8, (count, 2)), rng.uniform(8, 24, (count, 2))
    if layout == "strip":
        low = np.stack([np.zeros(count), np.arange(count) * 4.0], -1)
        extent = np.broadcast_to([50.0, 8.0], (count, 2))
    corners, scores = np.concatenate([low, low + extent], 1), rng.random(count)
    return lambda: boxes.suppress(corners, scores, 0.5)


def edited(count: int) -> Callable:
    """One outline of many replaced."""
    side = math.ceil(math.sqrt(count * OBJECT))
    _, centres, radii = discs(side)
    found = instances(centres[:count], radii[:count], side)
    polygon = shapely.box(0, 0, 3, 3)
    if hasattr(found, "with_polygon"):
        return lambda: found.with_polygon(7, polygon)

    def replace() -> Any:
        polygons = found.polygons.copy()
        polygons[7] = polygon
        return found.replace(polygons=polygons)

    return replace


SIDES = (512, 1024, 2048)
BOXES = (4000, 8000, 16000)
STRIP = (2000, 4000, 8000)
CASES = (
    Case("`evaluate`, all metrics", lambda n: judged(n, missed="few"), SIDES, "side"),
    Case("… half of the image missed", lambda n: judged(n, missed="half"), SIDES, "side"),
    Case("… most of the image missed", lambda n: judged(n, missed="most"), SIDES, "side"),
    Case("… AP alone", lambda n: judged(n, missed="few", metrics=("ap",)), SIDES, "side"),
    Case("memory of `evaluate`", lambda n: judged(n, missed="few"), SIDES, "side", "bytes a pixel"),
    Case("COCO of objects with holes, written", write_coco, SIDES, "side"),
    Case("COCO run lengths, read", read_coco, SIDES, "side"),
    Case("`boxes.suppress`", lambda n: suppressed(n, layout="spread"), BOXES, "boxes"),
    Case("… memory", lambda n: suppressed(n, layout="spread"), BOXES, "boxes", "bytes"),
    Case("… in a strip", lambda n: suppressed(n, layout="strip"), STRIP, "boxes", limit=4000),
    Case(
        "… in a strip, memory",
        lambda n: suppressed(n, layout="strip"),
        STRIP,
        "boxes",
        "bytes",
        limit=4000,
    ),
    Case("one outline of many replaced", edited, (1000, 4000, 16000, 64000), "objects"),
)


def measure(case: Case, size: int) -> float:
    """Milliseconds or bytes of one call, in this process."""
    call = case.make(size)
    spent: list[float] = []
    while sum(spent) < ENOUGH:
        begin = time.process_time()
        call()
        spent.append(time.process_time() - begin)
    if case.kind == "ms":
        return 1000 * min(spent)
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    return peak / size**2 if case.kind == "bytes a pixel" else float(peak)


def in_its_own_process(place: int, size: int, source: Path) -> float:
    """The same of another build, whose packages lie at `source`."""
    environment = os.environ | {"PYTHONPATH": str(source), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--measure", str(place), str(size)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout.splitlines()[-1]))


def exponent(values: Mapping[int, float]) -> str:
    """The slope of log(value) over log(size)."""
    if len(values) < 2:
        return "–"
    slope = np.polyfit(np.log(list(values)), np.log(list(values.values())), 1)[0]
    return f"{slope:.1f}"


def shown(value: float, kind: Kind) -> str:
    """A number with its unit."""
    if kind == "bytes":
        return f"{value / 1e6:.1f} MB"
    return f"{value:.3g} ms" if kind == "ms" else f"{value:.1f} B/px"


def row(case: Case, builds: Mapping[str, Mapping[int, float]]) -> list[str]:
    """Values at each size, exponents, and how many times less the first build needs."""
    sizes = " · ".join(f"{size:,}" for size in case.sizes)
    cells = [case.name, f"{case.by} {sizes}"]
    for values in builds.values():
        cells += [" · ".join(shown(v, case.kind) for v in values.values()), exponent(values)]
    if len(builds) > 1:
        ours, theirs = builds.values()
        largest = max(theirs)
        cells += [f"{theirs[largest] / ours[largest]:.1f}× at {largest:,}"]
    return cells


def compare(sources: Mapping[str, Path], repeats: int) -> str:
    """The table, measured."""
    rows = []
    for place, case in enumerate(CASES):
        best: dict[str, dict[int, float]] = {name: {} for name in sources}
        for _ in range(repeats):
            for size in case.sizes:
                for number, (name, source) in enumerate(sources.items()):
                    if number and case.limit and size > case.limit:
                        continue
                    value = in_its_own_process(place, size, source)
                    best[name][size] = min(value, best[name].get(size, math.inf))
        rows.append(row(case, best))
        print(rows[-1], file=sys.stderr, flush=True)
    head = ["what", "sizes"]
    for name in sources:
        head += [name, "exponent"]
    return table([*head, "gain"] if len(sources) > 1 else head, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--beside", type=Path, help="the folder `src` of another checkout")
    parser.add_argument("--repeats", type=int, default=2, help="processes for each number")
    parser.add_argument("--page", type=Path, help="a page with the two comments to write between")
    parser.add_argument("--measure", nargs=2, type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        place, size = options.measure
        print(json.dumps(measure(CASES[place], size)))
        return
    sources = {"this build": Path(__file__).parents[1] / "src"}
    if options.beside:
        sources["beside"] = options.beside
    text = heading_lines("Time and memory as images and objects grow")
    text += "\n\n" + compare(sources, options.repeats)
    if options.page is None:
        print(text)
        return
    page = options.page.read_text(encoding="utf-8")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    options.page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
