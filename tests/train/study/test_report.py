"""Tables and sentences of a comparison, from outcomes written down by hand."""

import numpy as np
import pytest
from PIL import Image

from kontur.select import Outcome, Split, Trial
from kontur.train.study.report import Comparison

SPLIT = Split(["a"], ["b"])


def outcome(name, fold, ap, share=1.0, **more):
    scores = {"AP": ap, "AP50": ap, "milliseconds": 20.0, "images": 40 * share, "seconds": 120.0}
    scores |= {"train_memory": 900.0, "predict_memory": 120.0}
    if name != "baseline":
        scores |= {"parameters": 2_500_000, "step_seconds": 0.21, "steps": 1200}
    return Outcome(Trial(name, fold, SPLIT, share), {**scores, **more})


def comparison(scores, **more):
    """From AP by name and fold."""
    outcomes = [
        outcome(n, f, ap, **more) for n, each in scores.items() for f, ap in enumerate(each)
    ]
    return Comparison(tuple(scores), tuple(outcomes))


CLEAR = {"unet": [0.5, 0.56, 0.53], "snake": [0.6, 0.66, 0.64], "baseline": [0.2, 0.3, 0.25]}


def test_the_best_row_stands_first_with_mean_and_deviation():
    rows = comparison(CLEAR).accuracy_rows()
    assert rows[0] == ["", "folds", "AP .5", "AP .75", "AP", "PQ", "Dice", "boundary IoU"]
    assert rows[1] == ["snake", "3", "0.633 ± 0.031", "–", "0.633 ± 0.031", "–", "–", "–"]
    assert [row[0] for row in rows[1:]] == ["snake", "unet", "baseline"]


def test_with_several_classes_there_are_columns_for_them_and_they_may_decide():
    of_class = {"AP, mean over classes": 0.25, "AP, class-agnostic": 0.75, "AP of nerve": 0.125}
    rows = comparison(CLEAR, **of_class).accuracy_rows()
    assert rows[0][-2:] == ["AP, mean over classes", "AP, class-agnostic"]
    assert rows[1][-2:] == ["0.250 ± 0.000", "0.750 ± 0.000"]
    outcomes = [outcome("unet", 0, 0.5, **of_class), outcome("snake", 0, 0.6, **of_class)]
    outcomes[0].scores["AP, mean over classes"] = 0.5
    found = Comparison(("snake", "unet"), tuple(outcomes), rank="AP, mean over classes")
    assert found.order == ["unet", "snake"]


def test_the_costs_stand_in_the_same_order():
    rows = comparison(CLEAR).cost_rows()
    assert rows[0][1:5] == ["parameters", "s per step", "steps", "ms per image"]
    assert rows[1] == ["snake", "2.50 M", "0.210", "1,200", "20", "900", "120", "2.0"]
    assert rows[3] == ["baseline", "–", "–", "–", "20", "900", "120", "2.0"]
    with_gpu = comparison(CLEAR, gpu_memory=4000.0).cost_rows()
    assert with_gpu[0][7:] == ["GPU MB to train", "minutes per fit"]
    assert with_gpu[1][7] == "4,000"


def test_a_clear_difference_is_called_clear():
    assert comparison(CLEAR).sentences() == [
        "snake is best for these images: AP 0.633 ± 0.031 over 3 folds.",
        "unet comes next with 0.530 ± 0.030; snake is better in 3 of 3 folds, by 0.103 ± 0.006: "
        "a clear difference (paired t-test, 95 %).",
        "baseline (a plain threshold with a watershed) reaches 0.250 ± 0.050; snake is better in 3 "
        "of 3 folds, by 0.383 ± 0.021: a clear difference (paired t-test, 95 %).",
        "It costs 2.50 M parameters, 0.21 s per training step, 20 ms per image on this machine's "
        "CPU, and 900 MB of memory to train, 120 MB to predict.",
    ]


def test_a_difference_within_the_spread_leaves_the_choice_and_names_the_faster_one():
    close = {"unet": [0.60, 0.64, 0.58], "snake": [0.61, 0.60, 0.64]}
    outcomes = comparison(close).outcomes
    slow = [outcome("unet", f, ap, milliseconds=55.0) for f, ap in enumerate(close["unet"])]
    found = Comparison(("unet", "snake"), (*slow, *outcomes[3:]))
    sentence = found.sentences()[1]
    assert "better in 2 of 3 folds" in sentence
    assert sentence.endswith(
        "no clear difference (paired t-test, 95 %), so either may be right; snake is the faster "
        "one, 20 instead of 55 ms per image."
    )


def test_a_network_that_is_no_better_than_the_baseline_should_learn_longer():
    weak = {"snake": [0.1, 0.0], "baseline": [0.24, 0.32]}
    sentences = comparison(weak).sentences()
    assert sentences[0].startswith("baseline is best")
    assert (
        "No network is better yet than a plain threshold with a watershed; train longer"
        in sentences[2]
    )
    alone = comparison({"baseline": [0.24, 0.32]}).sentences()
    assert not any("No network" in sentence for sentence in alone)


@pytest.mark.parametrize(
    ("unet", "baseline", "word"),
    [
        ([0.5, 0.05, 0.278], [0.08, 0.07, 0.09], "no clear difference"),  # far above, wide apart
        ([0.25, 0.31, 0.28], [0.24, 0.32, 0.27], "no clear difference"),
        ([0.5, 0.52, 0.51], [0.08, 0.07, 0.09], "a clear difference"),
    ],
)
@pytest.mark.parametrize("others", [{}, {"snake": [0.001, 0.0, 0.0]}])
def test_the_verdict_is_one_and_follows_from_the_table(unet, baseline, word, others):
    sentences = comparison({"unet": unet, "baseline": baseline, **others}).sentences()
    assert sentences[0].startswith("unet is best")
    beside = [line for line in sentences if line.startswith("baseline (a plain threshold")]
    assert len(beside) == 1
    assert f": {word} (paired t-test" in beside[0]
    assert not any("No network" in line or "nothing" in line for line in sentences)


def test_classes_that_nothing_finds_are_named_and_those_that_the_best_does_not_find():
    unet = {"AP of cell": 0.5, "AP of duct": 0.0, "AP of nerve": 0.0}
    snake = {"AP of cell": 0.4, "AP of duct": 0.1, "AP of nerve": 0.0}
    outcomes = [outcome("unet", f, 0.5, **unet) for f in range(2)]
    outcomes += [outcome("snake", f, 0.4, **snake) for f in range(2)]
    sentences = Comparison(("unet", "snake"), tuple(outcomes)).sentences()
    assert sentences[-2:] == [
        "! no object of nerve was outlined by anything that was tried (AP 0 in every fold)",
        "! no object of duct was outlined by unet (AP 0 in every fold)",
    ]
    found_once = [outcome("unet", 0, 0.5, **unet), outcome("unet", 1, 0.5, **unet)]
    found_once[1].scores["AP of duct"] = 0.25
    sentences = Comparison(("unet",), tuple(found_once)).sentences()
    assert [line for line in sentences if "duct" in line] == []


def test_folds_of_unequal_work_are_named_with_their_steps():
    outcomes = [outcome("unet", f, 0.5, steps=n) for f, n in enumerate((952, 75, 800))]
    outcomes += [outcome("snake", f, 0.4, steps=n) for f, n in enumerate((100, 110, 124))]
    found = Comparison(("unet", "snake"), tuple(outcomes))
    assert [row[3] for row in found.cost_rows()] == ["steps", "75 to 952", "100 to 124"]
    (line,) = [line for line in found.sentences() if line.startswith("!")]
    assert line.startswith("! unet took 75 to 952 steps a fit")
    early = [
        outcome("unet", f, 0.5, steps=n, stopped_early=n < 952) for f, n in ((0, 952), (1, 75))
    ]
    assert not any(line.startswith("!") for line in Comparison(("unet",), tuple(early)).sentences())


def test_where_nothing_is_found_nothing_is_called_best():
    (sentence,) = comparison({"snake": [0.0, 0.0], "baseline": [0.0, 0.0]}).sentences()
    assert sentence.startswith("Nothing that was tried outlines these images yet (AP is 0 for all)")
    assert comparison({"snake": [0.0, 0.0], "baseline": [0.0, 0.0]}).best is None
    assert comparison({"snake": [0.0, 0.1], "baseline": [0.0, 0.0]}).best == "snake"


def test_failures_are_sentences_and_without_any_fit_there_is_no_result():
    failed = [Outcome(Trial("snake", f, SPLIT), None, "no memory") for f in range(2)]
    found = Comparison(("snake",), tuple(failed), refit_failure="disk full")
    assert found.verdict is None
    assert found.sentences() == ["No fit was finished, so there is no result."]
    assert found.failures == [
        *("snake, fold 1: no memory", "snake, fold 2: no memory"),
        "the training on all images: disk full",
    ]
    assert found.accuracy_rows()[1] == ["snake", "0", *["–"] * 6]


def test_one_fold_says_no_spread():
    found = comparison({"snake": [0.5], "unet": [0.4]})
    assert "one fold cannot say" in found.sentences()[1]


def curve(values):
    """A comparison from AP by share and fold."""
    outcomes = [
        outcome("snake", f, ap, share)
        for share, each in values.items()
        for f, ap in enumerate(each)
    ]
    return Comparison(("snake",), tuple(outcomes))


def test_a_curve_that_rises_asks_for_more_labels_and_a_flat_one_does_not():
    rising = curve({0.25: [0.3, 0.34], 0.5: [0.4, 0.45], 1.0: [0.5, 0.56]})
    assert [(images, round(ap.mean, 3)) for images, ap in rising.curve("snake")] == [
        *((10, 0.32), (20, 0.425), (40, 0.53))
    ]
    assert rising.curve_sentences() == [
        "snake: from 20 to 40 images AP changed by 0.105 ± 0.007, a clear gain (paired t-test, "
        "95 %): more labels would help."
    ]
    flat = curve({0.5: [0.50, 0.55], 1.0: [0.52, 0.54]})
    assert flat.curve_sentences()[0].endswith("more labels alone would hardly help.")
    assert "too few images" in curve({1.0: [0.5, 0.6]}).curve_sentences()[0]
    assert rising.curve_rows()[1] == ["snake", "10", "0.320 ± 0.028", "2"]


def test_the_files_are_written(tmp_path):
    comparison(CLEAR).write(tmp_path, learning_curve=False)
    curve({0.5: [0.3, 0.4], 1.0: [0.5, 0.6]}).write(tmp_path / "curve", learning_curve=True)
    for picture in (tmp_path / "comparison.png", tmp_path / "curve" / "learning-curve.png"):
        with Image.open(picture) as image:
            assert np.asarray(image).std() > 10
    lines = (tmp_path / "curve" / "learning-curve.csv").read_text().splitlines()
    assert lines[0].startswith("setting,fold,share,AP,")
    assert len(lines) == 5


@pytest.mark.parametrize("learning_curve", [False, True])
def test_a_study_in_which_all_failed_still_writes_its_files(tmp_path, learning_curve):
    failed = Outcome(Trial("snake", 0, SPLIT), None, "no memory")
    Comparison(("snake",), (failed,)).write(tmp_path, learning_curve=learning_curve)
    assert "no memory" in (tmp_path / "comparison.csv").read_text()
