"""Objects whose kind is known from how they were drawn, and a decision that learned it."""

import numpy as np
import pandas as pd

from kontur.instances import Instances
from kontur.measure.learn.families.family import CLASSIFIERS, REGRESSORS
from kontur.measure.learn.prepare import Preparation
from kontur.measure.learn.trained.table_model import export_model
from kontur.measure.table import measure

BOXES = np.zeros((60, 80), np.uint16)
BOXES[5:25, 10:30] = 3  # a square
BOXES[30:34, 20:60] = 8  # a bar
BOXES[45:57, 5:17] = 9  # a square
KINDS = ["square", "bar", "square"]
COLUMNS = ["solidity", "eccentricity", "circularity"]


def boxes(ignore=()):
    """The three boxes; those of these ids are regions to ignore."""
    found = Instances.from_label_image(BOXES)
    return found.replace(ignore=np.isin(found.ids, ignore))


def drawn(count=40, seed=0):
    """A table of so many squares and bars of many sizes, with their kind."""
    rng = np.random.default_rng(seed)
    tables = []
    for number in range(count // 2):
        label = np.zeros((60, 80), np.uint16)
        side = int(rng.integers(8, 20))
        label[2 : 2 + side, 3 : 3 + side + int(rng.integers(0, 3))] = 1
        label[30 : 30 + side // 3, 3 : 3 + side * 3] = 2
        image = rng.integers(0, 99, label.shape).astype(np.uint8)
        tables.append(measure(Instances.from_label_image(label), image, name=f"i{number}"))
    attrs = tables[0].attrs
    for table in tables:
        table.attrs = {}
    whole = pd.concat(tables, ignore_index=True)
    whole["kind"] = ["square", "bar"] * (count // 2)
    whole.attrs = attrs
    return whole


def decision(columns=COLUMNS, target="kind", family="logistic"):
    """A decision learned from what is drawn."""
    table = drawn()
    preparation = Preparation(list(columns)).fit(table)
    model = ({**REGRESSORS} if target == "area" else {**CLASSIFIERS})[family].make()
    model.fit(preparation.transform(table), table[target].to_numpy())
    return export_model(
        preparation,
        model,
        target=target,
        family=family,
        units=table.attrs["units"],
        images=20,
        objects=len(table),
    )
