"""Images of noise that end in the middle of their pixels."""

from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

HOW = {  # by the name of the file
    "cut.png": {},
    "photo.jpg": {},
    "plain.tif": {},
    "deflate.tif": {"compression": "deflate"},
    "tiles.tif": {"compression": "lzw", "tile": (16, 16)},
}


def save(folder: Path, name: str) -> Path:
    """The first bytes are whole: size and kind are known, and part of the pixels."""
    path, rng = folder / name, np.random.default_rng(0)
    pixels = rng.integers(0, 255, (48, 56), dtype=np.uint8)
    if path.suffix == ".tif":
        tifffile.imwrite(path, pixels, **HOW[name])
    else:
        Image.fromarray(pixels).save(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    return path


def sentence(path: Path) -> str:
    """All that is said of it."""
    return f"{path} is damaged or cut short; copy or export it again"
