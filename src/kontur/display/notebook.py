"""Pieces of HTML by which values show themselves in notebooks: pictures and small tables.

Every text is escaped here; pictures are inside the text. Styles are written on the elements, and
take the notebook's own colours, light or dark.
"""

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
from jaxtyping import UInt8

from kontur.wording import shortened

LARGE = 60_000  # bytes of a picture


def block(title: str, parts: Sequence[str]) -> str:
    """A heading over parts side by side; empty parts are left out."""
    inside = "".join(f"<div>{part}</div>" for part in parts if part)
    row = "display:flex;flex-wrap:wrap;gap:8px 20px;align-items:flex-start;margin:4px 0"
    return f'<div><b>{escape(title)}</b><div style="{row}">{inside}</div></div>'


def picture(pixels: UInt8[np.ndarray, "h w 3"], alt: str) -> str:
    """A picture in its own size: PNG, or JPEG where that would be large."""
    from PIL import Image

    drawn, kind = Image.fromarray(pixels), "png"
    data = _encoded(drawn, format="PNG", optimize=True)
    if len(data) > LARGE:
        data, kind = _encoded(drawn, format="JPEG", quality=60), "jpeg"
    height, width = pixels.shape[:2]
    return (
        f'<img alt="{escape(alt)}" width="{width}" height="{height}" style="max-width:none" '
        f'src="data:image/{kind};base64,{base64.b64encode(data).decode("ascii")}">'
    )


def table(rows: Sequence[Sequence[str | float]], *, below: str = "") -> str:
    """Rows of cells, the first being the heading; columns of numbers are aligned to the right.

    Long texts are cut. `below` is a line beneath. Without rows it is "".
    """
    if not rows:
        return ""
    sides = ["left" if isinstance(cell, str) else "right" for cell in rows[-1]]
    lines = [
        "".join(
            f'<{tag} style="padding:2px 10px;text-align:{side};border:0">{_text(cell)}</{tag}>'
            for cell, side in zip(row, sides, strict=True)
        )
        for row, tag in zip(rows, ["th", *["td"] * (len(rows) - 1)], strict=True)
    ]
    body = "".join(f"<tr>{cells}</tr>" for cells in lines)
    style = "border-collapse:collapse;font-variant-numeric:tabular-nums;margin:0"
    return f'<table style="{style}">{body}</table>{note(below)}'


def definitions(words: Mapping[str, str]) -> str:
    """Words and their values, one a line; "" without any."""
    cell = '<td style="padding:1px 10px;text-align:left;border:0;vertical-align:top'
    rows = "".join(
        f'<tr>{cell};opacity:.7">{escape(word)}</td>{cell};max-width:40em">{escape(value)}</td></tr>'
        for word, value in words.items()
    )
    return f'<table style="border-collapse:collapse;margin:0">{rows}</table>' if rows else ""


def folded(title: str, part: str) -> str:
    """A part that is shown after a click on its title."""
    return f"<details><summary>{escape(title)}</summary>{part}</details>"


def note(text: str) -> str:
    """A small grey line; "" without text."""
    return f'<div style="opacity:.7;font-size:90%">{escape(text)}</div>' if text else ""


def _text(value: str | float) -> str:
    if isinstance(value, str):
        return escape(shortened(value))
    if isinstance(value, int):
        return str(value)
    return "–" if np.isnan(value) else f"{value:,.{2 if abs(value) < 10 else 1}f}"


def _encoded(drawn: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    drawn.save(file, **options)
    return file.getvalue()
