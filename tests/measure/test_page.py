"""The frame of all pages: what it holds is text, and what may run is its own script."""

import base64
import hashlib
import re

import pytest

from kontur.measure import page as frame
from kontur.measure.plots import style

WORDS = "<b>&\"'"


def test_every_text_is_escaped():
    parts = [
        frame.section(WORDS, [frame.paragraphs([WORDS])], small=WORDS),
        frame.table([[WORDS, WORDS], [WORDS, WORDS]], [WORDS, WORDS]),
    ]
    made = frame.page(
        WORDS, parts, command=WORDS, about=WORDS, figures={WORDS: WORDS}, notes=[WORDS]
    )
    assert made.count("&lt;b&gt;&amp;&quot;") == 16
    assert WORDS not in made


def test_only_the_script_of_the_page_may_run_and_nothing_is_fetched():
    made = frame.page("t", [], command="c", script="let a = 1;")
    policy = re.search(r'Security-Policy" content="(.*?)"', made)[1]
    assert policy.startswith("default-src 'none'")
    digest = base64.b64encode(hashlib.sha256(b"let a = 1;").digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "<script>let a = 1;</script>" in made
    assert "script" not in frame.page("t", [], command="c")


@pytest.mark.parametrize(
    "cell", ["1", "-0.5", "1,234", "1e-05", "0.5 ± 0.1", "3 of 5", "0.1 … 0.2", "1 to 2", "–", ""]
)
def test_numbers_stand_on_the_right_and_the_first_column_on_the_left(cell):
    made = frame.table([["who", "what"], ["1", cell], ["2", "7"]])
    assert f'<td>1</td><td class="number">{cell}</td>' in made


@pytest.mark.parametrize("cell", ["train/A02", "3 wells", "1 and 2", "a"])
def test_words_stand_on_the_left(cell):
    assert "number" not in frame.table([["who", "what"], ["1", cell], ["2", "7"]])


def test_of_nothing_there_is_no_table():
    assert frame.table([]) == ""


def test_a_figure_has_the_size_of_its_png():
    png = style.png(style.figure(3, 2))
    made = frame.pictures([(png, "a.png", "an axis")])
    assert made.count("<figure>") == 1
    width = int(re.search(r'width="(\d+)"', made)[1])
    assert width == pytest.approx(3 * 96 * 1.1, abs=25)  # trimmed
    assert base64.b64encode(png).decode() in made
