"""`kontur convert`: outlines from one file format to another."""

from pathlib import Path
from typing import Annotated

import typer

from kontur.cli.options import ForceOption
from kontur.wording import plural


def convert(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A file of outlines.")],
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="The file to write.")],
    image: Annotated[
        str | None,
        typer.Option("--image", help="Which image, where SOURCE describes several."),
    ] = None,
    force: ForceOption = False,
) -> None:
    """Convert outlines from one format to another.

    The endings say the formats: .geojson, .coco.json, .csv, and label images .tif or .png. A label
    image cannot hold overlaps, scores and class names; the others keep everything.

    \b
    kontur convert a01_masks.tif a01.geojson
    kontur convert annotations.json a01.labels.tif --image a01.png
    """
    from kontur import formats

    found = formats.read(source, image=image)
    formats.write(target, found, image_name=image, overwrite=force)
    typer.echo(f"{plural(len(found), 'object')} → {target}")
