"""The best single measurement, found by trying every cut by hand."""

import numpy as np
from sklearn.linear_model import LinearRegression

from kontur.measure.learn.families.baselines import OneColumnClassifier, OneColumnRegressor


def test_two_classes_are_cut_where_fewest_are_wrong():
    features = np.array([[0.0, 5], [1, 1], [2, 4], [3, 2], [4, 3], [5, 0]])
    truth = np.array([0, 0, 0, 1, 1, 1])
    model = OneColumnClassifier().fit(features, truth)
    assert model.column_ == 0
    assert model.thresholds_.tolist() == [2.5]
    assert model.predict(features).tolist() == truth.tolist()
    assert model.predict_proba(features)[0].tolist() == [0.8, 0.2]  # of three rows, smoothed


def test_three_classes_are_cut_twice():
    features = np.column_stack([np.zeros(9), np.arange(9.0)])
    model = OneColumnClassifier().fit(features, np.repeat([0, 2, 5], 3))
    assert model.column_ == 1
    assert model.thresholds_.tolist() == [2.5, 5.5]
    assert model.predict(features).tolist() == [0] * 3 + [2] * 3 + [5] * 3


def test_an_amount_is_predicted_by_the_line_on_the_column_that_fits_best():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(40, 3))
    truth = 3 - 2 * features[:, 1] + rng.normal(size=40) / 4
    model = OneColumnRegressor().fit(np.column_stack([np.ones(40), features]), truth)
    assert model.column_ == 2
    slow = LinearRegression().fit(features[:, [1]], truth)
    predicted = model.predict(np.column_stack([np.ones(40), features]))
    np.testing.assert_allclose(predicted, slow.predict(features[:, [1]]))
