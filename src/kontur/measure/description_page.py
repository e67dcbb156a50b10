"""Cards: the description of a table as a page, one a column with its histogram as SVG.

Nothing grows with the rows, only with the columns.
"""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from kontur.measure import page as frame
from kontur.measure.describe import ColumnSummary, Description, Histogram
from kontur.measure.number_format import format_cells, format_number
from kontur.wording import plural

if TYPE_CHECKING:
    import pandas as pd

TITLES = {
    "identity": "Who",
    "other": "Joined and other columns",
    "form": "Form",
    "intensity": "Brightness and texture",
    "neighbours": "Neighbours",
    "position": "Where",
}
WIDTH, HEIGHT = 248, 64  # of a histogram, units of its drawing
ROWS = 200  # groups shown; the others are in the file that --out writes
FIRST = 30  # columns of the table of groups
LEGEND = "Histograms: the line is the median, the darker part holds 90 % of the objects."

STYLE = """
nav { position: sticky; top: 0; z-index: 3; background: var(--ground); padding: 12px 0;
  display: flex; flex-wrap: wrap; gap: 8px 18px; align-items: center;
  border-bottom: 1px solid var(--line); }
nav a { color: #0072b2; text-decoration: none; }
nav input { margin-left: auto; font: inherit; padding: 5px 10px; width: 220px;
  border: 1px solid #c5ccd4; border-radius: 6px; background: var(--paper); color: inherit; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(272px, 1fr)); gap: 14px; }
.card { background: var(--paper); border: 1px solid var(--line); border-radius: 8px;
  padding: 11px 12px 9px; min-width: 0; }
.card h3 { font-size: 13.5px; margin: 0; display: flex; gap: 8px; justify-content: space-between; }
.card h3 span:first-child { overflow-wrap: anywhere; }
.card h3 span:last-child { color: var(--grey); font-weight: normal; white-space: nowrap; }
.card p { margin: 1px 0 6px; color: var(--grey); font-size: 12px; min-height: 17px; }
.card svg { display: block; width: 100%; height: auto; }
.ends { display: flex; justify-content: space-between; font-size: 11.5px; color: var(--grey); }
.ends b { color: var(--mark); font-weight: 600; }
.facts { font-size: 12px; margin-top: 5px; padding-top: 5px; border-top: 1px solid var(--line); }
.badge { display: inline-block; border-radius: 9px; padding: 0 8px; margin-left: 6px;
  font-size: 11.5px; background: #fde6d5; color: #8a3d00; }
.quiet { background: #e9ecf0; color: var(--grey); }
.words { display: grid; grid-template-columns: minmax(0, 9em) 1fr auto; gap: 4px 8px;
  font-size: 12px; align-items: center; }
.words span:nth-child(3n+1) { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.words i { display: block; height: 11px; background: var(--bar); border-radius: 2px; }
.words span:nth-child(3n) { font-variant-numeric: tabular-nums; text-align: right; }
@media print { nav { display: none; } .card { break-inside: avoid; } }
"""
SEARCH = """
document.querySelector("nav input").addEventListener("input", event => {
  const word = event.target.value.trim().toLowerCase();
  for (const card of document.querySelectorAll(".card"))
    card.hidden = !card.dataset.name.includes(word);
  for (const part of document.querySelectorAll("section.columns"))
    part.hidden = !part.querySelector(".card:not([hidden])");
});
"""


def page(
    description: Description,
    *,
    title: str,
    view: str = "",
    groups: "pd.DataFrame | None" = None,
    by: Sequence[str] = (),
) -> str:
    """The page as text.

    Args:
        description: what is shown.
        title: its heading, such as the name of the file.
        view: a sentence on which rows these are.
        groups: one row a group, as `kontur.measure.table_operations.grouped` gives it.
        by: the columns that name the groups.
    """
    shown = [group for group in TITLES if any(f.group == group for f in description.columns)]
    links = [f'<a href="#{group}">{TITLES[group]}</a>' for group in shown]
    if groups is not None:
        links.insert(0, f'<a href="#groups">Per {escape(", ".join(by))}</a>')
    links.append('<a href="#all">All as a table</a>')
    parts = [f'<nav>{" ".join(links)}<input type="search" placeholder="find a column"></nav>']
    if groups is not None:
        parts.append(_groups(groups, by))
    for group in shown:
        columns = [facts for facts in description.columns if facts.group == group]
        cards = "\n".join(_card(facts, description.rows) for facts in columns)
        parts.append(
            frame.section(
                TITLES[group],
                [f'<div class="cards">\n{cards}\n</div>'],
                small=plural(len(columns), "column"),
                about=f' class="columns" id="{group}"',
            )
        )
    parts.append(_all(description))
    parts.append(frame.paragraphs([LEGEND], style="grey"))
    side = description.pixel_size
    about = [view, f"Pixels of {side:.4g} µm." if side else ""]
    about.append(f"Read with {description.reading}." if description.reading else "")
    return frame.page(
        title,
        parts,
        command="kontur describe",
        about=" ".join(words for words in about if words),
        figures=_figures(description),
        notes=description.notes,
        style=STYLE,
        script=SEARCH,
    )


def _figures(description: Description) -> dict[str, str]:
    """The first figures: how many objects, images, columns, missing values."""
    images = description.images
    cells = description.rows * len(description.columns)
    missing = sum(facts.missing for facts in description.columns) / cells if cells else 0.0
    figures = {"objects": f"{description.rows:,}"}
    if images is not None:
        figures["images"] = f"{images:,}"
    figures |= {
        "columns": f"{len(description.columns):,}",
        "values missing": f"{100 * missing:.1f} %",
    }
    if description.ignored:
        figures["rows to ignore, left out"] = f"{description.ignored:,}"
    return figures


def _card(facts: ColumnSummary, rows: int) -> str:
    """One column: its name, its figure, a line of facts."""
    badge = ""
    if facts.missing:
        badge = f'<span class="badge">{escape(_share(facts.missing / rows))} missing</span>'
    if facts.infinite:
        badge += f'<span class="badge">{facts.infinite:,} infinite</span>'
    if facts.different == 1 and rows > 1:
        badge += '<span class="badge quiet">one value</span>'
    found = facts.statistics
    if facts.histogram is None or facts.different == 1:
        figure = _words(facts, rows)
        facts_text = f"{facts.different:,} different" if facts.values else ""
        if found:
            facts_text = f"always {format_number(found['mean'])}"
        elif facts.kind == "empty":
            facts_text = "no value"
    else:
        figure = _bars(facts.histogram, found) + _ends(facts.histogram, found)
        facts_text = f"mean {format_number(found['mean'])} ± {format_number(found['std'], 2)}"
        if below := facts.histogram.below:
            facts_text += f" · {below:,} below, from {format_number(found['min'])}"
        if above := facts.histogram.above:
            facts_text += f" · {above:,} above, to {format_number(found['max'])}"
    meaning = facts.meaning or (facts.dtype if facts.group == "other" else "")
    return (
        f'<div class="card" data-name="{escape(facts.name.lower())}"><h3><span>'
        f"{escape(facts.name)}</span><span>{escape(facts.unit)}</span></h3>"
        f'<p>{escape(meaning)}</p>{figure}<div class="facts">{facts_text}{badge}</div></div>'
    )


def _bars(bars: Histogram, found: dict[str, float]) -> str:
    """The histogram as one path for the outer objects and one for the middle 90 %."""
    low, high = float(bars.edges[0]), float(bars.edges[-1])
    most = max(int(bars.counts.max()), 1)
    across = WIDTH / (high - low)
    paths = {"#c3d9ea": "", "#6fa5d0": ""}  # outer, middle
    for count, left, right in zip(bars.counts, bars.edges[:-1], bars.edges[1:], strict=True):
        if count:
            tall = max(HEIGHT * int(count) / most, 1)
            middle = right > found["p05"] and left < found["p95"]
            start, wide = (left - low) * across, (right - left) * across
            gap = 1 if wide > 3 else 0
            paths["#6fa5d0" if middle else "#c3d9ea"] += (
                f"M{start:.1f} {HEIGHT}v-{tall:.1f}h{wide - gap:.1f}v{tall:.1f}z"
            )
    place = min(max((found["median"] - low) * across, 0.75), WIDTH - 0.75)
    drawn = "".join(f'<path fill="{colour}" d="{d}"/>' for colour, d in paths.items() if d)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT + 1}" role="img">{drawn}'
        f'<path stroke="#d55e00" stroke-width="1.5" d="M{place:.1f} 0V{HEIGHT}"/>'
        f'<path stroke="#aab3bd" d="M0 {HEIGHT + 0.5}H{WIDTH}"/></svg>'
    )


def _ends(bars: Histogram, found: dict[str, float]) -> str:
    """What stands below a histogram: where it begins, the median, where it ends."""
    low = bars.edges[0] if bars.below else found["min"]
    high = bars.edges[-1] if bars.above else found["max"]
    median = format_number(found["median"])
    return (
        f'<div class="ends"><span>{format_number(float(low))}</span>'
        f"<b>median {median}</b><span>{format_number(float(high))}</span></div>"
    )


def _words(facts: ColumnSummary, rows: int) -> str:
    """The commonest values with bars."""
    if not facts.values or facts.different == rows - facts.missing > 1:
        return ""  # each row its own: there is no commonest
    most = max(facts.values.values())
    lines = [
        f'<span title="{escape(word)}">{escape(word)}</span>'
        f'<i style="width:{100 * count / most:.1f}%"></i><span>{count:,}</span>'
        for word, count in facts.values.items()
    ]
    rest = facts.different - len(facts.values)
    more = f'<div class="ends"><span>and {rest:,} more</span></div>' if rest > 0 else ""
    return f'<div class="words">{"".join(lines)}</div>{more}'


def _groups(groups: "pd.DataFrame", by: Sequence[str]) -> str:
    """The summary as a table: who, how many, and the medians."""
    units = groups.attrs.get("units", {})
    shown = [name for name in groups if not name.endswith(("_mean", "_std", "_different"))]
    columns, rows = shown[:FIRST], groups.head(ROWS)
    cut = f"the first {ROWS:,} of {len(groups):,}" if len(groups) > ROWS else f"{len(groups):,}"
    if len(shown) > FIRST:
        cut += f"; {FIRST} of {len(groups.columns):,} columns, all in --out TABLE.csv"
    made = frame.table(format_cells(rows[columns]), [units.get(name, "") for name in columns])
    return frame.section(f"Per {', '.join(by)}", [made], small=cut, about=' id="groups"')


def _all(description: Description) -> str:
    made = description.table().drop(columns=["values", "missing_share", "dtype"])
    return frame.section("All as a table", [frame.table(format_cells(made))], about=' id="all"')


def _share(part: float) -> str:
    """A share that is never rounded to nothing or to all.

    >>> _share(0.0001), _share(0.123), _share(0.9999), _share(1.0)
    ('<1 %', '12 %', '>99 %', '100 %')
    """
    if 0 < part < 0.01:
        return "<1 %"
    return ">99 %" if 0.99 < part < 1 else f"{part:.0%}".replace("%", " %")
