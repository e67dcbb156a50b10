"""The rules of the house that no tool checks: what is imported when, and what a file may be."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "kontur"
FILES = sorted(SOURCE.rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

LONGEST = 400  # lines
VAGUE = {"utils", "util", "misc", "common", "helpers", "helper", "base", "core", "manager", "tools"}

# The parts that may import torch; everything else predicts, measures and converts without it.
TORCH_ROOMS = re.compile(
    r"kontur\.(nn|train)(\.|$)|kontur\.edit\.(agent|teacher|policy_gradient|self_critical|reinforce)$|kontur\.models\.segmenter$"
    r"|kontur\.models\..*\.(network|detector|refine|recurrent|attention|stages|start|edge|quality|policy|loss|rpn|heads)$"
    r"|kontur\.models\..*\.(unet|transunet|swinunet)$"
)
# And what tells that a command is wrong before it is imported, for seconds.
BEFORE_TORCH = {
    *("kontur.edit.cases", "kontur.train.given_settings", "kontur.train.run_folder"),
    *("kontur.train.study.compare", "kontur.train.study.sweep_plan"),
}
# Made of scikit-learn's classes, and imported where they are used.
NAPARI_ROOMS = re.compile(r"kontur\.napari\.widget$")  # made of magicgui's classes, as those are
TABLE_ROOMS = re.compile(r"kontur\.measure\.(tabular|learn)(\.|$)")
HEAVY = [
    "napari",
    "geopandas",
    "torch",
    "lightning",
    "tensorboard",
    "onnx",
    "scipy",
    "skimage",
    "matplotlib",
    "pandas",
    "pyarrow",
    "zarr",
    "sklearn",
    "cv2",
]
IMPORT_NAMES = {
    "pillow": "PIL",
    "scikit-image": "skimage",
    "scikit-learn": "sklearn",
}  # where they differ from the package's


def module_name(file: Path) -> str:
    """`src/kontur/geometry/ring.py` as `kontur.geometry.ring`."""
    parts = file.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def in_a_fresh_process(program: str, *arguments: str) -> str:
    """What PROGRAM prints when it runs outside pytest, every warning being an error."""
    command = [sys.executable, "-W", "error", "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def imported_packages(file: Path) -> set[str]:
    """The top-level names that FILE imports anywhere, also inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            names.add((node.module or "").partition(".")[0])
    return names


def declared(*extras: str) -> set[str]:
    """The import names of the base dependencies and of EXTRAS, from pyproject.toml."""
    lines = [
        *PROJECT["dependencies"],
        *(x for e in extras for x in PROJECT["optional-dependencies"][e]),
    ]
    packages = {re.split(r"[<>=!~\[ ]", line, maxsplit=1)[0] for line in lines}
    return {IMPORT_NAMES.get(package, package) for package in packages}


BLOCKED_IMPORTS = """
import importlib, json, sys

heavy, modules = json.loads(sys.argv[1])

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in heavy:
            raise ImportError(f"{name} is imported by a part of kontur that must do without it")

sys.meta_path.insert(0, Blocked())
for module in modules:
    importlib.import_module(module)
"""


def test_everything_outside_the_torch_rooms_imports_without_torch_and_the_other_heavy_packages():
    names = {*map(module_name, FILES)}
    assert names >= BEFORE_TORCH
    light = sorted({name for name in names if not TORCH_ROOMS.match(name)} | BEFORE_TORCH)
    light = [n for n in light if not TABLE_ROOMS.match(n) and not NAPARI_ROOMS.match(n)]
    light = [name for name in light if not name.endswith("__main__")]
    in_a_fresh_process(BLOCKED_IMPORTS, json.dumps([HEAVY, light]))


def test_importing_kontur_imports_nothing_else():
    heavy = "('numpy', 'shapely', 'pydantic', 'kontur.instances')"
    program = f"import kontur, sys; print([m for m in {heavy} if m in sys.modules])"
    assert in_a_fresh_process(program).strip() == "[]"


def test_the_list_of_commands_starts_without_what_only_a_command_needs():
    heavy = "('numpy', 'shapely', 'pydantic', 'importlib.metadata', 'urllib.request')"
    program = f"import kontur.cli.app, sys; print([m for m in {heavy} if m in sys.modules])"
    assert in_a_fresh_process(program).strip() == "[]"


def test_the_public_names_are_there_and_no_others():
    program = "import kontur; print(sorted(kontur.__all__), kontur.Instances.__module__)"
    names = "['Instances', '__version__', 'load', 'measure', 'read', 'train', 'write']"
    assert in_a_fresh_process(program).strip() == f"{names} kontur.instances"
    import kontur

    assert kontur.__version__ == PROJECT["version"]
    with pytest.raises(AttributeError, match="no attribute 'utils'"):
        kontur.utils  # noqa: B018


def test_rooms_are_called_by_their_names_whatever_was_imported_first():
    rooms = ("train", "measure")
    told = ", ".join(f"callable(kontur.{room}), kontur.{room}.__name__" for room in rooms)
    for first in ("", "import kontur.train.run, kontur.measure.table"):
        program = f"{first}\nimport kontur\nprint({told})"
        assert in_a_fresh_process(program).split() == [
            word for room in rooms for word in ("True", f"kontur.{room}")
        ]


def test_shapes_are_checked_under_pytest_and_nowhere_else():
    from kontur.geometry.ring import signed_area

    with pytest.raises(Exception, match="signed_area"):
        signed_area(np.zeros((4, 3)))
    program = "import sys, kontur.geometry.ring; print('beartype' in sys.modules)"
    assert in_a_fresh_process(program).strip() == "False"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_every_package_that_is_imported_is_declared(file):
    third_party = imported_packages(file) - set(sys.stdlib_module_names) - {"kontur"}
    extras = ("train", "demo", "tables", "web", "napari", "cluster", "edit")
    assert third_party <= declared(*extras)


def test_every_package_that_measuring_asks_for_by_name_is_in_its_extra():
    asked = set()
    for file in (SOURCE / "measure").rglob("*.py"):
        found = re.findall(r'package\("([\w.]+)"\)', file.read_text(encoding="utf-8"))
        asked |= {name.partition(".")[0] for name in found}
    assert {"pandas", "pyarrow"} <= asked <= declared("tables")


@pytest.mark.parametrize("folder", ["src", "tests", "benchmarks"])
def test_a_file_is_one_idea_short_and_named_by_it(folder):
    for file in (ROOT / folder).rglob("*.py"):
        assert file.stem not in VAGUE, file
        lines = len(file.read_text(encoding="utf-8").splitlines())
        assert lines <= LONGEST, f"{file} has {lines} lines: is it still one idea?"


def test_only_training_changes_the_filters_of_warnings_which_are_those_of_all_threads():
    changing = [file for file in FILES if "catch_warnings" in file.read_text(encoding="utf-8")]
    assert {file.parent for file in changing} == {SOURCE / "train"}


def test_a_test_stands_where_its_source_stands():
    for test in (ROOT / "tests").rglob("test_*.py"):
        room = test.parent.relative_to(ROOT / "tests")
        assert (SOURCE / room).is_dir(), f"{test} stands in no room of src"
