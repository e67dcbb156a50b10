"""Small tables of objects in images, drawn by rule."""

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

from kontur.measure.learn.families.family import CLASSIFIERS, REGRESSORS
from kontur.measure.learn.prepare import Preparation
from kontur.measure.learn.trained.table_model import export_model

BUNDLED = {"two": load_breast_cancer, "three": load_wine, "number": load_diabetes}
QUICK = {"boosting": {"n_estimators": 20}, "network": {"epochs": 5, "batch_norm": True}}

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


def bundled(name):
    """A table of scikit-learn with gaps, a column of words, and its target as words if classes."""
    rows, target = BUNDLED[name](return_X_y=True)
    table = pd.DataFrame(rows, columns=[f"column {i}" for i in range(rows.shape[1])])
    table.iloc[::7, 0] = np.nan
    table["stain"] = np.array(["HE", "IHC", "invalid"])[np.arange(len(table)) % 3]
    table.attrs = {"units": {"column 0": "µm", "column 1": "µm²"}}
    return table, target if name == "number" else np.array(["live", "dead", "egg"])[target]


def fitted(name, family, **changes):
    table, target = bundled(name)
    estimator = (REGRESSORS if name == "number" else CLASSIFIERS)[family].make()
    estimator.set_params(**QUICK.get(family, {}), **changes)
    preparation = Preparation(missing="flag").fit(table)
    return preparation, estimator.fit(preparation.transform(table), target), table


def exported(name, family, **changes):
    preparation, estimator, table = fitted(name, family, **changes)
    return export_model(
        preparation,
        estimator,
        target="state",
        family=family,
        units=table.attrs["units"],
        images=3,
        objects=len(table),
        settings={"hidden": (np.int64(3),)},
        scores={"accuracy": np.float64(0.9), "lowest": None},
    )
