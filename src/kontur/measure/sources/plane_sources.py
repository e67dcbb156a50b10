"""Sources of stacks and films: every plane of each file of outlines, with its page of the image."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from kontur import formats
from kontur.data.file_names import is_mask
from kontur.data.layouts.layout import Layout
from kontur.data.pairing.mask_task import classes_of_masks
from kontur.data.pairing.pair_names import name_of_image, pair
from kontur.data.pairing.prediction_files import prediction_files
from kontur.data.planes.image_planes import chosen_pages, page_in_image, states_all_planes
from kontur.data.planes.places import Place, check_labels_fit, places_of, plane_on
from kontur.data.planes.predicted_pages import PredictedPages
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.formats.nifti.space import check_same_space
from kontur.images import zarr_store
from kontur.images.channels import Channel
from kontur.images.image_file import open_image, read_image
from kontur.images.nnunet_dataset import meaning_of_labels
from kontur.images.pixel_sides import Sides, stated_sides
from kontur.images.pixel_size import square_side
from kontur.infer.inputs import find_inputs
from kontur.instances import Instances
from kontur.instances.plane import Plane
from kontur.measure.in_windows import Outlines
from kontur.measure.sources.exchanged import refuse_exchanged
from kontur.measure.sources.find_sources import (
    check_belongs_to_none,
    check_no_image,
    check_outlines,
    notes_on,
    of_folder,
    recognise,
    unmeasured,
)
from kontur.measure.sources.large_outlines import is_large
from kontur.measure.sources.source import LargePicture, Picture, Source, Sources
from kontur.wording import counted


def plane_sources(
    outlines: Path,
    images: Sequence[str] = (),
    *,
    task: str = "instances",
    channel: Channel | None = None,
) -> Sources:
    """A source for each plane of each image, in their order; errors as in `find_sources`.

    Objects that name no plane are on the page that `predict.json` beside them notes; `InputError`
    where nothing tells it and their image has several. A plane without objects has no rows, and so
    no source.
    """
    if not outlines.exists():
        raise InputError(f"there are no outlines {outlines}")
    refuse_exchanged(outlines, images)
    layout, entries = recognise(outlines, images)
    if layout is not None:
        return _of_layout(outlines, layout, images, task, channel)
    check_outlines(outlines, images, "all")
    planes = _planes_of(outlines, task, entries)
    names = list(dict.fromkeys(name for name, *_ in planes))
    files = {file.name: file.path for file in find_inputs(images)} if images else {}
    pairs = {there: name for name, there in pair(tuple(files), tuple(names)).items()}
    if len(names) == len(files) == 1:  # whatever they are called, they were named together
        pairs = {names[0]: next(iter(files))}
    check_no_image((path for *_, path in planes), files)
    missing = [name for name in names if files and name not in pairs]
    if missing:
        if not pairs:
            check_belongs_to_none(outlines)
        raise InputError(f"no image has the name of {counted(missing, 'image')} of {outlines}")
    masks = {name: path for name, _, _, path in planes if name in pairs and states_all_planes(path)}
    for name, path in masks.items():
        check_same_space(path, files[pairs[name]])
        check_labels_fit(path, files[pairs[name]])
    places = {name: places_of(files[image]) for name, image in pairs.items()}
    records = PredictedPages(outlines)

    def stated_plane(name: str, plane: Plane | None, objects: Outlines, path: Path) -> Plane | None:
        if plane is not None or not len(objects) or len(places.get(name, ())) < 2:
            return plane
        return _predicted_plane(records, path, files[pairs[name]])

    return Sources(
        tuple(
            _source(
                pairs.get(name, name),
                objects,
                stated_plane(name, plane, objects, path),
                path,
                files,
                places.get(name),
                channel,
            )
            for name, plane, objects, path in planes
        ),
        (*notes_on(outlines, task, "all"), *unmeasured(files, {*pairs.values()})),
    )


def _predicted_plane(records: PredictedPages, path: Path, image: Path) -> Plane:
    """The plane of a stack on which the outlines of a file lie that names none, by the record."""
    page, places = records.page_of(path), places_of(image)
    if page is None or page >= len(places):
        raise InputError(
            f"{path} does not say on which plane its outlines lie, and {image} has {len(places)} "
            "pages; give --page N, the page that they were drawn on"
        )
    return plane_on(page, places)


def _of_layout(
    place: Path, layout: Layout, images: Sequence[str], task: str, channel: Channel | None
) -> Sources:
    """The planes of the annotated images of a training folder, those without objects too."""
    folder, sources = of_folder(place, layout, images, task=task, channel=channel, page="all")
    planes = [
        None if item.page is None else plane_on(item.page, places_of(item.image))
        for item in folder.annotated
    ]
    in_planes = [replace(one, plane=at) for one, at in zip(sources.images, planes, strict=True)]
    return replace(sources, images=tuple(in_planes))


def _planes_of(
    place: Path, task: str, entries: Sequence[ImageAnnotation] | None
) -> list[tuple[str, Plane | None, Outlines, Path]]:
    """The name, the plane, the objects and the file of each plane of each image.

    `entries` are those of the file where it was read already. Raises `InputError` where two images
    have one name.
    """
    files = prediction_files(place)
    task, named = meaning_of_labels(place, task)
    class_of_value = named or classes_of_masks(place, task, "all")
    planes: list[tuple[str, Plane | None, Outlines, Path]] = []
    holders: dict[str, Path] = {}  # the file of each image
    for name, path in files.items():
        of_file = _read(path, task, class_of_value) if entries is None else _outlines(entries)
        file_names = dict.fromkeys(file_name for file_name, _, _ in of_file)
        several = formats.format_of(path).several_images
        if not several or (len(file_names) == 1 and zarr_store.is_folder(place)):
            names = dict.fromkeys(file_names, name)  # a file of one image is called as the image
        else:
            folder = PurePath(name).parent
            names = {inside: (folder / name_of_image(inside)).as_posix() for inside in file_names}
        for image in names.values():
            if image in holders:
                raise InputError(
                    f"{image!r} is the name of two images, of one in {holders[image]} and one in "
                    f"{path}; rename one of them"
                )
            holders[image] = path
        planes += [(names[inside], plane, objects, path) for inside, plane, objects in of_file]
    return planes


def _read(
    path: Path, task: str, class_of_value: Mapping[int, str] | None
) -> list[tuple[str, Plane | None, Outlines]]:
    """The name in the file, the plane and the objects of each plane of each image of a file."""
    if is_large(path):
        return [(*key, objects) for key, objects in formats.read_to_disk(path).items()]
    pages = chosen_pages(path, "all") if is_mask(path) else [None]
    entries = [
        entry
        for page in pages
        for entry in formats.read_images(path, page=page, task=task, class_of_value=class_of_value)
    ]
    if len(pages) > 1:  # a plane without objects has no rows
        entries = [entry for entry in entries if len(entry.instances)] or entries[:1]
    return _outlines(entries)


def _outlines(entries: Iterable[ImageAnnotation]) -> list[tuple[str, Plane | None, Outlines]]:
    return [(one.file_name, one.instances.plane, one.instances) for one in entries]


def _source(
    name: str,
    objects: Outlines,
    plane: Plane | None,
    path: Path,
    files: Mapping[str, Path],
    places: Sequence[Place] | None,
    channel: Channel | None,
) -> Source:
    place = plane or Plane()

    def page() -> int | None:
        assert places is not None
        number = page_in_image(place, path, files[name])
        return number if len(places) > 1 or place.page is not None else None

    stated = place
    if places is not None and len({depth for depth, _ in places}) > 1:
        # An image that knows depths: pages of no declared meaning are called times.
        number = page()
        stated = place if number is None or number >= len(places) else plane_on(number, places)

    def sides() -> Sides | None:
        image = None if places is None else files[name]
        return stated_sides(image, page=page() if image else None) or stated_sides(path, page=None)

    def read() -> Picture:
        whole = objects if isinstance(objects, Instances) else Instances.concat([*objects.parts()])
        if places is None:
            return Picture(whole, None, square_side(sides() or ()))
        image = read_image(files[name], channel=channel, page=page())
        side = image.pixel_size or square_side(sides() or ())
        return Picture(whole, image.pixels, side)

    def open_() -> LargePicture:
        if places is None:
            return LargePicture(objects, None, square_side(sides() or ()))
        image = open_image(files[name], channel=channel, page=page())
        side = image.pixel_size or square_side(sides() or ())
        return LargePicture(objects, image.pixels, side)

    return Source(name, read, open_, plane=stated, sides=sides)
