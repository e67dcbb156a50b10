"""Cards: a page well-formed, whole, and without anything from elsewhere."""

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from kontur.measure.description.describe import describe
from kontur.measure.description.page import ROWS, page
from kontur.measure.tables.table_operations import grouped

VOID = {"meta", "input"}


class Tree(HTMLParser):
    """Checks that every tag is closed and keeps the texts."""

    def __init__(self):
        super().__init__()
        self.ambiguous, self.texts, self.tags = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.ambiguous.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.ambiguous.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def read(text):
    tree = Tree()
    tree.feed(text)
    assert tree.ambiguous == []
    return tree


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    made = pd.DataFrame(
        {
            "image": np.repeat(["a", "<b>"], 50),
            "area": rng.normal(100, 10, 100),
            "parts": 1,
            "score": np.nan,
            "stain": rng.choice(["HE", "PAS & co"], 100),
        }
    )
    made.attrs = {"units": {"area": "µm²"}, "pixel_size": 0.5}
    return made


def test_every_column_is_a_card_and_every_column_of_numbers_has_a_figure(table):
    tree = read(page(describe(table), title="t.csv"))
    cards = [attrs["data-name"] for tag, attrs in tree.tags if attrs.get("class") == "card"]
    assert sorted(cards) == sorted(table.columns)
    assert sum(tag == "svg" for tag, _ in tree.tags) == 1  # area; parts are always 1
    assert "always 1" in tree.texts
    assert {"µm²", "PAS & co", "100 % missing"} <= set(tree.texts)


def test_nothing_is_loaded_from_elsewhere_and_names_are_only_names(table):
    evil = table.rename(columns={"stain": "<script>alert(1)</script>"})
    text = page(describe(evil), title="<script>")
    assert not re.search(r"https?:|src=|@import|url\(", text)
    assert text.count("<script>") == 1  # ours
    read(text)


def test_groups_are_a_table_shortened_with_a_note(table):
    groups = grouped(table, ["image"])
    tree = read(page(describe(table), title="t", groups=groups, by=["image"], view="all of it"))
    assert {"Per image", "area_median", "<b>", "all of it Pixels of 0.5 µm."} <= set(tree.texts)
    many = table.loc[table.index.repeat(3)].assign(image=range(300))
    made = page(describe(many), title="t", groups=grouped(many, ["image"]), by=["image"])
    assert f"the first {ROWS} of 300" in made


@pytest.mark.parametrize(
    "column",
    [[1.0], [2.0, 2.0], [np.nan], [], [np.inf, 1.0], ["a"], [1e-300, 2e-300], [-1e100, 1e100]],
)
def test_a_table_with_little_in_it_has_a_page(column):
    text = page(describe(pd.DataFrame({"c": column})), title="t")
    read(text)
    assert "nan" not in re.sub(r"<style>.*</style>", "", text, flags=re.DOTALL)


def test_the_page_does_not_grow_with_the_rows(table):
    large = pd.concat([table] * 100, ignore_index=True)
    few, many = (len(page(describe(t), title="t")) for t in (table, large))
    assert many < few * 1.2
