import errno
import os
import signal
import stat
import subprocess
import sys

import numpy as np
import pytest
import tifffile

from kontur.errors import InputError
from kontur.files import atomic


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_whole(tmp_path):
    atomic.write_text(tmp_path / "a.txt", "é\n")
    assert (tmp_path / "a.txt").read_bytes() == b"\xc3\xa9\n"
    atomic.write_bytes(tmp_path / "a.txt", b"")
    assert names(tmp_path) == ["a.txt"]


def test_folders_on_the_way_are_made(tmp_path):
    atomic.write_text(tmp_path / "x" / "y" / "a.txt", "")
    assert (tmp_path / "x" / "y" / "a.txt").exists()


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_where_writing_fails_the_old_file_stays_and_nothing_else(tmp_path, error):
    atomic.write_text(tmp_path / "a.txt", "old")

    def half() -> None:
        with atomic.replacing(tmp_path / "a.txt") as beside:
            beside.write_text("half of the n")
            raise error

    with pytest.raises(error):
        half()
    assert names(tmp_path) == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_a_kill_in_the_middle_leaves_the_old_file(tmp_path):
    atomic.write_text(tmp_path / "a.txt", "old")
    program = (
        "import os, signal, sys\n"
        "from kontur.files import atomic\n"
        "with atomic.replacing(sys.argv[1]) as beside:\n"
        "    beside.write_text('half of the n')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, tmp_path / "a.txt"], check=False)
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "a.txt").read_text() == "old"
    left = [name for name in names(tmp_path) if name != "a.txt"]
    assert all(name.startswith(".kontur-") for name in left)
    atomic.write_text(tmp_path / "a.txt", "new")
    assert (tmp_path / "a.txt").read_text() == "new"


def test_a_full_disk_is_said_with_the_name_of_the_file(tmp_path):
    def full() -> None:
        with atomic.replacing(tmp_path / "a.tif") as beside:
            beside.write_bytes(b"II*")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="could not write: No space left on device") as caught:
        full()
    assert caught.value.filename == str(tmp_path / "a.tif")
    assert caught.value.errno == errno.ENOSPC
    assert names(tmp_path) == []


def test_errors_about_other_files_pass_unchanged(tmp_path):
    def reads_another() -> None:
        with atomic.replacing(tmp_path / "a.txt"):
            (tmp_path / "missing.txt").read_text()

    with pytest.raises(FileNotFoundError, match=r"missing\.txt"):
        reads_another()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_a_folder_that_may_not_be_written_is_said(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError, match=r"could not write.*a\.txt"):
        atomic.write_text(tmp_path / "a.txt", "")
    tmp_path.chmod(0o700)


def test_a_file_in_the_place_of_a_folder_is_said(tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(OSError, match=r"could not write: .*a\.txt"):
        atomic.write_text(tmp_path / "x" / "a.txt", "")


def test_a_folder_in_the_way_is_said(tmp_path):
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(InputError, match="a folder has that name"):
        atomic.write_text(tmp_path / "a.txt", "")


def test_nothing_is_overwritten_unless_it_may(tmp_path):
    atomic.write_text(tmp_path / "a.txt", "old", overwrite=False)
    with pytest.raises(InputError, match="exists already"):
        atomic.write_text(tmp_path / "a.txt", "new", overwrite=False)
    assert (tmp_path / "a.txt").read_text() == "old"


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_the_permissions_are_those_of_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        atomic.write_text(tmp_path / "a.txt", "")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640


@pytest.mark.skipif(sys.platform == "win32", reason="links of POSIX")
def test_a_link_is_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "a.txt").symlink_to(tmp_path / "real" / "b.txt")
    atomic.write_text(tmp_path / "a.txt", "new")
    assert (tmp_path / "a.txt").is_symlink()
    assert (tmp_path / "real" / "b.txt").read_text() == "new"


def test_writers_that_want_a_path_with_the_ending_are_served(tmp_path):
    with atomic.replacing(tmp_path / ("n" * 200 + ".tif")) as beside:
        assert beside.suffix == ".tif"
        tifffile.imwrite(beside, np.zeros((2, 3), np.uint8))
    assert tifffile.imread(tmp_path / ("n" * 200 + ".tif")).shape == (2, 3)


def test_a_place_that_cannot_be_written_is_known_before_the_work(tmp_path):
    atomic.check_writable(tmp_path / "new" / "newer" / "t.csv")
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="could not write"):
        atomic.check_writable(tmp_path / "file" / "t.csv")
