"""`kontur models`: the available models, and the card of one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kontur.cli.screen import table

if TYPE_CHECKING:
    from kontur.models.card import Card

SCORES_SHOWN = ("AP50", "AP75", "AP")  # in the list; a card shows all


def models(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME|RUN|FILE]", help="A model whose card to print.", show_default=False
        ),
    ] = None,
) -> None:
    """List the models that come with Kontur, or print a card.

    \b
    kontur models
    kontur models nuclei
    kontur models RUN
    """
    from kontur.infer.load import find_model, shipped_models
    from kontur.models.archive import read_card

    if name is not None:
        path = find_model(name)
        typer.echo(card_text(read_card(path), path))
        return
    shipped = {word: (read_card(path), path) for word, path in shipped_models().items()}
    if not shipped:
        typer.echo("No model comes with this installation; kontur train makes one.")
        return
    typer.echo(list_text(shipped))


def list_text(models: dict[str, tuple["Card", Path]]) -> str:
    """A table of models: name, kind, size of the file, classes, scores."""
    rows = [["name", "kind", "MB", "classes", *SCORES_SHOWN]]
    for name, (card, path) in models.items():
        scores = [_score(card.scores.get(score)) for score in SCORES_SHOWN]
        size = f"{path.stat().st_size / 1e6:.1f}"
        rows.append([name, card.kind, size, ", ".join(card.classes), *scores])
    return f"{table(rows)}\n\nkontur models NAME prints the card of one."


def card_text(card: "Card", path: Path) -> str:
    """A card as text: what the model is, its input, its training and its scores."""
    size = f"{card.object_size:.1f} pixels (side of a square of the area)"
    lines = [f"{card.name}: {path}"]
    lines += _part(
        "",
        {
            "kind": card.kind,
            "classes": ", ".join(card.classes),
            "file": f"{path.stat().st_size / 1e6:.1f} MB, written by Kontur {card.version}",
            "score": f"{card.thresholds.score:g}, objects below it are left out",
            "overlap": f"{card.thresholds.overlap:g}, the worse of two outlines above it goes",
            "scale": f"{card.scale:g}, by which images are made larger for the network",
            "object size": size if card.object_size else "unknown",
            "pixel size": f"{card.pixel_size:.4g} µm" if card.pixel_size else "unknown",
        },
    )
    lines += _part("about", card.about)
    lines += _part("training", card.training)
    lines += _part("scores on its validation data", {k: _score(v) for k, v in card.scores.items()})
    lines += _part("images are normalised", card.normalise)
    lines += _part("network", card.config)
    return "\n".join(lines)


def _part(title: str, values: dict[str, Any]) -> list[str]:
    if not values:
        return []
    width = max(map(len, values))
    head = ["", f"{title}:"] if title else []
    return head + [f"  {key.ljust(width)}  {_word(value)}" for key, value in values.items()]


def _word(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_word, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_word(item)}" for key, item in value.items()) or "none"
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "not set"}[value]
    return f"{value:,}" if isinstance(value, int) else str(value)


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
