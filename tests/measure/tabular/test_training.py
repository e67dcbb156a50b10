"""Training of small networks: threads, batches, the best weights, penalties."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler

from kontur.errors import InputError
from kontur.measure.tabular.estimators import NetworkClassifier, NetworkRegressor


def weights(network):
    return [array for layer in network.layers_ for array in layer[:2]]


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(weights(one), weights(other), strict=True))


def test_the_same_state_gives_the_same_network_on_any_number_of_threads_and_moves_no_other(wine):
    network = NetworkClassifier(epochs=5, dropout=0.3, batch_norm=True)
    torch.manual_seed(1)
    np.random.seed(1)  # noqa: NPY002 - to see that it is left alone
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002
    threads = torch.get_num_threads()
    first = clone(network).fit(*wine)
    torch.set_num_threads(2)
    try:
        second = clone(network).fit(*wine)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert same(first, second)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]  # noqa: NPY002
    assert not same(first, clone(network).set_params(random_state=1).fit(*wine))


@pytest.mark.parametrize("count", [2, 3, 5, 64, 65, 129])
def test_no_row_is_alone_in_its_batch_under_batch_norm(count):
    rng = np.random.default_rng(0)
    rows, target = rng.normal(size=(count, 3)), np.arange(count) % 2
    for size in (2, 64):
        network = NetworkClassifier(batch_norm=True, batch_size=size, epochs=2, validation=0)
        assert np.isfinite(network.fit(rows, target).predict_proba(rows)).all()


def test_the_best_weights_on_what_is_held_out_are_kept():
    rows, target = load_diabetes(return_X_y=True)
    rows = StandardScaler().fit_transform(rows)
    network = NetworkRegressor(patience=5).fit(rows, target)
    assert len(network.validation_losses_) == len(network.losses_) < 300
    assert network.best_epoch_ == len(network.losses_) - 5
    shorter = clone(network).set_params(epochs=network.best_epoch_).fit(rows, target)
    assert same(network, shorter)


def test_l1_makes_weights_zero_and_l2_small(wine):
    def fitted(**settings):
        network = NetworkClassifier(epochs=100, learning_rate=0.01, **settings)
        layers = network.fit(*wine).layers_
        return np.concatenate([layer.weights.ravel() for layer in layers])

    plain, lasso, ridge = fitted(l2=0), fitted(l1=0.01, l2=0), fitted(l2=0.1)
    assert (plain == 0).mean() == 0
    assert (lasso == 0).mean() > 0.2
    assert (ridge**2).sum() < (plain**2).sum() / 2


def test_without_torch_a_fit_says_what_to_install(wine, monkeypatch):
    network = NetworkClassifier(epochs=1).fit(*wine)
    monkeypatch.setattr("kontur.measure.tabular.training.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install .*\[train\]'"):
        NetworkClassifier(epochs=1).fit(*wine)
    assert len(network.predict(wine[0])) == 178
