"""What "auto" means on this machine is measured once, whatever process asks."""

import importlib.metadata
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from kontur.infer.engines import onnx_engine, precision_choice
from kontur.infer.engines.precision_choice import noted_choice
from kontur.infer.model_files import find_model
from kontur.models.archive import read_model


@pytest.fixture
def later_process(monkeypatch, tmp_path):
    """Forget what this process chose."""
    monkeypatch.setenv("KONTUR_CACHE", str(tmp_path / "cache"))

    def forget():
        monkeypatch.setattr(precision_choice, "_chosen", {})

    forget()
    return forget


def unexpected():
    raise AssertionError("measured again")


@pytest.mark.parametrize("first", ["float32", "int8"])
def test_a_choice_is_measured_once_for_all_processes(later_process, first):
    assert noted_choice([b"a", b"b"], lambda: first) == first
    assert noted_choice([b"a", b"b"], unexpected) == first
    later_process()
    assert noted_choice([b"a", b"b"], unexpected) == first
    program = (
        "from kontur.infer.engines.precision_choice import noted_choice\n"
        "print(noted_choice([b'a', b'b'], lambda: 1 / 0))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert told.stdout.strip() == first


def test_other_graphs_and_other_processors_are_measured_anew(later_process, monkeypatch):
    assert noted_choice([b"a", b"b"], lambda: "int8") == "int8"
    assert noted_choice([b"ab", b""], lambda: "float32") == "float32"
    monkeypatch.setattr(precision_choice, "cpu", lambda: "another")
    assert noted_choice([b"a", b"b"], lambda: "float32") == "float32"


def test_onnx_runtime_may_come_in_a_package_of_another_name(later_process, monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    assert noted_choice([b"a"], lambda: "int8") == "int8"


def test_of_two_processes_that_measure_at_once_the_first_to_note_decides(later_process):
    def other_process_is_faster():
        noted_choice([b"a"], lambda: "float32")
        precision_choice._chosen.clear()
        return "int8"

    assert noted_choice([b"a"], other_process_is_faster) == "float32"


def test_of_two_threads_that_measure_at_once_the_first_decides_also_without_a_folder(
    later_process, monkeypatch, tmp_path
):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KONTUR_CACHE", str(tmp_path / "file"))

    def other_thread_is_faster():
        noted_choice([b"a"], lambda: "float32")
        return "int8"

    assert noted_choice([b"a"], other_thread_is_faster) == "float32"


def test_of_two_that_note_at_once_one_decides(later_process):
    def note(key, choice):
        together.wait()
        return precision_choice._noted(key, choice)

    together = threading.Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        for key in map(str, range(20)):
            assert len({*pool.map(note, (key, key), ("float32", "int8"))}) == 1


def test_the_folder_may_be_named_by_the_home_it_lies_in(later_process, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))  # of Windows
    monkeypatch.setenv("KONTUR_CACHE", "~/here")
    noted_choice([b"a"], lambda: "int8")
    assert [*(tmp_path / "here" / "precision").glob("*.txt")]


@pytest.mark.parametrize("damage", [b"", b"int", b"\xff\xfe"])
def test_a_damaged_note_is_written_anew(later_process, tmp_path, damage):
    noted_choice([b"a"], lambda: "int8")
    (note,) = (tmp_path / "cache" / "precision").iterdir()
    note.write_bytes(damage)
    later_process()
    assert noted_choice([b"a"], lambda: "float32") == "float32"
    assert note.read_text() == "float32"


def test_without_a_folder_to_note_it_in_a_process_keeps_to_its_choice(
    later_process, monkeypatch, tmp_path
):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KONTUR_CACHE", str(tmp_path / "file"))
    assert noted_choice([b"a"], lambda: "int8") == "int8"
    assert noted_choice([b"a"], unexpected) == "int8"


def test_what_measuring_raises_is_not_a_choice(later_process):
    with pytest.raises(ZeroDivisionError):
        noted_choice([b"a"], lambda: 1 / 0)
    assert noted_choice([b"a"], lambda: "int8") == "int8"


@pytest.mark.parametrize(("side", "taken"), [(200, "float32"), (2000, "int8")])
def test_integers_that_lose_on_images_of_a_usual_size_alone_are_not_taken(
    side, taken, later_process, monkeypatch
):
    """On images beyond `side` they are slow, on smaller ones fast."""
    model = read_model(find_model("nuclei"))
    now = [0.0]

    def start(sessions, name, precision, threads):
        def run(images):
            slow = precision == "int8" if images.shape[2] > side else precision == "float32"
            now[0] += 2.0 if slow else 1.0

        return run

    monkeypatch.setattr(onnx_engine, "clock", lambda: now[0])
    monkeypatch.setattr(onnx_engine.Sessions, "start", start)
    monkeypatch.setattr(onnx_engine, "_onnx_graph", lambda *_, **how: list)
    assert onnx_engine.OnnxEngine(model, threads=1, precision="auto").precision == taken
