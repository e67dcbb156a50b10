"""What the documents say is there: places, links, commands, and the figures that can be checked."""

import ast
import pkgutil
import re
from pathlib import Path

import numpy as np
import pytest
import shapely
import skimage.draw
import skimage.measure
from PIL import Image, ImageDraw
from pycocotools import mask as coco
from typer.testing import CliRunner

from kontur.cli.app import app
from kontur.data.packaged_images import NUCLEI
from kontur.geometry.raster import rasterize, trace

ROOT = Path(__file__).parents[1]
SCRIPTS = [*sorted(ROOT.glob("docs/*.py")), *sorted(ROOT.glob("benchmarks/**/*.py"))]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
PLACE = re.compile(r"`(kontur\.[a-z][\w.]*)[`(]")
BLOCK = re.compile(r"`(?:kontur\.|nn\.)(?:\w+\.)*(\w+)`")  # the last word of a place, torch's too
PROOF = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)")
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def code(page: Path) -> list[str]:
    """The fenced blocks without their comments, spaces folded."""
    blocks = [re.sub(r"#.*", "", block) for _, block in FENCE.findall(text(page))]
    return [re.sub(r"[ ]+", " ", re.sub(r" +$", "", block, flags=re.MULTILINE)) for block in blocks]


def rows(page: Path) -> list[list[str]]:
    """The cells of every table row that says where something is."""
    lines = [line for line in text(page).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_place_that_a_page_names_exists(page):
    for name in set(PLACE.findall(text(page))):
        pkgutil.resolve_name(name)


def test_what_scripts_of_the_docs_and_benchmarks_import_exists():
    assert len(SCRIPTS) > 40
    wanted = {
        f"{node.module}.{alias.name}"
        for script in SCRIPTS
        for node in ast.walk(ast.parse(text(script)))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "kontur"
        for alias in node.names
    }
    for name in wanted:
        pkgutil.resolve_name(name)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_inside_the_project_leads_somewhere(page):
    for link in LINK.findall(text(page)):
        assert (page.parent / link).exists(), link


def test_every_topic_of_the_notes_has_a_place():
    heads = ("topic", "block", "change", "---")
    table = [row for row in rows(ROOT / "docs" / "notes.md") if row[0] not in heads]
    assert len(table) > 70
    for topic, chinese, place, *_ in table:
        assert re.search("[一-鿿]|[A-Z`]", chinese), topic
        named = PLACE.search(place) or place.startswith("nothing to build")
        assert named, topic


def test_every_block_of_the_notes_has_a_network_that_uses_it_and_a_test():
    table = [row for row in rows(ROOT / "docs" / "notes.md") if len(row) == 5]
    blocks = [row for row in table if row[0] not in ("block", "---")]
    assert len(blocks) > 30
    for block, _, place, networks, tests in blocks:
        users = PLACE.findall(networks)
        assert any(user.startswith("kontur.models.") for user in users), block
        for user in users:
            source = text(ROOT / "src" / f"{user.replace('.', '/')}.py")
            words = re.findall(r"\w+", re.sub(r'""".*?"""', "", source, flags=re.DOTALL))
            assert set(BLOCK.findall(place)) & set(words), (block, user)
        assert PROOF.search(tests), block
        for file, function in PROOF.findall(tests):
            assert f"def {function}(" in text(ROOT / file), (block, function)


def test_the_two_readmes_have_the_same_code_links_pictures_and_figures():
    english, chinese = ROOT / "README.md", ROOT / "README.zh.md"
    assert code(english) == code(chinese)
    other = {"README.md": "", "README.zh.md": ""}
    links = [
        [other.get(x, x.replace(".zh.md", ".md")) for x in LINK.findall(text(page))]
        for page in (english, chinese)
    ]  # to the Chinese page where there is one
    assert links[0] == links[1]
    figures = [
        re.findall(r"(?<![\w.])\.?\d(?:[\d.]*\d)?(?: MB| ms)?", text(p)) for p in (english, chinese)
    ]
    assert sorted(figures[0]) == sorted(figures[1])


def test_the_python_of_the_readme_runs_on_real_nuclei(tmp_path, monkeypatch):
    nuclei = NUCLEI.path()
    assert nuclei is not None
    with Image.open(nuclei) as image:
        image.save(tmp_path / "cells.tif")
    monkeypatch.chdir(tmp_path)
    blocks = [block for kind, block in FENCE.findall(text(ROOT / "README.md")) if kind == "python"]
    names: dict = {}
    for block in blocks:
        exec(block, names)
    assert len(names["found"]) > 0
    written = {path.name for path in tmp_path.iterdir()} - {"cells.tif"}
    assert written == {f"cells.{end}" for end in ("geojson", "labels.tif", "coco.json", "csv")}


def test_every_command_and_option_of_the_pages_exists():
    lines = [line for page in PAGES for block in code(page) for line in block.splitlines()]
    told: dict[str, set[str]] = {}
    for line in lines:
        for command, rest in re.findall(r"(?:^|&& )kontur (\w+)(.*)", line):
            told.setdefault(command, set()).update(re.findall(r"--[a-z-]+", rest))
    assert {"demo", "inspect", "train", "predict", "evaluate", "models", "classify"} <= set(told)
    wide = {"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"}
    for command, options in told.items():
        done = CliRunner().invoke(app, [command, "--help"], env=wide)
        assert done.exit_code == 0, done.output
        assert options <= set(re.findall(r"--[a-z-]+", done.output)), command


def test_every_column_of_a_table_is_explained():
    from kontur.measure.table import BRIGHTNESS, IDENTITY, OUTLINE, WITHOUT_IMAGE

    page = text(ROOT / "docs" / "measurements.md")
    columns = IDENTITY | WITHOUT_IMAGE | BRIGHTNESS | OUTLINE
    series = re.compile(r"efd_([b-d][3-8]|a[3-8]|[abc]8|d[3-7]|amplitude_[3-7])$")  # "a … b"
    for name in columns:
        assert f"`{name}`" in page or series.match(name), name


def test_the_square_on_the_page_of_coordinates():
    square = np.array([[10.0, 10], [60, 10], [60, 60], [10, 60]])
    exact = rasterize(shapely.Polygon(square), (80, 80))
    assert exact.sum() == 50 * 50
    assert coco.decode(coco.frPyObjects([square.ravel().tolist()], 80, 80))[..., 0].sum() == 50 * 50

    assert skimage.draw.polygon2mask((80, 80), square[:, ::-1]).sum() == 51 * 51
    image = Image.new("L", (80, 80))
    ImageDraw.Draw(image).polygon([tuple(point) for point in square], fill=1)
    assert np.asarray(image).sum() == 51 * 51

    found = skimage.measure.find_contours(exact, 0.5)[0]
    assert (found.min(), found.max()) == (9.5, 59.5)
    assert trace(exact).bounds == (10, 10, 60, 60)
