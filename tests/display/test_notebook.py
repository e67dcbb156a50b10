import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
from PIL import Image

from kontur.display import notebook
from kontur.display.colours import PALETTE


class Texts(HTMLParser):
    """The tags and the texts of a page as a browser takes them."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.texts.append(data)


def test_a_name_from_a_file_is_text_and_never_a_tag():
    name = "<img src=x onerror=alert(1)>"
    for html in (
        notebook.block(name, []),
        notebook.table([["class"], [name]], below=name),
        notebook.definitions({name: name}),
        notebook.folded(name, ""),
    ):
        seen = Texts(html)
        assert not {"img", "script"} & set(seen.tags)
        assert name in seen.texts or name[:32] + "…" in seen.texts
    quoted = notebook.picture(np.zeros((2, 2, 3), np.uint8), 'a" onload="x')
    assert "onload=" not in re.sub(r'"[^"]*"', "", quoted)


def test_numbers_are_aligned_and_headings_with_them():
    html = notebook.table([["id", "class", "score"], [3, "a", 0.5], [12, "b", float("nan")]])
    cells = re.findall(r"<t[dh] style=\"[^\"]*text-align:(\w+)[^>]*>([^<]*)<", html)
    assert cells == [
        *[("right", "id"), ("left", "class"), ("right", "score")],
        *[("right", "3"), ("left", "a"), ("right", "0.50")],
        *[("right", "12"), ("left", "b"), ("right", "–")],
    ]
    assert notebook.table([]) == notebook.definitions({}) == ""


def decoded(html):
    kind, data = re.search(r"data:image/(\w+);base64,([^\"]+)", html).groups()
    return kind, np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


def test_a_picture_is_exact_where_that_is_small_and_small_where_not():
    plain = np.zeros((30, 40, 3), np.uint8)
    plain[5:9, 5:30] = PALETTE[0]
    kind, seen = decoded(notebook.picture(plain, "plain"))
    assert kind == "png"
    np.testing.assert_array_equal(seen, plain)
    noise = np.random.default_rng(0).integers(0, 255, (320, 320, 3), dtype=np.uint8)
    html = notebook.picture(noise, "noise")
    assert decoded(html)[0] == "jpeg"
    assert len(html) < 150_000
