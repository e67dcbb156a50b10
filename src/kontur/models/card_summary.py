"""A card in words: what a model is, its input, training and scores, for a screen or a notebook."""

from typing import Any

from kontur.display import notebook
from kontur.models.card import Card


def card_summary(card: Card) -> dict[str, dict[str, str]]:
    """Names and values by title; the first title is empty, and so are no others."""
    size = (
        f"{card.object_size:.1f} pixels (side of a square of the area)" if card.object_size else ""
    )
    model = {
        "kind": card.kind,
        "classes": ", ".join(card.classes),
        "score": f"{card.thresholds.score:g}, objects below it are left out",
        "overlap": f"{card.thresholds.overlap:g}, the worse of two outlines above it goes",
        "scale": f"{card.scale:g}, by which images are made larger for the network",
        "channel": "all" if card.channel is None else f"{card.channel}, where none is given",
        "object size": size or "unknown",
        "pixel size": f"{card.pixel_size:.4g} µm" if card.pixel_size else "unknown",
    }
    parts = {
        "": model,
        "about": _words(card.about),
        "training": _words(card.training),
        "scores on its validation data": {k: score_text(v) for k, v in card.scores.items()},
        "images are normalised": _words(card.normalise),
        "network": _words(card.config),
    }
    return {title: values for title, values in parts.items() if values}


def card_html(card: Card) -> str:
    """A card for a notebook: what matters for use, the rest behind a click."""
    first, *others = card_summary(card).items()
    shown = [notebook.definitions(first[1])]
    shown += [notebook.folded(title, notebook.definitions(values)) for title, values in others]
    return notebook.block(card.name, ["".join(shown)])


def score_text(value: float | None) -> str:
    """A score with three decimals, a dash for none."""
    return "–" if value is None else f"{value:.3f}"


def _words(values: dict[str, Any]) -> dict[str, str]:
    return {key: _word(value) for key, value in values.items()}


def _word(value: Any) -> str:
    if isinstance(value, list | tuple):
        pairs = any(isinstance(each, list | tuple) for each in value)
        return ("; " if pairs else ", ").join(map(_word, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_word(item)}" for key, item in value.items()) or "none"
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "not set"}[value]
    return f"{value:,}" if isinstance(value, int) else str(value)
