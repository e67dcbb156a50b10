import io

from rich.console import Console

from kontur.train.progress import ProgressDisplay, Speed

LOSSES = {"heatmap": 1.61345, "size": 10.37, "offset": 0.293, "extreme": 2.472, "total": 6.64}


def shown(width: int) -> list[str]:
    """What stands on a terminal while a training runs."""
    file = io.StringIO()
    display = ProgressDisplay(
        Console(file=file, width=width, force_terminal=True, color_system=None)
    )
    with display:
        display.step("120/4000", progress=0.03, left=3723, speed=11.26, losses=LOSSES)
        display.console.print(*display._bar.get_renderables())
    return [line.rstrip() for line in file.getvalue().splitlines() if "120/4000" in line][-1:] + [
        line.rstrip() for line in file.getvalue().splitlines() if line.startswith("heatmap")
    ][-1:]


def test_all_that_is_shown_fits_into_a_usual_terminal():
    bar, losses = shown(80)
    assert bar.endswith("1:02:03 left 11.3 images/s")
    assert losses == "heatmap 1.61  size 10.4  offset 0.293  extreme 2.47  total 6.64"


def test_losses_are_cut_in_a_narrow_terminal():
    _, losses = shown(60)
    assert losses.endswith("…")


def test_a_log_file_holds_lines_only():
    file = io.StringIO()
    display = ProgressDisplay(Console(file=file, width=80))
    with display:
        display.step("1/2", progress=0.5, left=3, speed=1.0, losses=LOSSES)
        display.set_status("validated 1 of 2 images")
        display.print_line("step 1  val AP [0.5]")
    with display.counting("reading images") as progress:
        progress(1, 2)
    assert file.getvalue() == "step 1  val AP [0.5]\n"


def test_a_log_file_is_given_a_line_a_minute_whatever_is_done():
    file, now = io.StringIO(), [0.0]
    display = ProgressDisplay(Console(file=file, width=200), clock=lambda: now[0])

    def step(number):
        display.step(f"{number}/90", progress=number / 90, left=90, speed=1.5, losses={"total": 2})

    with display:
        for number in range(1, 7):
            now[0] += 20.0
            step(number)
        now[0] += 59.0
        display.print_line("step 6  val AP 0.5")  # from here on another minute counts
        now[0] += 59.0
        display.set_status("validated 1 of 2 images")
        now[0] += 1.0
        display.set_status("validated 2 of 2 images")
    with display.counting("tuning thresholds") as progress:
        for done in range(1, 5):
            now[0] += 30.0
            progress(done, 4)
    assert file.getvalue().splitlines() == [
        "step 3/90  1:30 left, 1.5 images/s  total 2",
        "step 6/90  1:30 left, 1.5 images/s  total 2",
        "step 6  val AP 0.5",
        "validated 2 of 2 images",
        "tuning thresholds: 2 of 4",
        "tuning thresholds: 4 of 4",
    ]


def test_speed_is_that_of_the_recent_steps():
    speed = Speed()
    assert speed.images_a_second == 0
    speed.add(8, 100.0)  # what was before does not count
    assert speed.images_a_second == 0
    for i in range(1, 100):
        speed.add(8, 100.0 + i)
    assert round(speed.images_a_second, 6) == 8
    for i in range(1, 200):
        speed.add(8, 199.0 + 2 * i)
    assert round(speed.images_a_second, 2) == 4
