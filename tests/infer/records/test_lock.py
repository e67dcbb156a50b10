import threading
import time

import pytest

from kontur.infer.records.lock import locked


def test_blocks_of_one_lock_exclude_one_another(tmp_path):
    place, counts = tmp_path / "file", []

    def work():
        for _ in range(20):
            with locked(place):
                before = len(counts)
                time.sleep(0.001)
                counts.append(before)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == list(range(80))
    assert list(tmp_path.iterdir()) == []


def test_the_lock_of_a_dead_process_does_not_block(tmp_path):
    (tmp_path / ".kontur-file.lock").write_text("somebody")
    with locked(tmp_path / "file", patience=0.1):
        assert (tmp_path / ".kontur-file.lock").read_text() != "somebody"
    assert list(tmp_path.iterdir()) == []


def test_an_error_in_the_block_frees_the_lock(tmp_path):
    with pytest.raises(KeyboardInterrupt), locked(tmp_path / "file"):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
