"""HTML pages in one file: the frame and the style that all reports share.

Pictures and styles are in the file, and a content security policy forbids the browser to load
anything else: a page can be mailed, archived with the data, and opened in ten years. Every text is
escaped here.
"""

import base64
import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from html import escape

from PIL import Image

import kontur

CSS_DPI = 96 * 1.1  # resolution of a page: a figure appears a little larger than in print
LEAST = 0.88  # share of its width to which a figure may shrink so that more fit in a row
NUMBER = re.compile(r"[-+−]?\d[\d.,e+-]*( (±|…|of|to) [-+−]?\d[\d.,e+-]*)?|–|")

STYLE = """
:root { --ink: #1d2530; --grey: #66707d; --line: #e1e5ea; --bar: #7fb0d8; --mark: #d55e00;
  --paper: #fff; --ground: #f5f7f9; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 14px/1.45 system-ui, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", sans-serif; }
main, header > div { max-width: 1420px; margin: 0 auto; padding: 0 28px; }
header { background: var(--paper); border-bottom: 1px solid var(--line); padding: 26px 0 18px; }
h1 { font-size: 24px; margin: 0 0 2px; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 34px 0 12px; }
h2 small, .grey { color: var(--grey); font-weight: normal; font-size: 13px; }
p { margin: 0 0 6px; max-width: 62rem; overflow-wrap: anywhere; }
.definitions { display: grid; grid-template-columns: max-content 1fr; gap: 2px 14px;
  color: var(--grey); font-size: 12.5px; max-width: 62rem; margin: 10px 0 12px; }
.definitions dt { font-weight: 600; } .definitions dd { margin: 0; }
.warning { border-left: 3px solid var(--mark); padding-left: 10px; }
.figures { display: flex; flex-wrap: wrap; gap: 10px 36px; margin: 18px 0 4px; }
.figures b { display: block; font-size: 25px; line-height: 1.15; font-weight: 600; }
.notes { background: #fff8ef; border: 1px solid #f0d9bd; border-radius: 8px; padding: 10px 18px;
  margin: 22px 0 0; } .notes ul { margin: 4px 0; padding-left: 18px; }
.notes li { overflow-wrap: anywhere; }
.scroll { overflow: auto; max-height: 75vh; max-width: 100%; width: fit-content; margin: 0 0 12px;
  background: var(--paper); border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; font-size: 12.5px; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 12px; text-align: left; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
tr:last-child td { border-bottom: 0; }
th { position: sticky; top: 0; background: #eef1f5; font-weight: 600; z-index: 1; }
th small { display: block; font-weight: normal; color: var(--grey); }
.number { text-align: right; }
.beside td:last-child:not(.number) { white-space: normal; min-width: 13em; }
td:first-child, th:first-child { position: sticky; left: 0; background: var(--paper); }
th:first-child { z-index: 2; background: #eef1f5; }
.pictures { display: grid; gap: 14px; align-items: start; margin: 0 0 14px; }
.beside { display: grid; gap: 6px 26px; align-items: start;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 560px), 1fr)); }
.beside > * { min-width: 0; }
figure { margin: 0; background: var(--paper); border: 1px solid var(--line); border-radius: 8px;
  padding: 11px 12px 9px; min-width: 0; width: fit-content; max-width: 100%; }
figcaption { font-size: 12px; margin-top: 5px; padding-top: 5px; overflow-wrap: anywhere;
  border-top: 1px solid var(--line); }
img { max-width: 100%; height: auto; display: block; }
section { scroll-margin-top: 60px; }
footer { color: var(--grey); font-size: 12px; padding: 34px 0 40px; }
@media print { figure { break-inside: avoid; } .scroll { max-height: none; } }
"""


def page(
    title: str,
    parts: Sequence[str],
    *,
    command: str,
    about: str = "",
    figures: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    style: str = "",
    script: str = "",
) -> str:
    """The whole document.

    Args:
        title: its heading.
        parts: its content, as HTML made by the functions below.
        command: the command that made it, printed at its end.
        about: a sentence below the heading.
        figures: the most important figures, by name, printed large.
        notes: warnings and remarks, printed before the parts.
        style: CSS of its parts beyond the common style.
        script: the only script that may run.
    """
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    runs = f"; script-src 'sha256-{digest}'" if script else ""
    figures_html = "".join(
        f"<div><b>{escape(value)}</b>{escape(name)}</div>"
        for name, value in (figures or {}).items()
    )
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
            f"img-src data:; style-src 'unsafe-inline'{runs}\">",
            '<meta name="viewport" content="width=device-width">',
            f"<title>{escape(title)}</title><style>{STYLE}{style}</style></head><body>",
            f'<header><div><h1>{escape(title)}</h1><div class="grey">{escape(about)}</div>',
            f'<div class="figures">{figures_html}</div></div></header><main>',
            f'<div class="notes"><ul>{items}</ul></div>' if items else "",
            *parts,
            f"<footer>Made by Kontur {kontur.__version__}, {escape(command)}.</footer></main>",
            f"<script>{script}</script>" if script else "",
            "</body></html>\n",
        ]
    )


def section(title: str, parts: Sequence[str], *, small: str = "", about: str = "") -> str:
    """Parts below a title, `small` grey beside it; `about` are further attributes, as HTML."""
    head = f"<h2>{escape(title)} <small>{escape(small)}</small></h2>"
    return f"<section{about}>{head}\n" + "\n".join(parts) + "\n</section>"


def side_by_side(parts: Sequence[str]) -> str:
    """Parts side by side where there is room; those that are empty are left out."""
    return '<div class="beside">' + "".join(f"<div>{x}</div>" for x in parts if x) + "</div>"


def paragraphs(lines: Sequence[str], *, style: str = "") -> str:
    """Sentences, each a paragraph."""
    return "".join(f'<p class="{style}">{escape(line)}</p>' for line in lines)


def definitions(terms: Mapping[str, str]) -> str:
    """Words and their meanings, small and grey; "" without any."""
    if not terms:
        return ""
    items = (f"<dt>{escape(word)}</dt><dd>{escape(text)}</dd>" for word, text in terms.items())
    return f'<dl class="definitions">{"".join(items)}</dl>'


def table(rows: Sequence[Sequence[str]], units: Sequence[str] = ()) -> str:
    """Rows of cells, the first being the heading with `units` below its names; "" without rows.

    Columns of numbers are aligned to the right, but for the first, which has the names of rows.
    """
    if not rows:
        return ""
    columns = list(zip(*rows, strict=True))
    sides = [
        ' class="number"' if place and all(map(NUMBER.fullmatch, column[1:])) else ""
        for place, column in enumerate(columns)
    ]
    below = [f"<small>{escape(unit)}</small>" for unit in units] or [""] * len(columns)
    head = (
        f"<th{side}>{escape(name)}{unit}</th>"
        for name, unit, side in zip(rows[0], below, sides, strict=True)
    )
    body = (
        "".join(f"<td{side}>{escape(cell)}</td>" for cell, side in zip(row, sides, strict=True))
        for row in rows[1:]
    )
    lines = "".join(f"<tr>{cells}</tr>" for cells in ("".join(head), *body))
    return f'<div class="scroll"><table>{lines}</table></div>'


def pictures(figures: Sequence[tuple[bytes, str, str]]) -> str:
    """Figures as in `picture` (PNG, file, caption), as many in a row as fit."""
    least = max((LEAST * _size(png)[0] for png, _, _ in figures), default=0)
    columns = f"repeat(auto-fill, minmax(min(100%, {least:.0f}px), 1fr))"
    figures_html = "".join(picture(*figure) for figure in figures)
    return f'<div class="pictures" style="grid-template-columns: {columns}">{figures_html}</div>'


def picture(png: bytes, file: str, caption: str = "") -> str:
    """A figure of `plots.style.png` in its size, with a caption and the name of its file."""
    width, height = _size(png)
    data = base64.b64encode(png).decode("ascii")
    return (
        f'<figure><img alt="{escape(caption or file)}" width="{width}" height="{height}" '
        f'src="data:image/png;base64,{data}"><figcaption>{escape(caption)} '
        f'<span class="grey">{escape(file)}</span></figcaption></figure>'
    )


def _size(png: bytes) -> tuple[int, int]:
    """Width and height of a figure in pixels of a page, by the resolution stored in the PNG."""
    with Image.open(io.BytesIO(png)) as figure:
        scale = CSS_DPI / figure.info["dpi"][0]
        return round(figure.width * scale), round(figure.height * scale)
