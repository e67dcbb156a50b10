"""Sources: what the command is to measure, found by the names of files.

Outlines are a training folder (images, annotations and `metadata.csv` in one), or files of any
format that `formats` reads, alone or with the images of the same names. What has no partner is
reported, and its objects are measured as far as they can be: none is left out.
"""

import os
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from kontur.data.annotations.folder_tables import METADATA_FILE, read_metadata
from kontur.data.file_names import is_label_name, is_mask, stem
from kontur.data.folder import Folder, open_folder
from kontur.data.layouts.coco_layout import NoImagesFoundError, lists_images
from kontur.data.layouts.enclosing_folder import enclosing_note
from kontur.data.layouts.layout import Layout
from kontur.data.layouts.recognise_layout import recognise_layout
from kontur.data.pairing.mask_task import check_masks
from kontur.data.pairing.pair_names import pair
from kontur.data.pairing.prediction_files import are_annotations, prediction_files
from kontur.data.planes.image_planes import Pages, states_all_planes
from kontur.data.planes.places import label_page, places_by_page
from kontur.errors import InputError
from kontur.formats import ImageAnnotation, find_format
from kontur.formats.nifti.space import check_same_space
from kontur.images import zarr_store
from kontur.images.channels import Channel
from kontur.images.image_file import open_image, read_image
from kontur.images.nnunet_dataset import meaning_of_labels
from kontur.images.pixel_sides import Sides, stated_sides
from kontur.images.pixel_size import square_side
from kontur.infer.inputs import InputImage, find_inputs
from kontur.measure.sources import large_outlines
from kontur.measure.sources.exchanged import refuse_exchanged
from kontur.measure.sources.large_outlines import Reader, with_page_checked
from kontur.measure.sources.source import LargePicture, Picture, Source, Sources
from kontur.wording import counted, listed, quoted

WANTED = (
    "what is measured are outlines that kontur predict wrote, annotations, or label images, with "
    "the images named behind them (kontur measure OUTLINES IMAGES), or a training folder alone"
)


def find_sources(
    outlines: Path,
    images: Sequence[str] = (),
    *,
    task: str = "instances",
    channel: Channel | None = None,
    page: int | None = None,
    metadata: Path | None = None,
    layout: Layout | None = None,
) -> Sources:
    """The images to measure in OUTLINES and, if given, IMAGES, with their outlines.

    `task` is the meaning of the values of masks: instances, components or semantic. `channel` and
    `page` choose one of each image, from 0; by default all channels are measured. `metadata` is a
    table with one row per image; else `metadata.csv` beside the outlines, the images or the images'
    folder is taken. `layout` is that of OUTLINES where it is known already. Raises
    `InputError` where nothing can be measured, outlines and images are exchanged, no name of an
    image is that of an outline file, or a table is wrong.
    """
    if not outlines.exists():
        raise InputError(f"there are no outlines {outlines}")
    refuse_exchanged(outlines, images)
    recognised = Recognised(layout) if layout is not None else recognise(outlines, images)
    layout, entries = recognised
    if layout is not None:
        _, sources = of_folder(outlines, layout, images, task=task, channel=channel, page=page)
        return with_metadata(sources, metadata)
    check_outlines(outlines, images, page)
    readers = large_outlines.readers_of(outlines, task=task, page=page, entries=entries)
    notes = notes_on(outlines, task, page)
    if not images:
        files = prediction_files(outlines)
        checked = {
            n: with_page_checked(r, files.get(n, outlines), page) for n, r in readers.items()
        }
        listed = [_source(name, reader, None) for name, reader in checked.items()]
        sources = Sources(tuple(listed), notes)
    else:
        inputs = find_inputs(images)
        sources = _with_images(readers, inputs, outlines, channel=channel, page=page)
        sources = replace(sources, notes=(*notes, *sources.notes))
    return with_metadata(sources, metadata or metadata_beside(outlines, images))


def notes_on(outlines: Path, task: str, page: Pages) -> tuple[str, ...]:
    """Warnings about outlines that lie alone: the folder that they are part of, doubtful masks."""
    task, _ = meaning_of_labels(outlines, task)
    belongs = enclosing_note(outlines)
    doubts = map(str, check_masks(outlines, task=task, page=page))
    return (*([belongs] if belongs else ()), *doubts)


class Recognised(NamedTuple):
    """The layout of a folder or a COCO file with images and annotations; None of outlines alone.

    Files that list images are read for it: their objects are in the layout, or, of a file of which
    no image was found, in `entries`.
    """

    layout: Layout | None
    entries: tuple[ImageAnnotation, ...] | None = None


def recognise(place: Path, images: Sequence[str] = ()) -> Recognised:
    """What a place holds, so far as it has to be read for that.

    With images named beside it, a file or a folder of outlines is no training folder, only one in
    which other images lie: each of them would be taken for a label image.
    """
    if place.is_file() and (images or not lists_images(place)):
        return Recognised(None)
    try:
        layout = recognise_layout(place)
    except NoImagesFoundError as error:
        return Recognised(None, error.described if place.is_file() else None)
    except InputError:
        return Recognised(None)
    if not layout.annotated or (images and _all_are_outlines(place, layout)):
        return Recognised(None)
    return Recognised(layout)


def _all_are_outlines(folder: Path, layout: Layout) -> bool:
    """Whether the files of a training folder that are taken for outlines are its annotations."""
    try:
        files = prediction_files(folder).values()
    except InputError:  # an image and its label image have one name
        return False
    annotations = {item.annotation for item in layout.annotated}
    return all(file in annotations or not is_mask(file) for file in files)


def check_outlines(place: Path, images: Sequence[str], page: Pages) -> None:
    """`InputError` where a folder has photographs whose annotations were not understood."""
    if not zarr_store.is_folder(place) or find_format(place) is not None:
        return
    files = prediction_files(place)
    if images:  # label images may then lie among outlines
        files = {n: p for n, p in files.items() if is_mask(p) and not is_label_name(stem(p))}
    if not are_annotations(files, page=page):
        recognise_layout(place, wanted=WANTED)  # raises, and says why


def of_folder(
    place: Path,
    layout: Layout,
    images: Sequence[str] = (),
    *,
    task: str,
    channel: Channel | None,
    page: Pages,
) -> tuple[Folder, Sources]:
    """A training folder, and its images in the same order; errors as in `open_folder`.

    Of `images`, where they are named, those that are its own; `InputError` where none is.
    """
    folder = open_folder(place, task=task, channel=channel, page=page, layout=layout)
    notes = folder.warnings
    if images:
        folder, left_out = _named_in(folder, find_inputs(images))
        notes = (*notes, *left_out)
    samples = folder.samples

    def sides(index: int) -> Callable[[], Sides | None]:
        item = folder.annotated[index]
        return lambda: stated_sides(item.image, item.annotation, page=item.page)

    def reader(index: int) -> Callable[[], Picture]:
        def read() -> Picture:
            sample = samples[index]
            side = sample.pixel_size or square_side(sides(index)() or ())
            return Picture(sample.instances, sample.image, side)

        return read

    sources = [
        replace(
            Source.whole(name, reader(index), folder.metadata.get(name, {})), sides=sides(index)
        )
        for index, name in enumerate(folder.names)
    ]
    return folder, Sources(tuple(sources), notes, training=True)


def _named_in(folder: Folder, inputs: Sequence[InputImage]) -> tuple[Folder, list[str]]:
    """The images of a training folder that are among the inputs, and notes on all others."""
    named = {os.path.realpath(image.path): image.name for image in inputs}
    real = {item.name: os.path.realpath(item.image) for item in folder.annotated}
    chosen = [name for name, path in real.items() if path in named]
    if not chosen:
        raise InputError(
            f"{folder.path} is a training folder, which brings its own images, and "
            f"{inputs[0].path} is none of them; give the training folder alone, or the folder of "
            "its annotations with these images"
        )
    rest = [name for name in real if name not in chosen]
    notes = [f"not measured, not being named: {counted(rest, 'image')}"] if rest else []
    known = {*real.values()}
    notes += unmeasured(named.values(), [name for path, name in named.items() if path in known])
    return folder.subset(chosen), notes


def _with_images(
    readers: Mapping[str, Reader],
    inputs: Sequence[InputImage],
    outlines: Path,
    *,
    channel: Channel | None,
    page: int | None,
) -> Sources:
    """Outlines with their images."""
    files = {file.name: file.path for file in inputs}
    _check_unambiguous(readers, files)
    pairs = pair(tuple(files), tuple(readers))
    if len(readers) == len(files) == 1:  # whatever they are called, they were named together
        pairs = dict(zip(files, readers, strict=True))
    if not pairs:
        outline_example, image_example = next(iter(readers)), next(iter(files))
        check_belongs_to_none(outlines)
        raise InputError(
            f"no outlines in {outlines} (such as {outline_example}) have the name of an image "
            f"(such as {image_example}); an image a01.tif and its outlines a01.geojson belong "
            "together"
        )

    stored = prediction_files(outlines)
    check_no_image(stored.values(), files)
    for name, outline_name in pairs.items():
        if (path := stored.get(outline_name)) is not None:
            check_same_space(path, files[name])
            if states_all_planes(path):
                label_page(path, files[name], page)  # raises where they do not fit
    names = {prediction: name for name, prediction in pairs.items()}
    images = [
        _source(
            names.get(outline_name, outline_name),
            reader,
            files.get(names.get(outline_name, "")),
            channel=channel,
            page=page,
        )
        for outline_name, reader in readers.items()
    ]
    without_image = [name for name in readers if name not in names]
    notes = []
    if without_image:
        what = counted(without_image, "outline file")
        notes.append(f"no image has the name of {what}: measured without intensities")
    return Sources(tuple(images), (*notes, *unmeasured(files, pairs)))


def check_belongs_to_none(outlines: Path) -> None:
    """`InputError` for annotations of a training folder, which has images of their names."""
    if (belongs := enclosing_note(outlines)) is not None:
        raise InputError(f"no outlines have the name of an image; {belongs}")


def _check_unambiguous(readers: Iterable[str], files: Mapping[str, Path]) -> None:
    """`InputError` where outlines could be of several images, which folders or endings tell."""
    alike: dict[str, list[Path]] = {}
    for path in files.values():
        alike.setdefault(stem(path), []).append(path)
    for outline_name in readers:
        paths = alike.get(PurePosixPath(outline_name).name, [])
        if len(paths) > 1 and outline_name not in files:
            raise InputError(
                f"{len(paths)} images have the name {quoted(stem(paths[0]))} "
                f"({listed(map(str, paths))}), and the outlines {quoted(outline_name)} could be of "
                "each; give the one that they were drawn on"
            )


def check_no_image(outlines: Iterable[Path], files: Mapping[str, Path]) -> None:
    """`InputError` where a label image was named as an image too."""
    named = {os.path.realpath(path) for path in files.values()}
    for path in outlines:
        if is_mask(path) and os.path.realpath(path) in named:
            raise InputError(
                f"{path} is given as outlines and as their image; give the outlines alone, or "
                "the image on which they were drawn"
            )


def unmeasured(images: Iterable[str], outlined: Container[str]) -> list[str]:
    """A note on the images that are not among those with outlines, if there are any."""
    without = [name for name in images if name not in outlined]
    return [f"not measured, having no outlines: {counted(without, 'image')}"] if without else []


def _source(
    name: str,
    outlines: Reader,
    image: Path | None,
    *,
    channel: Channel | None = None,
    page: int | None = None,
) -> Source:
    at = None if image is None or page is None else places_by_page(image).get(page)

    def sides() -> Sides | None:
        return stated_sides(image, page=page) or outlines.sides()

    def read() -> Picture:
        if image is None:
            return Picture(outlines.read(), None, square_side(sides() or ()))
        whole = read_image(image, channel=channel, page=page)
        side = whole.pixel_size or square_side(sides() or ())
        return Picture(outlines.read(at), whole.pixels, side)

    def open_() -> LargePicture:
        if image is None:
            return LargePicture(outlines.open(None), None, square_side(sides() or ()))
        picture = open_image(image, channel=channel, page=page)
        side = picture.pixel_size or square_side(sides() or ())
        return LargePicture(outlines.open(at), picture.pixels, side)

    return Source(name, read, open_, sides=sides)


def metadata_beside(outlines: Path, images: Sequence[str]) -> Path | None:
    """The table `metadata.csv` beside outlines or images; None without."""
    places = [outlines if outlines.is_dir() else outlines.parent]
    for image_path in map(Path, images):
        places += [image_path if image_path.is_dir() else image_path.parent]
        places += [places[-1].parent] if image_path.is_dir() else []
    files = (place / METADATA_FILE for place in places)
    return next((file for file in files if file.is_file()), None)


def with_metadata(sources: Sources, path: Path | None) -> Sources:
    """The sources with their rows of a table, where there is one."""
    if path is None:
        return sources
    if not path.is_file():
        raise InputError(f"there is no table {path}")
    rows = read_metadata(path)
    names = tuple(source.name for source in sources.images)
    pairs = pair(names, tuple(rows))
    images = [
        replace(source, metadata=rows[pairs[source.name]]) if source.name in pairs else source
        for source in sources.images
    ]
    without = [name for name in names if name not in pairs]
    notes = [f"{path} has no row for {counted(without, 'image')}"] if without else []
    return replace(sources, images=tuple(images), notes=(*sources.notes, *notes))
