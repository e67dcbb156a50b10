from kontur.models.card import Card
from kontur.models.card_summary import card_html, card_summary


def card(**values):
    return Card(kind="snake", config={"stride": 4}, version="0", **values)


def test_a_card_in_words():
    told = card_summary(card(classes=("a", "b"), scores={"AP": 0.5, "AP75": None}, object_size=9))
    assert told[""]["classes"] == "a, b"
    assert told[""]["object size"].startswith("9.0 pixels")
    assert told["scores on its validation data"] == {"AP": "0.500", "AP75": "–"}
    assert told["network"] == {"stride": "4"}
    assert "about" not in told
    assert told[""]["channel"] == "all"
    assert card_summary(card(channel=1))[""]["channel"] == "1, where none is given"


def test_a_notebook_shows_all_of_a_card_and_its_texts_are_no_html():
    html = card_html(card(name="<b>x</b>", about={"cite": "<script>"}))
    assert "&lt;b&gt;x&lt;/b&gt;" in html
    assert "<script>" not in html
    assert html.count("<details>") == 2
