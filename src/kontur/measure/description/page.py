"""The description of a table as an HTML page: a card per column, with its histogram as SVG.

The size of the page grows with the number of columns, not with that of rows.
"""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from kontur.measure import page as frame
from kontur.measure.description.describe import ColumnSummary, Description, Histogram
from kontur.measure.tables.number_format import format_cells, format_number
from kontur.wording import plural

if TYPE_CHECKING:
    import pandas as pd

TITLES = {
    "identity": "Identity",
    "other": "Joined and other columns",
    "form": "Form",
    "intensity": "Brightness and texture",
    "neighbours": "Neighbours",
    "position": "Position",
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
.statistics { font-size: 12px; margin-top: 5px; padding-top: 5px;
  border-top: 1px solid var(--line); }
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
    """The HTML of the page.

    Args:
        description: of the table.
        title: its heading, such as the name of the file.
        view: a sentence on which rows are described, if not all.
        groups: one row per group, as `kontur.measure.tables.table_operations.grouped` gives it.
        by: the columns that name the groups.
    """
    group_names = [group for group in TITLES if any(f.group == group for f in description.columns)]
    links = [f'<a href="#{group}">{TITLES[group]}</a>' for group in group_names]
    if groups is not None:
        links.insert(0, f'<a href="#groups">Per {escape(", ".join(by))}</a>')
    links.append('<a href="#all">All as a table</a>')
    parts = [f'<nav>{" ".join(links)}<input type="search" placeholder="find a column"></nav>']
    if groups is not None:
        parts.append(_groups(groups, by))
    for group in group_names:
        columns = [column for column in description.columns if column.group == group]
        cards = "\n".join(_card(column, description.rows) for column in columns)
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
    about.append(f"Read with {description.format_note}." if description.format_note else "")
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
    """The figures at the top: the numbers of objects, images and columns, missing values."""
    images = description.images
    cells = description.rows * len(description.columns)
    missing = sum(column.missing for column in description.columns) / cells if cells else 0.0
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


def _card(column: ColumnSummary, rows: int) -> str:
    """One column: its name, its histogram or commonest values, and a line of statistics."""
    badge = ""
    if column.missing:
        badge = f'<span class="badge">{escape(_share(column.missing / rows))} missing</span>'
    if column.infinite:
        badge += f'<span class="badge">{column.infinite:,} infinite</span>'
    if column.different == 1 and rows > 1:
        badge += '<span class="badge quiet">one value</span>'
    statistics = column.statistics
    if column.histogram is None or column.different == 1:
        figure = _words(column, rows)
        statistics_text = f"{column.different:,} different" if column.values else ""
        if statistics:
            statistics_text = f"always {format_number(statistics['mean'])}"
        elif column.kind == "empty":
            statistics_text = "no value"
    else:
        figure = _bars(column.histogram, statistics) + _ends(column.histogram, statistics)
        statistics_text = (
            f"mean {format_number(statistics['mean'])} ± {format_number(statistics['std'], 2)}"
        )
        if below := column.histogram.below:
            statistics_text += f" · {below:,} below, from {format_number(statistics['min'])}"
        if above := column.histogram.above:
            statistics_text += f" · {above:,} above, to {format_number(statistics['max'])}"
    meaning = column.meaning or (column.type if column.group == "other" else "")
    return (
        f'<div class="card" data-name="{escape(column.name.lower())}"><h3><span>'
        f"{escape(column.name)}</span><span>{escape(column.unit)}</span></h3>"
        f"<p>{escape(meaning)}</p>{figure}"
        f'<div class="statistics">{statistics_text}{badge}</div></div>'
    )


def _bars(bars: Histogram, statistics: dict[str, float]) -> str:
    """The histogram as one path for the outer objects and one for the middle 90 %."""
    low, high = float(bars.edges[0]), float(bars.edges[-1])
    most = max(int(bars.counts.max()), 1)
    across = WIDTH / (high - low)
    paths = {"#c3d9ea": "", "#6fa5d0": ""}  # outer, middle
    for count, left, right in zip(bars.counts, bars.edges[:-1], bars.edges[1:], strict=True):
        if count:
            tall = max(HEIGHT * int(count) / most, 1)
            middle = right > statistics["p05"] and left < statistics["p95"]
            start, wide = (left - low) * across, (right - left) * across
            gap = 1 if wide > 3 else 0
            paths["#6fa5d0" if middle else "#c3d9ea"] += (
                f"M{start:.1f} {HEIGHT}v-{tall:.1f}h{wide - gap:.1f}v{tall:.1f}z"
            )
    place = min(max((statistics["median"] - low) * across, 0.75), WIDTH - 0.75)
    drawn = "".join(f'<path fill="{colour}" d="{d}"/>' for colour, d in paths.items() if d)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT + 1}" role="img">{drawn}'
        f'<path stroke="#d55e00" stroke-width="1.5" d="M{place:.1f} 0V{HEIGHT}"/>'
        f'<path stroke="#aab3bd" d="M0 {HEIGHT + 0.5}H{WIDTH}"/></svg>'
    )


def _ends(bars: Histogram, statistics: dict[str, float]) -> str:
    """The line below a histogram: its lower end, the median, its upper end."""
    low = bars.edges[0] if bars.below else statistics["min"]
    high = bars.edges[-1] if bars.above else statistics["max"]
    median = format_number(statistics["median"])
    return (
        f'<div class="ends"><span>{format_number(float(low))}</span>'
        f"<b>median {median}</b><span>{format_number(float(high))}</span></div>"
    )


def _words(column: ColumnSummary, rows: int) -> str:
    """The commonest values with bars."""
    if not column.values or column.different == rows - column.missing > 1:
        return ""  # every row has another value: there is no commonest
    most = max(column.values.values())
    lines = [
        f'<span title="{escape(word)}">{escape(word)}</span>'
        f'<i style="width:{100 * count / most:.1f}%"></i><span>{count:,}</span>'
        for word, count in column.values.items()
    ]
    rest = column.different - len(column.values)
    more = f'<div class="ends"><span>and {rest:,} more</span></div>' if rest > 0 else ""
    return f'<div class="words">{"".join(lines)}</div>{more}'


def _groups(groups: "pd.DataFrame", by: Sequence[str]) -> str:
    """The groups as a table: their names, the number of objects, and the medians."""
    units = groups.attrs.get("units", {})
    shown_columns = [name for name in groups if not name.endswith(("_mean", "_std", "_different"))]
    columns, rows = shown_columns[:FIRST], groups.head(ROWS)
    cut = f"the first {ROWS:,} of {len(groups):,}" if len(groups) > ROWS else f"{len(groups):,}"
    if len(shown_columns) > FIRST:
        cut += f"; {FIRST} of {len(groups.columns):,} columns, all in --out TABLE.csv"
    table = frame.table(format_cells(rows[columns]), [units.get(name, "") for name in columns])
    return frame.section(f"Per {', '.join(by)}", [table], small=cut, about=' id="groups"')


def _all(description: Description) -> str:
    summary = description.table().drop(columns=["values", "missing_share", "dtype"])
    return frame.section("All as a table", [frame.table(format_cells(summary))], about=' id="all"')


def _share(part: float) -> str:
    """A share in per cent, never rounded to 0 or 100 % unless it is.

    >>> _share(0.0001), _share(0.123), _share(0.9999), _share(1.0)
    ('<1 %', '12 %', '>99 %', '100 %')
    """
    if 0 < part < 0.01:
        return "<1 %"
    return ">99 %" if 0.99 < part < 1 else f"{part:.0%}".replace("%", " %")
