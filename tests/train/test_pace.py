"""The speed of a training is judged every ten steps, and at once where it has collapsed."""

import pytest

from kontur.train.pace import JUDGED, Pace, slowdown_warning


def speeds(pace, *, steps, seconds, begun=0.0):
    """What steps of so many seconds on eight images each show."""
    return [pace.add(8, begun + seconds * (i + 1)) for i in range(steps)]


def test_ten_steps_are_judged_together_and_the_first_of_a_run_does_not_count():
    pace = Pace()
    found = speeds(pace, steps=2 * JUDGED + 1, seconds=0.5)
    assert [i for i, speed in enumerate(found) if speed] == [JUDGED, 2 * JUDGED]
    assert found[JUDGED] == found[2 * JUDGED] == 16.0


def test_steps_that_take_many_times_as_long_are_judged_at_once():
    pace = Pace()
    assert pace.change(speeds(pace, steps=JUDGED + 1, seconds=0.2)[-1]) == 1
    begun = 0.2 * (JUDGED + 1)
    speed = pace.add(8, begun + 7)
    assert speed == pytest.approx(8 / 7)
    assert pace.change(speed) < 1 / 30
    # what comes next is compared with nothing: threads have just been chosen
    assert speeds(pace, steps=JUDGED - 1, seconds=5, begun=begun + 7) == [0.0] * (JUDGED - 1)


def test_a_moment_of_other_work_is_no_collapse():
    pace = Pace()
    pace.change(speeds(pace, steps=JUDGED + 1, seconds=0.1)[-1])
    assert pace.add(8, 0.1 * (JUDGED + 1) + 1.5) == 0
    assert pace.add(8, 0.1 * (JUDGED + 1) + 2.5) == pytest.approx(16 / 2.5)  # more is one


def test_the_warning_says_how_slow_steps_are():
    assert slowdown_warning(3.04, 6.0).startswith(
        "! steps take 3.0 times as long as the fastest ones, 6.0 images/s"
    )
