"""Large images of known truth: time and memory by the system's own account, and the score.

An image of each side is laid out of the pieces of a data set that have one size, row by row, so
that it never lies in memory; its truth is that of the pieces. `kontur predict` runs on it, and then
`kontur measure` on what it wrote, each in a process of its own, whose peak memory and processor
time the operating system tells. With --kill TILES it is then predicted
again, killed (SIGKILL) when so many tiles are finished, and started once more: the file must be the
very same. Finished sides are kept in --work.

    python benchmarks/large_images.py DATA --sides 2500 5000 10000 20000 --work large
    python benchmarks/large_images.py DATA --sides 5000 --kill 6 --work large
"""

import argparse
import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import numpy as np
import shapely
import tifffile

from kontur.data.folder import open_folder
from kontur.data.normalisation.normalise import to_channels
from kontur.formats import read_images

PREDICT = "import sys; from kontur.cli import main; sys.argv[0] = 'kontur'; main()"


def pieces(data: Path, side: int) -> list:
    """The grey images of one size that can be laid out, with their objects."""
    samples = [sample for sample in open_folder(data).samples if sample.size == (side, side)]
    return [sample for sample in samples if sample.image.dtype == np.uint8]


def lay_out(path: Path, parts: list, side: int, seed: int) -> dict:
    """Write the image, and the boxes and areas of its objects beside it; what was laid out."""
    rng, piece = np.random.default_rng(seed), parts[0].size[0]
    count = side // piece
    chosen = rng.integers(0, len(parts), (count, count))
    pixels = tifffile.memmap(path, shape=(side, side), dtype=np.uint8, bigtiff=True)
    for row in range(count):
        images = [to_channels(parts[i].image, 1)[..., 0] for i in chosen[row]]
        pixels[row * piece : (row + 1) * piece] = np.concatenate(images, axis=1)
    pixels.flush()
    truth = [
        shapely.transform(
            parts[chosen[row, column]].instances.polygons,
            lambda points, at=(column * piece, row * piece): points + np.array(at, float),
        )
        for row in range(count)
        for column in range(count)
    ]
    return {"truth": np.concatenate(truth)}


def run(arguments: list[str]) -> dict:
    """The seconds, processor seconds and peak memory of a command, as the system tells them."""
    start = time.perf_counter()
    pid = os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, "-c", PREDICT, *arguments])
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"kontur {' '.join(arguments)} failed")
    return {
        "seconds": time.perf_counter() - start,
        "processor": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6,
    }


def check_killed(predict: list[str], found: Path, tiles: int) -> None:
    """Predict anew, killed when so many tiles are there and started again: the very same file."""
    expected = found.read_bytes()
    shutil.rmtree(found.parent)
    store = found.parent / f".{found.name.split('.')[0]}.tiles"
    pid = os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, "-c", PREDICT, *predict])
    while len(list(store.glob("*.npz"))) < tiles:
        if os.waitpid(pid, os.WNOHANG)[0]:
            raise SystemExit(f"finished before {tiles} tiles were there")
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    if found.exists():
        raise SystemExit(f"{found} was there before all tiles were")
    rest = run(predict)
    if found.read_bytes() != expected:
        raise SystemExit(f"killed after {tiles} tiles and started again: another result")
    print(
        f"killed after {tiles} tiles, {rest['processor']:.1f} s more: the very same file",
        flush=True,
    )


def found_share(truth: np.ndarray, found: np.ndarray, least: float = 0.5) -> float:
    """The average precision at one IoU: pairs by all that were found, missed or made up."""
    i, j = shapely.STRtree(found).query(truth)
    common = shapely.area(shapely.intersection(truth[i], found[j]))
    iou = common / (shapely.area(truth)[i] + shapely.area(found)[j] - common)
    pairs = len(np.unique(i[iou > least]))
    return pairs / (len(truth) + len(found) - pairs)


def measure(
    data: Path, side: int, work: Path, *, piece: int, model: str, threads: int, kill: int
) -> dict:
    """One side: laid out, predicted, compared with its truth."""
    kept = work / f"{side}.json"
    if kept.exists():
        return json.loads(kept.read_text())
    side = side // piece * piece
    image = work / f"{side}.tif"
    truth = lay_out(image, pieces(data, piece), side, seed=side)["truth"]
    out = work / f"out-{side}"
    row = {"side": side, "true": len(truth)}
    how = ["--out", str(out), "--model", model, "--format", "geoparquet", "--device", "cpu"]
    found = out / f"{side}.geo.parquet"
    predict = ["predict", str(image), *how, "--threads", str(threads)]
    row |= run(predict)
    if kill:
        check_killed(predict, found, kill)
    (entry,) = read_images(found)
    row |= {"found": len(entry.instances), "ap50": found_share(truth, entry.instances.polygons)}
    table = str(out / f"{side}.cells.parquet")
    measured = run(["measure", str(found), str(image), "--out", table, "--force", "--quiet"])
    row |= {f"measure_{name}": value for name, value in measured.items()}
    kept.write_text(json.dumps(row))
    image.unlink()
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--sides", type=int, nargs="+", default=[1024, 2048, 4096, 8192])
    parser.add_argument("--work", type=Path, default=Path("large"))
    parser.add_argument("--piece", type=int, default=256)
    parser.add_argument("--model", default="nuclei")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--kill", type=int, default=0)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    print("| side | objects | found | AP 0.5 | s of processors | µs a pixel | peak MB | ", end="")
    print("measure: s | peak MB |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for side in options.sides:
        how = {
            "piece": options.piece,
            "model": options.model,
            "threads": options.threads,
            "kill": options.kill,
        }
        row = measure(options.data, side, options.work, **how)
        a_pixel = 1e6 * row["processor"] / row["side"] ** 2
        cells = [f"{row['side']:,}", f"{row['true']:,}", f"{row['found']:,}", f"{row['ap50']:.3f}"]
        cells += [f"{row['processor']:.1f}", f"{a_pixel:.2f}", f"{row['peak_mb']:,.0f}"]
        cells += [f"{row['measure_processor']:.1f}", f"{row['measure_peak_mb']:,.0f}"]
        print("|", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
