import sys

import pytest

from kontur import extra
from kontur.errors import InputError


def test_a_package_of_an_extra_is_its_module():
    assert extra.package("json", extra="x", what="this") is sys.modules["json"]


def test_a_missing_package_is_named_with_the_command_that_installs_it():
    wanted = r"a scan needs the package nowhere, which is not installed; pip install 'kontur\[x\]'"
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
