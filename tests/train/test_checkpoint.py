import multiprocessing
import os
import time
from pathlib import Path

import pytest
import torch

from kontur.errors import InputError
from kontur.train.checkpoint import (
    AVERAGED,
    Checkpoint,
    WholeFiles,
    newest_checkpoint,
    read_checkpoint,
)
from kontur.train.run_folder import LAST, PREVIOUS


def checkpoint(step: int) -> dict:
    return {"global_step": step, "state_dict": {"weight": torch.full((4,), float(step))}}


def test_the_one_before_stays_behind(tmp_path):
    for step in (1, 2, 3):
        WholeFiles().save_checkpoint(checkpoint(step), tmp_path / LAST)
    assert read_checkpoint(tmp_path / LAST)["global_step"] == 3
    assert read_checkpoint(tmp_path / PREVIOUS)["global_step"] == 2
    assert {path.name for path in tmp_path.iterdir()} == {LAST, PREVIOUS}


def test_a_failure_while_writing_leaves_what_was_there(tmp_path, monkeypatch):
    WholeFiles().save_checkpoint(checkpoint(1), tmp_path / LAST)

    def half(content, file):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(OSError, match="No space left"):
        WholeFiles().save_checkpoint(checkpoint(2), tmp_path / LAST)
    assert read_checkpoint(tmp_path / LAST)["global_step"] == 1
    assert [path.name for path in tmp_path.iterdir()] == [LAST]


def write_for_ever(run):
    torch.set_num_threads(1)  # a forked process has none of the threads that OpenMP waits for
    for step in range(100_000):
        content = {"global_step": step, "state_dict": {"weight": torch.full((50_000,), step)}}
        WholeFiles().save_checkpoint(content, run / LAST)
        (run / "written").write_text(str(step))


@pytest.mark.parametrize("room", [600, 300_000])  # bytes: the first of its blocks, or a later one
def test_a_full_disk_is_told_as_one(tmp_path, room):
    resource = pytest.importorskip("resource")
    content = {"weights": torch.empty(100_000)}
    _, hard = before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        with pytest.raises(OSError, match=r"could not write: File too large: .*last\.ckpt"):
            WholeFiles().save_checkpoint(content, tmp_path / LAST)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork")
def test_a_kill_at_any_moment_leaves_a_whole_checkpoint(tmp_path):
    for delay in range(12):
        run, reports = tmp_path / str(delay), []
        writer = multiprocessing.get_context("fork").Process(target=write_for_ever, args=(run,))
        writer.start()
        while not (run / "written").exists():
            time.sleep(0.001)
        time.sleep(0.0013 * delay)
        writer.kill()
        writer.join()
        path, content = newest_checkpoint(run, reports.append)
        step = content["global_step"]
        assert step >= int((run / "written").read_text() or 0), path
        assert (content["state_dict"]["weight"] == step).all()
        assert not reports


def test_damaged_checkpoints_are_named_and_the_newest_good_one_is_found(tmp_path):
    for step in (1, 2):
        WholeFiles().save_checkpoint(checkpoint(step), tmp_path / LAST)
    whole = (tmp_path / LAST).read_bytes()
    for broken in (b"", whole[:100], whole[: len(whole) - 30], b"PK text", whole[::-1]):
        (tmp_path / LAST).write_bytes(broken)
        reports = []
        path, content = newest_checkpoint(tmp_path, reports.append)
        assert (path.name, content["global_step"]) == (PREVIOUS, 1)
        assert len(reports) == 1
        assert "last.ckpt is no whole checkpoint" in reports[0]


def test_no_good_checkpoint_is_no_checkpoint(tmp_path):
    assert newest_checkpoint(tmp_path, print) is None


def test_what_is_not_a_checkpoint_of_ours_is_refused(tmp_path):
    torch.save([1, 2], tmp_path / "list.ckpt")
    with pytest.raises(InputError, match="is no checkpoint of a Kontur run"):
        read_checkpoint(tmp_path / "list.ckpt")
    with pytest.raises(InputError, match="there is no checkpoint"):
        read_checkpoint(tmp_path / "none.ckpt")


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path):
    torch.save({"global_step": 1, "state_dict": {}, "evil": os.system}, tmp_path / "evil.ckpt")
    with pytest.raises(InputError, match="no whole checkpoint"):
        read_checkpoint(tmp_path / "evil.ckpt")


def test_a_checkpoint_of_an_earlier_build_is_read_under_the_names_of_today(tmp_path):
    state = {"best": 0.4, "best_step": 20, "waited": 3}
    content = {"state_dict": {}, "global_step": 50, "seconds": 1.0, "callbacks": {"Watch": state}}
    torch.save(content, tmp_path / LAST)
    checkpoint = newest_checkpoint(tmp_path, print)
    assert checkpoint.waited == 3
    assert checkpoint.content["callbacks"] == {"TrainingCallback": state}


def test_the_weights_of_another_network_are_refused_and_named():
    wide, narrow = torch.nn.Linear(3, 2), torch.nn.Linear(2, 2)
    state = {AVERAGED + name: tensor for name, tensor in wide.state_dict().items()}
    held = Checkpoint(Path("last.ckpt"), {"state_dict": state})
    held.check_fits(torch.nn.Linear(3, 2))
    for other, name in ((narrow, "weight"), (torch.nn.Linear(3, 2, bias=False), "bias")):
        with pytest.raises(InputError, match=rf"last.ckpt holds .* another network \({name} diff"):
            held.check_fits(other)
