"""`kontur measure`: outlines and images to a table, one row per object."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kontur.cli.options import (
    ChannelOption,
    ForceOption,
    MetadataOption,
    PixelSizeOption,
    QuietOption,
    Task,
    TaskOption,
    page_or_all,
    parse_pixel_size,
)
from kontur.cli.screen import counter, print_notes, table
from kontur.wording import plural

if TYPE_CHECKING:
    import pandas as pd

PRINTED = (  # columns whose quantiles are printed
    *("area", "perimeter", "axis_major_length", "axis_minor_length", "circularity", "solidity"),
    *("medial_length", "intensity_mean", "edge_contrast", "neighbour_distance"),
)
QUANTILES = {"5th": 0.05, "median": 0.5, "95th": 0.95}


def measure(
    outlines: Annotated[
        Path,
        typer.Argument(
            metavar="OUTLINES",
            help="Outlines or label images, a file or a folder of them, or a training folder.",
        ),
    ],
    images: Annotated[
        list[str] | None,
        typer.Argument(metavar="[IMAGES]", help="Image files, folders, or patterns in quotes."),
    ] = None,
    *,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="TABLE", help="The file to write: .parquet or .csv."),
    ],
    pixel_size: PixelSizeOption = None,
    metadata: MetadataOption = None,
    with_outlines: Annotated[
        bool,
        typer.Option("--with-outlines", help="Also write the outlines, as well-known text."),
    ] = False,
    geojson: Annotated[
        Path | None,
        typer.Option(
            "--geojson",
            metavar="DIR",
            help="Also write the outlines with their measurements, for QuPath.",
        ),
    ] = None,
    task: TaskOption = Task.instances,
    channel: ChannelOption = None,
    page: Annotated[
        str | None,
        typer.Option(
            "--page",
            metavar="N|all",
            help="Use this page of stacks, counted from 0; all measures every plane of a stack or "
            "film, with the columns z, t and, where there are tracks, track.",
        ),
    ] = None,
    tracks: Annotated[
        Path | None,
        typer.Option(
            "--tracks",
            metavar="TABLE",
            help="Also write a row for each track: its length, its speed, its area over time.",
        ),
    ] = None,
    force: ForceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure the objects of OUTLINES: shape, bending, brightness, neighbours; one row each.

    Shape is measured on the outlines, not on pixels. With IMAGES of the same names, or a training
    folder, brightness and texture are measured too. Lengths are in µm where the files state their
    pixel size, else in pixels; the units of a CSV are in TABLE.units.csv. Columns of a metadata.csv
    are joined by image. docs/measurements.md explains every column.

    \b
    kontur measure worms --out worms.parquet              (a training folder)
    kontur measure outlines images --out cells.csv --pixel-size 0.325
    kontur measure a01.geojson a01.tif --out a01.csv
    kontur measure film.geojson film.tif --page all --out cells.csv --tracks tracks.csv
    """
    from kontur.measure.measure_many import measure_many
    from kontur.measure.qupath import check_folder, write_measured
    from kontur.measure.sources.find_sources import find_sources, metadata_beside, with_metadata
    from kontur.measure.sources.plane_sources import plane_sources
    from kontur.measure.tables.empty_images import empty_images_notes
    from kontur.measure.tables.table_files import check_target, targets, write_table
    from kontur.measure.tracks import measure_tracks

    side = parse_pixel_size(pixel_size)
    for target in (out, *([tracks] if tracks else [])):
        check_target(target, overwrite=force)
    number = page_or_all(page)
    if number == "all":
        planes = plane_sources(outlines, images or [], task=task.value, channel=channel)
        sources = with_metadata(planes, metadata or metadata_beside(outlines, images or []))
    else:
        sources = find_sources(
            outlines,
            images or [],
            task=task.value,
            channel=channel,
            page=number,
            metadata=metadata,
        )
    if geojson is not None:
        check_folder(geojson, sources.images, overwrite=force)
    with counter("measuring", quiet=quiet) as progress:
        measured = measure_many(
            sources.images, pixel_size=side, outlines=with_outlines, progress=progress
        )
    warnings = measured.attrs.get("warnings", ())
    print_notes((*sources.notes, *warnings, *empty_images_notes(measured)))
    courses = None if tracks is None else measure_tracks(measured)
    write_table(out, measured, overwrite=force)
    if tracks is not None and courses is not None:
        write_table(tracks, courses, overwrite=force)
    if geojson is not None:
        write_measured(geojson, sources.images, measured)
    files = [*targets(out), *(targets(tracks) if tracks else ()), *([geojson] if geojson else [])]
    typer.echo(summary(measured, len({source.name for source in sources.images})))
    typer.echo(f"\nwrote {' and '.join(map(str, files))}")


def summary(measured: "pd.DataFrame", images: int) -> str:
    """The number of images, objects and columns, and quantiles of a few columns, as text."""
    side = measured.attrs["pixel_size"]
    unit = measured.attrs["units"]["perimeter"]
    pixel_text = f" of {side:.4g} µm" if side else ""
    lengths = f"lengths in {unit}, pixels{pixel_text}" if unit == "µm" else "lengths in pixels"
    crowds = int(measured["ignore"].sum())
    lines = [
        f"{plural(images, 'image')}, {plural(len(measured), 'object')}, "
        f"{len(measured.columns)} columns; {lengths}"
    ]
    if crowds:
        lines.append(f"{plural(crowds, 'row')} of regions to ignore: column ignore is true")
    if len(measured):
        rows = [["", "unit", *QUANTILES]]
        for name in PRINTED:
            if name in measured:
                values = measured[name].quantile(list(QUANTILES.values()))
                cells = ["–" if value != value else f"{value:.4g}" for value in values]
                rows.append([name, measured.attrs["units"][name], *cells])
        lines += ["", table(rows)]
    return "\n".join(lines)
