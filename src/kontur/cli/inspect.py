"""`kontur inspect`: what a training folder holds, and what looks wrong."""

from typing import Annotated

import typer

from kontur.cli.options import ChannelOption, DataArgument, PageOption, Task, TaskOption
from kontur.cli.screen import counter


def inspect(
    data: DataArgument,
    task: TaskOption = Task.instances,
    channel: ChannelOption = None,
    page: PageOption = None,
    split: Annotated[
        str | None, typer.Option("--split", help="Inspect train, val or test only.")
    ] = None,
) -> None:
    """Report what DATA holds and what looks wrong in it.

    Recognised are images/ with labels/ or masks/, NAME_masks.* beside the image, masks/NAME/*.png,
    GeoJSON beside the image, and COCO JSON; each also below train/ and val/. The exit code is 1
    where an image or its annotation cannot be used.

    \b
    kontur inspect cells
    kontur inspect cells --task components     (binary masks)
    """
    from kontur.data.folder import open_folder
    from kontur.data.inspect import inspect as inspect_folder

    folder = open_folder(data, task=task.value, channel=channel, page=page, split=split)
    with counter("inspecting") as progress:
        report = inspect_folder(folder, progress=progress)
    typer.echo(report.text())
    if any(issue.kind == "unreadable" for issue in report.issues):
        raise typer.Exit(1)  # training would refuse them too
