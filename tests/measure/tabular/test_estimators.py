"""The networks on tables: scikit-learn's own contract, and its own networks beside them."""

from typing import get_args

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold, cross_val_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from kontur.errors import InputError
from kontur.measure.tabular.estimators import NetworkClassifier, NetworkRegressor
from kontur.measure.tabular.layers import ACTIVATIONS
from kontur.measure.tabular.training import NetworkSettings
from kontur.nn.initialise import INITIALISERS

QUICK = {"hidden": (16,), "epochs": 25, "learning_rate": 0.05}


@parametrize_with_checks([NetworkClassifier(**QUICK), NetworkRegressor(**QUICK)])
def test_scikit_learn_finds_nothing_wrong(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # of the reference
@pytest.mark.parametrize(
    ("load", "network", "reference"),
    [
        (
            load_breast_cancer,
            NetworkClassifier(),
            MLPClassifier(random_state=0, learning_rate_init=0.003, max_iter=300),
        ),
        (
            load_wine,
            NetworkClassifier(),
            MLPClassifier(random_state=0, learning_rate_init=0.003, max_iter=300),
        ),
        (
            load_diabetes,
            NetworkRegressor(),
            MLPRegressor(random_state=0, learning_rate_init=0.003, max_iter=300),
        ),
    ],
)
def test_it_is_as_good_as_that_of_scikit_learn_on_the_same_folds(load, network, reference):
    rows, target = load(return_X_y=True)
    kinds = KFold if load is load_diabetes else StratifiedKFold
    folds = kinds(3, shuffle=True, random_state=0)
    ours, theirs = (
        cross_val_score(make_pipeline(StandardScaler(), each), rows, target, cv=folds)
        for each in (network, reference)
    )
    assert ours.mean() > theirs.mean() - theirs.std(ddof=1)


def weights(network):
    return [array for layer in network.layers_ for array in layer[:2]]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_learns(wine, activation):
    network = NetworkClassifier(hidden=(16, 8), activation=activation, learning_rate=0.02)
    assert network.set_params(epochs=60).fit(*wine).score(*wine) > 0.95


@pytest.mark.parametrize("initialiser", INITIALISERS)
def test_every_initialiser_learns(wine, initialiser):
    network = NetworkClassifier(initialiser=initialiser, learning_rate=0.02, epochs=60)
    assert network.fit(*wine).score(*wine) > 0.95


def test_the_settings_name_what_there_is():
    fields = NetworkSettings.model_fields
    assert get_args(fields["activation"].annotation) == tuple(ACTIVATIONS)
    assert get_args(fields["initialiser"].annotation) == tuple(INITIALISERS)


def test_layers_are_sized_by_the_table_and_shaped_as_in_the_notes(wine):
    network = NetworkClassifier(hidden=(7, 5), epochs=1, batch_norm=True).fit(*wine)
    shapes = [(layer.weights.shape, layer.bias.shape) for layer in network.layers_]
    assert shapes == [((13, 7), (1, 7)), ((7, 5), (1, 5)), ((5, 3), (1, 3))]
    assert {array.dtype for array in weights(network)} == {np.dtype(np.float64)}
    assert NetworkRegressor(hidden=(), epochs=1).fit(*wine).layers_[0].weights.shape == (13, 1)


def test_whole_groups_are_held_out():
    """Rows of a group are alike and their target is a coin's: only whole groups show it."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 10)
    rows = rng.normal(size=(20, 6))[groups] + rng.normal(size=(200, 6)) / 100
    target = rng.integers(0, 2, 20)[groups]
    network = NetworkClassifier(hidden=(64, 64), epochs=60, learning_rate=0.01)
    leaking = clone(network).fit(rows, target).validation_losses_
    honest = clone(network).fit(rows, target, groups=groups).validation_losses_
    assert min(leaking) < 0.1
    assert min(honest) > 0.3
    with pytest.raises(InputError, match="a group for each of the 200 rows, got 3"):
        network.fit(rows, target, groups=["a", "b", "c"])


def test_few_rows_are_all_learned_from(wine):
    rows, target = wine
    assert NetworkClassifier(epochs=3).fit(rows[50:69], target[50:69]).validation_losses_ == []


def test_rare_classes_count_more_when_balanced():
    rng = np.random.default_rng(0)
    target = (np.arange(400) % 10 == 0).astype(int)
    rows = rng.normal(size=(400, 2)) + target[:, None]
    found = [
        NetworkClassifier(class_weight=weight, epochs=30).fit(rows, target).predict(rows).mean()
        for weight in (None, "balanced")
    ]
    assert found[0] < 0.1 < found[1]


def test_targets_of_any_magnitude_and_a_constant_one_are_predicted(wine):
    rows, _ = wine
    far = 1e6 + 1e3 * rows[:, 0] + 500 * rows[:, 1] ** 2
    assert NetworkRegressor().fit(rows, far).score(rows, far) > 0.9
    assert np.allclose(NetworkRegressor(epochs=3).fit(rows, 0 * far + 7).predict(rows), 7)


def test_names_of_classes_and_columns_are_kept(wine):
    rows, target = wine
    table = pd.DataFrame(rows, columns=[f"column {i}" for i in range(13)])
    names = pd.Series(np.array(["live", "dead", "other"])[target])
    network = NetworkClassifier(**QUICK).fit(table, names)
    assert network.classes_.tolist() == ["dead", "live", "other"]
    assert set(network.predict(table)) == {"dead", "live", "other"}
    assert network.feature_names_in_.tolist() == list(table.columns)


def test_its_settings_are_searched_over_like_any_others(wine):
    grid = {"hidden": [(4,), (8, 8)], "dropout": np.array([0.0, 0.2]), "batch_size": [np.int64(32)]}
    search = GridSearchCV(NetworkClassifier(epochs=3), grid, cv=2).fit(*wine)
    assert search.best_params_["hidden"] in [(4,), (8, 8)]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"dropout": 1.0}, "'dropout' is 1.0"),
        ({"batch_size": 1}, "'batch_size' is 1"),
        ({"hidden": (3, 0)}, "'hidden.1' is 0"),
        ({"activation": "ReLU"}, "'activation' is 'ReLU'"),
    ],
)
def test_a_setting_that_is_none_is_one_sentence(wine, settings, sentence):
    with pytest.raises(InputError, match=rf"NetworkClassifier: {sentence}"):
        NetworkClassifier(**settings).fit(*wine)


def test_one_class_is_refused(wine):
    with pytest.raises(InputError, match="one class only, 'live'"):
        NetworkClassifier().fit(wine[0], ["live"] * 178)
