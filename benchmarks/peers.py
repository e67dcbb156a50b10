"""Kontur beside its peers on this machine: milliseconds, contours a second, start, size, memory.

Makes an environment of its own for each (pinned packages, from the package index), in a folder that
is kept, so that a second call starts at once. Each peer answers in a process of its own
(`peer_servers/`), all take turns image by image, on the same number of threads; figures are medians
over rounds, then means over images. No peer's weights are on the package index: StarDist learns
from DATA for some steps first, Cellpose runs with random weights, whose time in the network, nearly
all there is, is the same, and celldetection is only installed and imported.

    python benchmarks/peers.py nuclei dsb2018 --where modality=fluorescence --folder peers
"""

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from answering import Answering
from predict_speed import MOSAIC, SIDE, mosaic
from report import heading, table

from kontur.data.folder import Folder, open_folder
from kontur.geometry.raster import rasterize

HERE = Path(__file__).parent
SERVERS = HERE / "peer_servers"
LEARN = 40  # images that StarDist learns from


class Peer(NamedTuple):
    """A program: its packages, and the words of its server after the folder of its weights."""

    packages: Sequence[str]
    server: str
    sizes: Sequence[int] = (SIDE, SIDE * MOSAIC)  # images that it is asked, by their side
    rounds: int = 5  # of the same image
    images: int = 12  # of a size


PEERS = {
    "kontur": Peer([str(HERE.parent)], "kontur_server.py"),
    "stardist": Peer(["stardist==0.9.2", "tensorflow-cpu==2.21.0"], "stardist_server.py"),
    "cellpose": Peer(["cellpose==4.2.1.1"], "cellpose_server.py", (SIDE,), 1, 1),
    "celldetection": Peer(["celldetection==0.4.9"], "celldetection_server.py", ()),
}


def main() -> None:
    options = _options()
    heading(f"Peers in turns, {options.threads} threads, medians of rounds")
    place = options.folder.resolve()
    images = _images(open_folder(options.data / "val").where(options.where), place)
    names = [name for name in PEERS if name in {"kontur", *options.peers}]
    words = {name: [str(place / name)] for name in names} | {"kontur": [options.model]}
    pythons = {name: environment(place / f"{name}-env", PEERS[name]) for name in names}
    if "stardist" in names and not (place / "stardist").exists():
        _write_learned(open_folder(options.data / "train").where(options.where), place / "learn")
        learning = ["train", place / "learn", place / "stardist", str(options.steps)]
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(
            [pythons["stardist"], SERVERS / "stardist_server.py", *learning], check=True, **silent
        )
    servers = {n: _server(pythons[n], PEERS[n], words[n], options.threads) for n in names}
    rows = []
    results = _in_turns(servers, images)
    for name in names:
        (peak,) = servers[name].close()
        cells = [f"{_size(place / f'{name}-env'):,.0f}", f"{servers[name].ready[0]:.1f}"]
        for side in images:
            own = results.get((name, side))
            ours = results["kontur", side][0]
            cells += (
                [f"{own[0]:.0f}", f"{own[0] / ours:.1f}", f"{1000 * own[1] / own[0]:,.0f}"]
                if own
                else ["–"] * 3
            )
        rows.append([f"{name} {servers[name].ready[1]}", *cells, f"{peak:,.0f}"])
    head = ["", "installed, MB", "start, s"]
    for side in images:
        head += [f"{side}², ms", "ratio", "contours/s"]
    print(table([*head, "peak, MB"], rows))


def _server(python: Path, peer: Peer, words: Sequence[str], threads: int) -> Answering:
    limit = {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | limit
    command = [python, SERVERS / peer.server, "serve", *words, str(threads)]
    return Answering(command, environment, python.parents[1])


def _in_turns(
    servers: dict[str, Answering], images: dict[int, list[Path]]
) -> dict[tuple[str, int], tuple[float, float]]:
    """Milliseconds and objects of each peer and size."""
    results = {}
    for side, files in images.items():
        taken: dict[str, list[float]] = {}
        found: dict[str, list[int]] = {}
        for number, file in enumerate(files):
            asked = {
                name: server
                for name, server in servers.items()
                if side in PEERS[name].sizes and number < PEERS[name].images
            }
            for name, server in asked.items():  # the first of a size prepares memory
                found.setdefault(name, []).append(server.predict(file)[1])
            for name, seconds in _rounds(asked, file).items():
                taken.setdefault(name, []).append(statistics.median(seconds))
        for name, seconds in taken.items():
            milliseconds = 1000 * statistics.fmean(seconds)
            results[name, side] = milliseconds, statistics.fmean(found[name])
    return results


def _rounds(asked: dict[str, Answering], file: Path) -> dict[str, list[float]]:
    """Seconds of each peer, which take turns.

    A turn begins with a prediction that does not count: threads of the one before may still spin,
    and the processor's cache holds what is theirs.
    """
    seconds: dict[str, list[float]] = {name: [] for name in asked}
    for number in range(max(PEERS[name].rounds for name in asked)):
        for name, server in asked.items():
            if number < PEERS[name].rounds:
                server.predict(file)
                seconds[name].append(server.predict(file)[0])
    return seconds


def environment(folder: Path, peer: Peer) -> Path:
    """The Python of an environment with the peer's packages, made where it is not there.

    This checkout is installed anew each time: its version says nothing of its content.
    """
    python = folder / "bin" / "python"
    install = [python, "-m", "pip", "install", "-q"]
    finished = folder / "finished"
    if not finished.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([*install, *peer.packages], check=True)
        finished.touch()
    elif peer is PEERS["kontur"]:
        subprocess.run([*install, *peer.packages], check=True)  # what it depends on may be new
        subprocess.run([*install, "--force-reinstall", "--no-deps", *peer.packages], check=True)
    return python


def _size(folder: Path) -> float:
    """Megabytes of the files of an environment."""
    files = (file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    return sum(file.stat().st_size for file in files) / 1e6


def _images(folder: Folder, place: Path) -> dict[int, list[Path]]:
    """Grey images as files, by their side: small ones, and a mosaic of sixteen."""
    images = [s.image for s in folder.samples if s.image.shape[:2] == (SIDE, SIDE)]
    few = images[:: max(1, len(images) // 12)][:12]
    files: dict[int, list[Path]] = {}
    place.mkdir(parents=True, exist_ok=True)
    for side, arrays in ((SIDE, few), (SIDE * MOSAIC, [mosaic(images)])):
        for number, array in enumerate(arrays):
            file = place / f"{side}-{number}.npy"
            np.save(file, array[..., 0])
            files.setdefault(side, []).append(file)
    return files


def _write_learned(folder: Folder, place: Path) -> None:
    """Images with label masks, for a peer to learn from."""
    place.mkdir(parents=True, exist_ok=True)
    samples = [s for s in folder.samples if min(s.image.shape[:2]) >= SIDE][:LEARN]
    for number, sample in enumerate(samples):
        labels = np.zeros(sample.image.shape[:2], np.int32)
        for value, polygon in enumerate(sample.instances.polygons, 1):
            labels[rasterize(polygon, labels.shape)] = value
        np.savez(place / f"{number}.npz", image=sample.image[..., 0], labels=labels)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", help="a shipped model's name or a .kontur file")
    parser.add_argument("data", type=Path, help="a folder with the parts train and val")
    parser.add_argument("--where", nargs="*", default=[], metavar="COLUMN=VALUE")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS), metavar="NAME")
    parser.add_argument("--folder", type=Path, default=Path("peers"), help="of environments")
    parser.add_argument("--steps", type=int, default=400, help="that StarDist learns")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
