"""`kontur models`: the available models, and the card of one."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    from kontur.models.card_summary import score_text

    rows = [["name", "kind", "MB", "classes", *SCORES_SHOWN]]
    for name, (card, path) in models.items():
        scores = [score_text(card.scores.get(score)) for score in SCORES_SHOWN]
        size = f"{path.stat().st_size / 1e6:.1f}"
        rows.append([name, card.kind, size, ", ".join(card.classes), *scores])
    return f"{table(rows)}\n\nkontur models NAME prints the card of one."


def card_text(card: "Card", path: Path) -> str:
    """A card as text: what the model is, its input, its training and its scores."""
    size = f"{path.stat().st_size / 1e6:.1f} MB, written by Kontur {card.version}"
    return "\n".join([f"{card.name}: {path}", *_lines("", {"file": size}), *_parts(card)])


def _parts(card: "Card") -> list[str]:
    from kontur.models.card_summary import card_summary

    return [line for title, values in card_summary(card).items() for line in _lines(title, values)]


def _lines(title: str, values: Mapping[str, str]) -> list[str]:
    width = max(map(len, values))
    head = ["", f"{title}:"] if title else []
    return head + [f"  {key.ljust(width)}  {value}" for key, value in values.items()]
