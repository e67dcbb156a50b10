import json

import numpy as np
from PIL import Image

from kontur.train.logger import RunLogger, read_rows, smoothed


def written(tmp_path, steps, *, first_step=0):
    logger = RunLogger(tmp_path, first_step=first_step)
    for step in steps:
        logger.write(step, {"train/total": 10.0 / step, "rate": 0.1})
    return logger


def test_a_run_that_goes_on_drops_what_came_after_its_checkpoint(tmp_path):
    written(tmp_path, [10, 20, 30]).close()
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 40, "train/to')  # a kill in the middle of a line
    logger = written(tmp_path, [30], first_step=20)
    assert [row["step"] for row in read_rows(tmp_path / "metrics.jsonl")] == [10, 20, 30]
    assert logger.curve("train/total") == ([10.0, 20.0, 30.0], [1.0, 0.5, 10 / 30])
    logger.close()


def test_what_is_no_number_is_null_in_the_file_and_a_gap_in_the_curve(tmp_path):
    logger = RunLogger(tmp_path, first_step=0)
    logger.write(1, {"val/AP": 0.5, "val/AP at IoU 0.5": np.nan})
    logger.close()
    assert json.loads((tmp_path / "metrics.jsonl").read_text()) == {
        "step": 1,
        "val/AP": 0.5,
        "val/AP at IoU 0.5": None,
    }
    assert logger.curve("val/AP at IoU 0.5") == ([], [])


def test_the_curves_are_one_picture_of_losses_above_scores(tmp_path):
    logger = written(tmp_path, range(1, 50))
    logger.write(25, {"val/AP": 0.3})
    logger.draw(tmp_path / "curves.png")
    logger.close()
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.size == (800, 960)
        assert len(picture.getcolors(1 << 20)) > 10


def test_the_picture_says_which_losses_began_later(tmp_path, monkeypatch):
    titles, ranges = [], []

    def draw(curves, *, title, x_range, **_):
        titles.append(title)
        ranges.append(x_range)
        return Image.new("RGB", (8, 8))

    monkeypatch.setattr("kontur.train.logger.draw_lines", draw)
    logger = written(tmp_path, [10, 20])
    logger.draw(tmp_path / "curves.png")
    logger.write(30, {"train/total": 9.0, "train/edge": 2.0, "train/quality": 1.0})
    logger.draw(tmp_path / "curves.png")
    logger.close()
    assert titles == [
        "Losses in training",
        "Losses in training (edge, quality from step 30 on, so the total rises)",
    ]
    assert ranges == [(0, 20), (0, 30)]  # of losses and scores alike


def test_without_history_there_is_no_picture(tmp_path):
    logger = RunLogger(tmp_path, first_step=0)
    logger.draw(tmp_path / "curves.png")
    logger.close()
    assert not (tmp_path / "curves.png").exists()


def test_a_smoothed_curve_is_the_mean_of_what_lies_behind():
    x, y = smoothed(([1, 2, 3, 4], [4.0, 0.0, 2.0, 6.0]), share=0.5)
    assert (x, y) == ([1, 2, 3, 4], [4.0, 2.0, 1.0, 4.0])
    assert smoothed(([], [])) == ([], [])
