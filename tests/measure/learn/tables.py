"""Small tables of objects in images, drawn by rule."""

import numpy as np
import pandas as pd

COLUMNS = ["area", "perimeter", "solidity", "eccentricity", "extent"]


def objects(*, images: int = 16, each: int = 8, signal: float = 1.5, seed: int = 0) -> pd.DataFrame:
    """Objects of `live` and `dead` images in turn; `area` tells them by `signal` deviations.

    Every image has a level of its own, by which its objects are alike.
    """
    rng = np.random.default_rng(seed)
    image = np.repeat(np.arange(images), each)
    state = np.where(image % 2 == 0, "live", "dead")
    values = rng.normal(size=(len(image), len(COLUMNS)))
    values += rng.normal(size=(images, len(COLUMNS)))[image] / 2
    values[:, 0] += signal * (state == "live")
    table = pd.DataFrame(values, columns=COLUMNS)
    table.insert(0, "image", [f"well_{k:02}" for k in image])
    table.insert(1, "id", np.tile(np.arange(each), images))
    table.insert(2, "ignore", False)
    table["state"] = state
    table.attrs = {"units": {"area": "µm²"}, "pixel_size": 0.5}
    return table
