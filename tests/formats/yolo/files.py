"""Labels of YOLO beside an image and a file of names."""

import numpy as np
from PIL import Image

SQUARE = "0.25 0.2 0.5 0.2 0.5 0.6 0.25 0.6"  # x from 10 to 20, y from 6 to 18 in 40 × 30


def save(tmp_path, text, *, names="names: [cell, dead cell]\n", folder="labels"):
    (tmp_path / "images").mkdir(exist_ok=True)
    Image.fromarray(np.zeros((30, 40), dtype=np.uint8)).save(tmp_path / "images" / "a.png")
    if names is not None:
        (tmp_path / "data.yaml").write_text(names, encoding="utf-8")
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    (tmp_path / folder / "a.txt").write_text(text)
    return tmp_path / folder / "a.txt"
