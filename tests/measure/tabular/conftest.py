"""A table that scikit-learn brings along, prepared."""

import pytest
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler


@pytest.fixture(scope="module")
def wine():
    rows, target = load_wine(return_X_y=True)
    return StandardScaler().fit_transform(rows), target
