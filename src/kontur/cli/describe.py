"""`kontur describe`: a table described, whole or by group, as text, as a page or as a table."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kontur.cli.options import ForceOption, comma_separated
from kontur.cli.screen import table
from kontur.errors import InputError
from kontur.wording import plural

if TYPE_CHECKING:
    import pandas as pd

    from kontur.measure.description.describe import Description

LONGEST = 40  # groups that are printed
MEDIANS = ("area", "circularity", "solidity", "medial_length", "intensity_mean")  # of groups
SPREAD = ("min", "p05", "median", "p95", "max")


def describe(
    measured: Annotated[
        Path, typer.Argument(metavar="TABLE", help="A table, .parquet or .csv, measured or not.")
    ],
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="COLUMN[,…]",
            help="Also one row per group, by image or any column of TABLE, such as one that came "
            "from metadata.csv; mean, median, deviation.",
        ),
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(
            "--where",
            metavar="CONDITION",
            help="Only rows such as \"state == 'live' and area > 50\".",
        ),
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option(
            "--sort",
            metavar="[-]COLUMN[,…]",
            help="Sort the rows of the summary by one of its columns, -COLUMN the largest first.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="Write the report, .html, or the summary as a table, .csv or .parquet.",
        ),
    ] = None,
    force: ForceOption = False,
) -> None:
    """Describe TABLE: types, units, ranges, missing values, and what looks wrong.

    With --by there is one row per group (columns such as area_median, objects), else one row per
    column (missing, min, median …). Rows to ignore are left out and counted.

    \b
    kontur describe worms.parquet
    kontur describe worms.parquet --out report.html
    kontur describe worms.parquet --by image --sort -area_median --out wells.csv
    kontur describe cells.csv --where "class == 'nucleus' and area > 50" --by plate,well
    """
    from kontur.files import atomic
    from kontur.measure.description.describe import describe as summarise
    from kontur.measure.description.page import page
    from kontur.measure.tables.table_files import read_table, targets, write_table
    from kontur.measure.tables.table_operations import grouped, ordered, without_ignored
    from kontur.measure.tables.table_operations import where as keep

    if out is not None:
        _check_out(out, measured, force=force)
    whole = read_table(measured)
    rows = whole if where is None else keep(whole, where)
    view = f"{len(rows):,} of {plural(len(whole), 'row')}, where {where}" if where else ""
    description = summarise(rows)
    groups = None
    keys = comma_separated(by)
    if keys:
        groups = ordered(grouped(without_ignored(rows)[0], keys), comma_separated(sort))
        summary = groups
    else:
        summary = ordered(description.table(), comma_separated(sort))
    typer.echo(f"{measured}" + (f": {view}" if view else ""))
    typer.echo(
        columns_text(description, summary)
        if groups is None
        else groups_text(description, groups, keys)
    )
    if out is None:
        return
    if out.suffix.lower() == ".html":
        text = page(description, title=measured.name, view=view, groups=groups, by=keys)
        atomic.write_text(out, text, overwrite=force)
    else:
        write_table(out, summary, overwrite=force)
    written = (out,) if out.suffix.lower() == ".html" else targets(out)
    typer.echo(f"\nwrote {' and '.join(map(str, written))}")


def columns_text(description: "Description", summary: "pd.DataFrame") -> str:
    """The description as text, columns in the order of the summary."""
    from kontur.measure.tables.number_format import format_number

    by_name = {column.name: column for column in description.columns}
    ordered = [by_name[name] for name in summary["column"]]
    lines = [_head(description), ""]
    numbers = [["", "unit", "type", "missing", *SPREAD]]
    for column in ordered:
        if column.kind == "number":
            spread = [format_number(column.statistics.get(name, float("nan"))) for name in SPREAD]
            missing = _share(column.missing, description.rows)
            numbers.append([column.name, column.unit, column.type, missing, *spread])
    if len(numbers) > 1:
        lines += [table(numbers), ""]
    others = [["", "type", "missing", "different", "values"]]
    for column in ordered:
        if column.kind != "number":
            rest = column.different - len(column.values)
            values = ", ".join(f"{word} ({count:,})" for word, count in column.values.items())
            if column.different == description.rows - column.missing > 1:
                values = "a different one in every row"
            elif rest > 0:
                values += f" and {rest:,} more"
            missing = _share(column.missing, description.rows)
            others.append([column.name, column.type, missing, f"{column.different:,}", values])
    if len(others) > 1:
        lines += [table(others), ""]
    return "\n".join([*lines, *_notes(description)]).rstrip()


def groups_text(description: "Description", groups: "pd.DataFrame", by: list[str]) -> str:
    """The groups as text: their names, the number of objects, and the medians of a few columns."""
    from kontur.measure.tables.number_format import format_cells

    medians = [f"{name}_median" for name in MEDIANS if f"{name}_median" in groups]
    if not medians:
        medians = [name for name in groups if name.endswith("_median")][: len(MEDIANS)]
    counts = [name for name in ("images", "objects") if name in groups]
    columns = [*(name for name in groups.columns[: len(by)]), *counts, *medians]
    units = groups.attrs["units"]
    head = [f"{name} {units.get(name, '')}".strip() for name in columns]
    _, *rows = format_cells(groups[columns].head(LONGEST))
    lines = [_head(description), "", table([head, *rows])]
    if len(groups) > LONGEST:
        lines.append(f"and {plural(len(groups) - LONGEST, 'further group')}; --out writes all")
    lines += ["", f"{plural(len(groups), 'group')}, {len(groups.columns)} columns", ""]
    return "\n".join([*lines, *_notes(description)]).rstrip()


def _head(description: "Description") -> str:
    """The numbers of objects, images and columns, and the size of a pixel."""
    images = "" if description.images is None else f" of {plural(description.images, 'image')}"
    parts = [f"{plural(description.rows, 'object' if images else 'row')}{images}"]
    parts.append(plural(len(description.columns), "column"))
    if description.pixel_size:
        parts.append(f"pixels of {description.pixel_size:.4g} µm")
    if description.ignored:
        parts.append(f"{plural(description.ignored, 'row')} to ignore left out")
    note = f"\nread with {description.format_note}" if description.format_note else ""
    return ", ".join(parts) + note


def _notes(description: "Description") -> list[str]:
    return [f"! {note}" for note in description.notes]


def _share(missing: int, rows: int) -> str:
    return f"{missing:,} ({missing / rows:.1%})" if missing else "–"


def _check_out(out: Path, source: Path, *, force: bool) -> None:
    """Raise `InputError` before any work where the file could not be written."""
    from kontur.files.atomic import check_writable, refuse_existing
    from kontur.measure.tables.table_files import check_target

    if out.suffix.lower() != ".html":
        if out.suffix.lower() not in (".csv", ".parquet"):
            raise InputError(
                f"the ending is the format: wanted REPORT.html, SUMMARY.csv or "
                f"SUMMARY.parquet, got {out}"
            )
        check_target(out, overwrite=force, source=source)
    elif out.is_dir():
        raise InputError(f"{out} is a folder; name a file to write in it")
    else:
        check_writable(out)
        refuse_existing([out], overwrite=force)
