import base64
import re
from html.parser import HTMLParser

from kontur.measure.plots import style
from kontur.measure.plots.page import page
from kontur.measure.plots.plan import PlotRequest, make_plan
from tests.measure.plots.tables import made_up


class Tags(HTMLParser):
    """Every tag with its attributes, and all text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def bound(title="cells.parquet", notes=()):
    plan = make_plan(
        made_up(), PlotRequest(columns=["area", "solidity"], scatters=[("area", "solidity")])
    )
    pngs = [style.png(plot.draw()) for plot in plan.plots]
    return page(title, plan, pngs, notes), pngs


def test_the_page_embeds_every_plot_and_loads_nothing():
    html, pngs = bound()
    tags = Tags(html).tags
    images = [about for tag, about in tags if tag == "img"]
    found = [
        base64.b64decode(each["src"].removeprefix("data:image/png;base64,")) for each in images
    ]
    assert found == pngs
    assert not {tag for tag, _ in tags} & {"script", "link", "iframe", "object", "base"}
    loaded = [value for _, about in tags for key, value in about.items() if key in ("src", "href")]
    assert all(value.startswith("data:") for value in loaded)
    assert not re.search(r"https?://|@import|url\(", html)
    policy = next(about for tag, about in tags if about.get("http-equiv"))
    assert policy["content"].startswith("default-src 'none'")


def test_plots_stand_in_sections_with_what_is_seen_and_the_figures_beside():
    html, _ = bound(notes=["left out: 3 rows"])
    read = Tags(html)
    assert [tag for tag, _ in read.tags].count("h2") == 2
    for word in ("Distributions", "Scatter", "resampling images", "left out: 3 rows", "area (µm²)"):
        assert word in read.text
    assert [tag for tag, _ in read.tags].count("tr") == 1 + 4
    assert all(about["alt"] for tag, about in read.tags if tag == "img")


def test_names_are_text_and_never_tags():
    html, _ = bound(title="<script>alert(1)</script> & co")
    read = Tags(html)
    assert "script" not in {tag for tag, _ in read.tags}
    assert "<script>alert(1)</script> & co" in read.text
