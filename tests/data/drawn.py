"""Small images and masks drawn by hand, and folders of them in every layout."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image


def squares(count: int = 3, *, size: tuple[int, int] = (40, 60)) -> np.ndarray:
    """A label image of `count` squares of 8×8 pixels in a row, ids 1, 2, 3 …"""
    labels = np.zeros(size, dtype=np.uint16)
    for k in range(count):
        labels[4:12, 4 + 12 * k : 12 + 12 * k] = k + 1
    return labels


def discs(count: int, *, radius: float = 6, side: int = 400, seed: int = 0) -> np.ndarray:
    """Round objects on a grid, with ids in a random order."""
    labels = np.zeros((side, side), dtype=np.int64)
    rng = np.random.default_rng(seed)
    rows, cols = np.mgrid[:side, :side] + 0.5
    steps = int(side // (3 * radius))
    order = rng.permutation(count) + 1
    for k in range(count):
        y, x = np.array(divmod(k, steps)) * 3 * radius + 1.5 * radius
        labels[(rows - y) ** 2 + (cols - x) ** 2 < radius**2] = order[k]
    return labels


def picture(seed: int = 0, *, size: tuple[int, int] = (40, 60)) -> np.ndarray:
    """A grey image of noise, different for every seed."""
    return np.random.default_rng(seed).integers(0, 255, size, dtype=np.uint8)


def save(path: Path, array: np.ndarray) -> Path:
    """An array as PNG, JPEG or TIFF, by the ending; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix in (".tif", ".tiff"):
        colour = array.ndim == 3 and array.shape[2] == 3
        tifffile.imwrite(path, array, photometric="rgb" if colour else "minisblack")
    else:
        Image.fromarray(array).save(path)
    return path


def table(path: Path, header: str, rows: Iterable[Sequence[object]]) -> Path:
    """A CSV file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header.split(","))
        writer.writerows(rows)
    return path


def labelled(root: Path, names: Sequence[str] = ("a", "b"), *, labels: str = "labels") -> Path:
    """`images/` and `labels/` with three squares an image."""
    for seed, name in enumerate(names):
        save(root / "images" / f"{name}.png", picture(seed))
        save(root / labels / f"{name}.png", squares())
    return root
