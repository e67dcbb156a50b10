from kontur.cli import screen


def test_in_a_pipe_every_step_is_a_line(capsys):
    with screen.steps(2, "outlining") as step:
        step("a.png: 3 objects")
        step("b.png: 0 objects")
    assert capsys.readouterr().err == "[1/2] a.png: 3 objects\n[2/2] b.png: 0 objects\n"


def test_quiet_steps_say_nothing(capsys):
    with screen.steps(1, "outlining", quiet=True) as step:
        step("a.png")
    with screen.counter("looking") as progress:
        progress(1, 1)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_a_bar_and_odd_names_do_not_disturb_it(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with screen.steps(1, "outlining") as step:
        step("[bold]" + "x" * 90 + "[/weird].png: 3 objects")
    with screen.counter("looking") as progress:
        progress(1, 1)
    shown = capsys.readouterr().err
    assert "outlining" in shown
    assert "1/1" in shown


def test_a_bar_counts_a_step_when_all_of_it_is_done(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with screen.steps(1, "outlining") as step:
        step.part("a", 9, 10)
        step.bar.refresh()
        before = capsys.readouterr().err
        step("a: 3 objects", "a")
    assert "0/1" in before
    assert "1/1" not in before
    assert "1/1" in capsys.readouterr().err


def test_work_beside_the_steps_is_told_and_leaves_the_count(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with screen.steps(2, "outlining") as step:
        step("a: 3 objects", "a")
        step.beside("writing b.tif", 4, 10)
        step.bar.refresh()
        shown = capsys.readouterr().err
    assert "writing b.tif: 4 of 10" in shown
    assert "1/2" in shown


def test_a_table_aligns_numbers_to_the_right():
    rows = [["name", "n"], ["a", "1,000"], ["long one", "2.5"], ["b", "–"]]
    assert screen.table(rows).splitlines() == [
        "name          n",
        "a         1,000",
        "long one    2.5",
        "b             –",
    ]
