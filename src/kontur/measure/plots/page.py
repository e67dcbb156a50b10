"""The page: all plots of a table in one HTML file, which loads nothing from anywhere.

Pictures are embedded, styles are in the file, there is no script, and a policy in its head forbids
the browser to fetch anything: it can be mailed, kept with the data, and opened in ten years.
"""

import base64
import struct
from collections.abc import Sequence
from html import escape
from itertools import groupby

from kontur.measure.plots import look
from kontur.measure.plots.distributions import TOLD
from kontur.measure.plots.plan import Plot

CSS_PIXELS = 96 / look.DPI * 1.1  # of a page, a pixel of a plot: a little larger than in print
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #202020; background: #fff; margin: 0 auto;
  max-width: 1180px; padding: 1.5rem 1.5rem 4rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0 0 .3rem; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .2rem; border-bottom: 1px solid #ddd; }
.plots { display: flex; flex-wrap: wrap; gap: 1.2rem 2rem; align-items: flex-start; }
figure { margin: .8rem 0 0; max-width: 100%; }
figcaption { font-size: .85rem; max-width: 34rem; }
img { max-width: 100%; height: auto; display: block; }
p.how, footer { color: #606060; font-size: .88rem; max-width: 60rem; }
ul.notes { font-size: .9rem; padding-left: 1.2rem; }
table { border-collapse: collapse; font-size: .85rem; margin-top: 1rem; }
th, td { padding: .15rem .7rem; border-bottom: 1px solid #ddd; text-align: left; }
th:nth-child(n + 3), td:nth-child(n + 3) { text-align: right; font-variant-numeric: tabular-nums; }
@media print { figure { break-inside: avoid; } }
"""


def page(
    title: str,
    about: Sequence[str],
    notes: Sequence[str],
    plots: Sequence[tuple[Plot, bytes]],
    told: Sequence[Sequence[str]] = (),
    *,
    version: str = "",
) -> str:
    """The HTML: what the table is, what its reader should know, and the plots by section.

    `plots` come with their PNGs; a caption that several plots of a section share stands once, over
    them. `told` are the figures of the distributions, row by row.
    """
    parts = [f"<h1>{escape(title)}</h1>", *(f"<p>{escape(line)}</p>" for line in about)]
    if notes:
        items = "".join(f"<li>{escape(note)}</li>" for note in notes)
        parts.append(f'<ul class="notes">{items}</ul>')
    for section, group in groupby(plots, key=lambda each: each[0].section):
        members = list(group)
        captions = list(dict.fromkeys(plot.caption for plot, _ in members))
        parts.append(f"<section><h2>{section}</h2>")
        parts += [f'<p class="how">{escape(caption)}</p>' for caption in captions]
        parts.append('<div class="plots">')
        parts += [_figure(plot, png) for plot, png in members]
        parts.append("</div>")
        if section == "Distributions" and told:
            parts.append(_table(told))
        parts.append("</section>")
    if version:
        parts.append(f"<footer><p>Drawn by Kontur {escape(version)}, kontur plot.</p></footer>")
    return "\n".join([_head(title), *parts, "</body>\n</html>\n"])


def _head(title: str) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>"
    )


def _figure(plot: Plot, png: bytes) -> str:
    width, height = struct.unpack(">II", png[16:24])  # of the header of a PNG
    data = base64.b64encode(png).decode("ascii")
    return (
        f'<figure><img alt="{escape(plot.title)}" width="{round(width * CSS_PIXELS)}" '
        f'height="{round(height * CSS_PIXELS)}" src="data:image/png;base64,{data}">'
        f"<figcaption>{escape(plot.title)} ({escape(plot.file)})</figcaption></figure>"
    )


def _table(told: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(word)}</th>" for word in TOLD)
    rows = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in told)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
