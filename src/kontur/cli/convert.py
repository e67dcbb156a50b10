"""`kontur convert`: outlines from one file format to another, of files and of whole folders."""

from pathlib import Path
from typing import Annotated

import typer

from kontur.cli.options import ForceOption, PageOption, Task, TaskOption
from kontur.wording import plural


def convert(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="SOURCE...", help="Files of outlines, or folders of them."),
    ],
    target: Annotated[
        Path, typer.Argument(metavar="TARGET", help="The file to write; with --format a folder.")
    ],
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="What to write, where the ending of TARGET does not say it: {formats}.",
        ),
    ] = None,
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
            help="The image's height and width in pixels, where SOURCE does not give them; nothing "
            "is resized.",
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option("--split", metavar="SPLIT", help="Only train, val or test of a data set."),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            metavar="COLUMN=VALUE",
            help="Only images of data sets for which it holds in metadata.csv; repeatable.",
        ),
    ] = None,
    share: Annotated[
        float,
        typer.Option("--share", metavar="PART", help="This part of the images, such as 0.1."),
    ] = 1.0,
    val: Annotated[
        float | None,
        typer.Option(
            "--val", metavar="PART", help="This part goes into val/, the rest into train/."
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            "--group",
            metavar="COLUMN|PATTERN",
            help="With --val: images with the same value in a column of metadata.csv stay "
            "together, or those with names that agree in the part in parentheses: "
            "'(slide[0-9]+)_'.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Which images --share and --val draw.")] = 0,
    images: Annotated[
        str,
        typer.Option(
            "--images",
            metavar="copy|link|none",
            help="Whether the images of data sets come along, where the new format has them.",
        ),
    ] = "none",
    task: TaskOption = Task.instances,
    page: PageOption = None,
    force: ForceOption = False,
) -> None:
    """Convert outlines from one format to another.

    The endings decide the formats: {endings}. {read_only} are read. What a format cannot hold is
    counted. Of several SOURCEs, and of a folder, all images are written: into one file, where the
    format lists images, or with --format into a folder. A label image needs the image's size, and
    so does COCO JSON for objects with holes.

    \b
    kontur convert a01_masks.tif a01.geojson
    kontur convert annotations.json a01.labels.tif --image a01.png
    kontur convert a01.geojson a01.labels.tif --size 1024x1360
    kontur convert TRAINING_FOLDER all.cvat.xml
    kontur convert PLATE1 PLATE2 FOLDER --format yolo
    kontur convert DATASET small.coco.json --split train --where stain=DAPI --share 0.1
    kontur convert DATASET NEW --format yolo --val 0.2 --images copy
    """
    from kontur.data.conversion.convert_file import convert, parse_size
    from kontur.data.conversion.convert_folders import convert_folders, is_file_target
    from kontur.data.pairing.mask_task import check_masks
    from kontur.errors import InputError
    from kontur.images.nnunet_dataset import meaning_of_labels
    from kontur.images.zarr_store import is_folder

    chosen = split is not None or bool(where) or share != 1
    thinned = chosen or val is not None or group is not None or images != "none"
    single = (
        not thinned
        and len(sources) == 1
        and not is_folder(sources[0])
        and is_file_target(target, format)
    )
    if not single and (image is not None or size is not None):
        raise InputError(
            "--image and --size are of one file; of a folder the images give the sizes"
        )
    if single:
        made = convert(
            sources[0],
            target,
            image=image,
            size=None if size is None else parse_size(size),
            page=page,
            task=task.value,
            format=format,
            overwrite=force,
        )
    else:
        made = convert_folders(
            sources,
            target,
            format=format,
            page=page,
            task=task.value,
            split=split,
            where=where or (),
            share=share,
            val=val,
            group=group,
            seed=seed,
            images=images,
            overwrite=force,
        )
    several = f" in {plural(made.images, 'image')}" if made.images > 1 else ""
    typer.echo(f"{plural(made.objects, 'object')}{several} → {target}")
    meaning, _ = meaning_of_labels(sources[0], task.value)
    issues = check_masks(sources[0], task=meaning, page=page) if single else []
    for note in (*made.losses, *map(str, issues)):
        typer.echo(f"  {note}")
