import importlib.metadata
import json
import sys
from types import SimpleNamespace

import pytest

from kontur import extra
from kontur.errors import InputError


def test_a_package_of_an_extra_is_its_module():
    assert extra.package("json", extra="x", what="this") is sys.modules["json"]


def test_a_missing_package_is_named_with_the_command_that_installs_it():
    wanted = r"a scan needs the package nowhere, which is not installed; pip install .*\[x\]'"
    with pytest.raises(InputError, match=wanted):
        extra.package("nowhere.inside", extra="x", what="a scan")


@pytest.mark.parametrize("error", ["OSError", "ImportError"])
def test_a_package_whose_library_does_not_load_is_named_with_the_reason(
    tmp_path, monkeypatch, error
):
    (tmp_path / "compiled.py").write_text(f"raise {error}('compiled.so:\\n no such library')\n")
    monkeypatch.syspath_prepend(tmp_path)
    wanted = r"compiled, which does not load here \(compiled.so: no such library\); pip install --f"
    with pytest.raises(InputError, match=wanted):
        extra.package("compiled", extra="x", what="a scan")


@pytest.mark.parametrize(
    ("origin", "command"),
    [
        (None, "pip install 'kontur[x]'"),
        ({"url": "{clone}", "dir_info": {}}, "pip install '{path}[x]'"),
        ({"url": "{clone}", "dir_info": {"editable": True}}, "pip install -e '{path}[x]'"),
        ({"url": "{clone}/gone", "dir_info": {"editable": True}}, "pip install 'kontur[x]'"),
        ({"url": "{clone}/pyproject.toml", "archive_info": {}}, "pip install 'kontur[x] @ {url}'"),
        (
            {"url": "https://a.b/c.git", "vcs_info": {"vcs": "git", "commit_id": "12ab"}},
            "pip install 'kontur[x] @ git+https://a.b/c.git@12ab'",
        ),
        (
            {
                "url": "https://a.b/c.git",
                "vcs_info": {"vcs": "git", "commit_id": "12ab"},
                "subdirectory": "d",
            },
            "pip install 'kontur[x] @ git+https://a.b/c.git@12ab#subdirectory=d'",
        ),
        ({"url": "https://a.b/k.whl", "archive_info": {}}, "pip install 'kontur[x] @ {url}'"),
    ],
)
def test_an_extra_is_installed_from_where_kontur_came(tmp_path, monkeypatch, origin, command):
    clone = tmp_path / "my clone"
    clone.mkdir()
    (clone / "pyproject.toml").touch()
    url = origin and origin["url"].format(clone=clone.as_uri())
    noted = origin and json.dumps({**origin, "url": url})
    there = SimpleNamespace(read_text={"direct_url.json": noted}.get)
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: there)
    assert extra.install("x") == command.format(path=clone, url=url)


def test_a_clone_on_the_path_that_is_not_installed_is_its_own_source(monkeypatch):
    def distribution(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", distribution)
    assert extra.install("x", "--force-reinstall").startswith("pip install --force-reinstall -e ")
    assert extra.install("x").endswith("[x]'")


def test_on_windows_words_are_quoted_as_its_shells_read_them(monkeypatch):
    noted = {"url": "https://a.b/c.git", "vcs_info": {"vcs": "git", "commit_id": "12ab"}}
    monkeypatch.setattr(extra, "WINDOWS", True)
    for origin, command in (
        ({}, "pip install kontur[x]"),
        (noted, 'pip install "kontur[x] @ git+https://a.b/c.git@12ab"'),
    ):
        there = SimpleNamespace(read_text={"direct_url.json": json.dumps(origin)}.get)
        monkeypatch.setattr(importlib.metadata, "distribution", lambda name, there=there: there)
        assert extra.install("x") == command


@pytest.mark.parametrize(
    ("system", "torch", "said"),
    [("linux", None, True), ("linux", 1, False), ("darwin", None, False)],
)
def test_where_torch_brings_gigabytes_it_is_said_with_the_way_around(
    monkeypatch, system, torch, said
):
    monkeypatch.setattr(extra.sys, "platform", system)
    monkeypatch.setattr(extra, "find_spec", lambda name: torch)
    assert ("gigabytes" in extra.torch_size()) is said
    assert ("CPU build" in extra.torch_size()) is said
