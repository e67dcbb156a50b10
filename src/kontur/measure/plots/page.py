"""The page of plots: all of a table in one HTML file, by section, with the figures behind them."""

from collections.abc import Sequence
from itertools import groupby

from kontur.measure import page as frame
from kontur.measure.plots.distributions import SUMMARY_COLUMNS
from kontur.measure.plots.plan import Plan


def page(title: str, plan: Plan, pngs: Sequence[bytes], notes: Sequence[str] = ()) -> str:
    """The HTML: the number of objects and images, notes, and the plots by section.

    `pngs` are the plan's plots as PNG files, in their order. A caption that several plots of a
    section share is printed once, above them.
    """
    groups = plan.groups
    every = groups.group >= 0
    figures = {"objects": f"{int(every.sum()):,}"}
    if images := groups.images(every):
        figures["images"] = f"{images:,}"
    about = f"By {groups.by}: {', '.join(groups.names)}." if groups.by else ""
    parts = []
    drawn = zip(plan.plots, pngs, strict=True)
    for section, members in groupby(drawn, key=lambda pair: pair[0].section):
        plots = list(members)
        captions = list(dict.fromkeys(plot.caption for plot, _ in plots))
        inside = [
            frame.paragraphs(captions, style="grey"),
            frame.pictures([(png, plot.file, plot.title) for plot, png in plots]),
        ]
        if section == "Distributions" and plan.summary:
            inside.append(frame.table([SUMMARY_COLUMNS, *plan.summary]))
        parts.append(frame.section(section, inside))
    return frame.page(
        title, parts, command="kontur plot", about=about, figures=figures, notes=notes
    )
