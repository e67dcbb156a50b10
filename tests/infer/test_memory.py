"""What memory is left: the machine's, a container's, the process's own limit; and the refusal."""

import numpy as np
import pytest

from kontur.errors import InputError
from kontur.infer import memory
from tests.models import contract

GB = 1 << 30


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A machine with 8 GB free whose control groups lie in a folder; no limit of the process."""
    machine, groups = tmp_path / "meminfo", tmp_path / "cgroup"
    machine.write_text(f"MemTotal: {16 * GB // 1024} kB\nMemAvailable: {8 * GB // 1024} kB\n")
    groups.write_text("")
    monkeypatch.setattr(memory, "MACHINE", machine)
    monkeypatch.setattr(memory, "CGROUPS", groups)
    monkeypatch.setattr(memory, "CGROUP_ROOT", tmp_path / "fs")
    monkeypatch.setattr(memory, "_address_space", lambda: float("inf"))
    monkeypatch.setattr(memory, "_latest", [(float("-inf"), 0.0)])
    return tmp_path


def control_group(folder, names, *, limit, used, cache=0):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / names[0]).write_text(f"{limit}\n")
    (folder / names[1]).write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 1\n{names[2]} {cache}\n")


def test_without_a_container_the_machine_s_free_memory_counts(system):
    assert memory.available_memory() == 8 * GB


def test_what_a_process_was_given_counts_less_what_it_uses(system, monkeypatch):
    monkeypatch.setattr(memory, "_given", [float("inf")])
    memory.keep_within(3 * GB)
    status = system / "status"
    monkeypatch.setattr(memory, "PROCESS", status)
    status.write_text(f"VmSize: {9 * GB // 1024} kB\nVmRSS: {GB // 1024} kB\n")
    assert memory.available_memory() == 2 * GB
    status.write_text(f"VmRSS: {4 * GB // 1024} kB\n")
    assert memory.available_memory() == 0
    status.unlink()  # a system that does not say
    assert memory.available_memory() == 3 * GB


def test_a_container_s_limit_counts_less_what_is_used_but_not_its_cache(system):
    (system / "cgroup").write_text("0::/\n")
    names = memory.VERSIONS[""]
    control_group(system / "fs", names, limit=4 * GB, used=3 * GB, cache=2 * GB)
    assert memory.available_memory() == 3 * GB
    control_group(system / "fs", names, limit="max", used=3 * GB)
    assert memory.available_memory() == 8 * GB


def test_the_cache_of_a_container_is_asked_for_only_where_the_rest_is_too_little(system):
    (system / "cgroup").write_text("0::/\n")
    names = memory.VERSIONS[""]
    control_group(system / "fs", names, limit=4 * GB, used=3 * GB, cache=2 * GB)
    assert memory.available_memory(GB) == GB
    assert memory.available_memory(GB + 1) == 3 * GB
    memory.check_memory(3 * GB, 1e6)
    with pytest.raises(InputError, match="into parts, give smaller tiles with --tile, or"):
        memory.check_memory(3 * GB + 1, 1e6)


def test_what_was_enough_a_moment_ago_is_not_asked_for_again(system, monkeypatch):
    now = [50.0]
    monkeypatch.setattr(memory.time, "monotonic", lambda: now[0])
    assert memory.available_memory(GB) == 8 * GB
    (system / "meminfo").write_text(f"MemAvailable: {GB // 1024} kB\n")
    assert memory.available_memory(8 * GB) == 8 * GB
    assert memory.available_memory(8 * GB + 1) == GB  # which was not known to be there
    assert memory.available_memory(GB) == GB
    (system / "meminfo").write_text("MemAvailable: 1 kB\n")
    now[0] += memory.MOMENT
    assert memory.available_memory(GB) == 1024


def test_of_nested_groups_the_tightest_counts(system):
    (system / "cgroup").write_text("0::/user/job\n")
    names = memory.VERSIONS[""]
    control_group(system / "fs" / "user", names, limit=2 * GB, used=GB)
    control_group(system / "fs" / "user" / "job", names, limit=5 * GB, used=GB)
    assert memory.available_memory() == GB


def test_the_groups_of_version_one_are_read_too(system):
    (system / "cgroup").write_text("3:cpu,cpuacct:/a\n7:memory:/docker/b\n")
    names = memory.VERSIONS["memory"]
    control_group(system / "fs" / "memory" / "docker" / "b", names, limit=3 * GB, used=GB)
    assert memory.available_memory() == 2 * GB


def test_inside_a_container_that_sees_its_group_as_the_root_the_root_s_files_count(system):
    (system / "cgroup").write_text("7:memory:/docker/a-name-of-the-outside\n")
    names = memory.VERSIONS["memory"]
    control_group(system / "fs" / "memory", names, limit=3 * GB, used=2 * GB)
    assert memory.available_memory() == GB


def test_where_nothing_says_how_much_there_is_nothing_is_refused(system, tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "MACHINE", tmp_path / "missing")
    assert memory.available_memory() == float("inf")
    memory.check_memory(1e18, 1e9)


def test_the_limit_of_the_process_s_own_address_space_counts(monkeypatch, tmp_path):
    resource = pytest.importorskip("resource")
    status = tmp_path / "status"
    status.write_text("Name: python\nVmSize:     2097152 kB\n")
    monkeypatch.setattr(memory, "PROCESS", status)
    monkeypatch.setattr(resource, "getrlimit", lambda which: (5 * GB, -1))
    assert memory._address_space() == 3 * GB


def test_an_image_too_large_is_refused_before_it_is_tried(monkeypatch):
    learned = contract.learned("snake")
    monkeypatch.setattr(memory, "available_memory", lambda _: 50e3)
    with pytest.raises(InputError, match=r"need 0\.0 GB of memory and 0\.0 are free; cut"):
        learned.predictor.predict(np.zeros((64, 64), np.uint8))
