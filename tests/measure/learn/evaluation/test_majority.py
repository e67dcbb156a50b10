import numpy as np

from kontur.measure.learn.evaluation.majority import majority_vote


def test_the_class_with_most_calls_wins_and_a_tie_goes_to_the_surer():
    groups = np.array([*"bbbaa"], dtype=object)
    truth = np.array([1, 1, 1, 0, 0])
    outputs = np.array([[0.4, 0.6], [0.45, 0.55], [1.0, 0.0], [0.45, 0.55], [0.9, 0.1]])
    found = majority_vote(truth, outputs, groups)
    assert found.names.tolist() == ["a", "b"]
    assert found.truth.tolist() == [0, 1]
    assert found.predicted.tolist() == [0, 1]
    assert found.shares.tolist() == [[0.5, 0.5], [1 / 3, 2 / 3]]
    assert (found.correct, str(found)) == (2, "2 of 2")
