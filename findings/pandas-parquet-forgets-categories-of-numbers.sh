#!/usr/bin/env bash
# pandas with pyarrow: columns of categories that are numbers, and that are strings, through Parquet and through
#   Feather.
#
# Guess: categories again, with their order; the pandas part of the file's header tells of them.
# What happens: of strings they come back as they were, also a category that no row has. Of integers, floats and
#   booleans the Parquet file gives plain columns of these types, and so does an ordered category of numbers; Feather
#   gives all back.
# Matters: classes, clusters, plates and grades are numbers. After a night in Parquet a model that takes categories
#   from the types (scikit-learn's "from_dtype") splits cluster 7 from cluster 8 at 7.5, and a group-by no longer
#   lists what is absent.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    pandas==3.1.1 pyarrow==26.0.1 scikit-learn==1.9.1 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - 2> log.txt <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

print(*(f"{name} {version(name)}" for name in ("pandas", "pyarrow", "scikit-learn", "numpy")), sep=", ")
table = pd.DataFrame(
    {
        "grade": pd.Categorical([1, 3, 1, 3], categories=[3, 2, 1], ordered=True),
        "dose": pd.Categorical([0.5, 2, 0.5, 2]),
        "alive": pd.Categorical([True, False, True, False]),
        "stage": pd.Categorical(["late", "early", "late", "early"], categories=["early", "mid", "late"], ordered=True),
    }
)
table.to_parquet("table.parquet")
table.to_feather("table.feather")
parquet, feather = pd.read_parquet("table.parquet"), pd.read_feather("table.feather")
types = parquet.dtypes.astype(str).to_dict()
model = HistGradientBoostingClassifier(categorical_features="from_dtype", min_samples_leaf=1)


def categorical(columns):
    fitted = model.fit(columns, [0, 1, 0, 1])
    return [] if fitted.is_categorical_ is None else np.asarray(fitted.is_categorical_).tolist()


seen_as = categorical(table), categorical(parquet)
print("guess: category for all four")
print(f"found: {types}; Feather the same table: {feather.equals(table) and (feather.dtypes == table.dtypes).all()}")
print(f"found: columns that the model takes as categories: {seen_as[0]}, from Parquet {seen_as[1]}")
seen = (
    types == {"grade": "int64", "dose": "float64", "alive": "bool", "stage": "category"}
    and parquet.stage.dtype == table.stage.dtype
    and (feather.dtypes == table.dtypes).all()
    and seen_as == ([True] * 4, [False, False, False, True])
)
sys.exit(0 if seen else "the behaviour has changed")
PY
