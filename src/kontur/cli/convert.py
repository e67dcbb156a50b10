"""`kontur convert`: outlines from one file format to another."""

from pathlib import Path
from typing import Annotated

import typer

from kontur.cli.options import ForceOption, PageOption, Task, TaskOption
from kontur.wording import plural


def convert(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A file of outlines.")],
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="The file to write.")],
    image: Annotated[
        str | None,
        typer.Option(
            "--image",
            metavar="FILE|NAME",
            help="The image of the outlines, whose size counts; or which one, where SOURCE "
            "describes several.",
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            "--size",
            metavar="HxW",
            help="The image's height and width in pixels, where SOURCE does not give them.",
        ),
    ] = None,
    task: TaskOption = Task.instances,
    page: PageOption = None,
    force: ForceOption = False,
) -> None:
    """Convert outlines from one format to another.

    The endings decide the formats: {endings}. What a format cannot hold is counted. A label image
    needs the image's size, and so does COCO JSON for objects with holes.

    \b
    kontur convert a01_masks.tif a01.geojson
    kontur convert annotations.json a01.labels.tif --image a01.png
    kontur convert a01.geojson a01.labels.tif --size 1024x1360
    """
    from kontur.data.pairing import check_masks
    from kontur.formats.conversion import convert, parse_size

    made = convert(
        source,
        target,
        image=image,
        size=None if size is None else parse_size(size),
        page=page,
        task=task.value,
        overwrite=force,
    )
    several = f" in {plural(made.images, 'image')}" if made.images > 1 else ""
    typer.echo(f"{plural(made.objects, 'object')}{several} → {target}")
    for note in (*made.losses, *map(str, check_masks(source, task=task.value, page=page))):
        typer.echo(f"  {note}")
