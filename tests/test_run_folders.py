import subprocess
import sys

from tests.run_folders import prefix, remove_left_overs


def test_the_folder_of_a_run_that_is_gone_is_removed_and_no_other(tmp_path):
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    stay = [
        prefix() + "a",  # of a run that runs
        prefix(gone.pid).replace("tests-", "tests-0", 1)[:-1] + "-a",  # of another machine
        "kontur-tests-7t7h5pt1",  # of which nobody knows
        "kontur-test",
    ]
    for name in (*stay, prefix(gone.pid) + "abc"):
        (tmp_path / name / "inside").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").touch()
    (tmp_path / (prefix(gone.pid) + "link")).symlink_to(tmp_path / "elsewhere")
    remove_left_overs(tmp_path)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == sorted([*stay, "elsewhere", prefix(gone.pid) + "link"])
    assert (tmp_path / "elsewhere" / "file").exists()
