"""Truth: the annotated objects with which predictions are compared, with or without images.

A training folder has both. Where only annotations are left (two folders of label images, two COCO
files) they are compared by the names of their files; nothing but their images' sizes is missing,
on which the boundary IoU alone depends.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from kontur.data.annotations.annotation_options import classes_of_values
from kontur.data.annotations.folder_tables import column_of, read_tables, rows_where
from kontur.data.folder import Folder, open_folder
from kontur.data.layouts.recognise_layout import recognise_layout
from kontur.data.pairing.find_predictions import PlanesSource, find_planes
from kontur.data.pairing.mask_task import check_masks
from kontur.data.pairing.prediction_files import are_annotations, every_mask, prediction_files
from kontur.data.planes.image_planes import Page, Pages, lazy_planes
from kontur.data.planes.places import places_by_page
from kontur.errors import InputError
from kontur.images.channels import Channel
from kontur.images.nnunet_dataset import meaning_of_labels


@dataclass(frozen=True, eq=False)
class Truth:
    """The objects of named images.

    Attributes:
        path: the folder or file that was opened.
        sources: for each image, by its name, the function that gives the objects of its planes; of
            an image that is no stack, or of which one page was chosen, that is one.
        metadata: the columns of `metadata.csv` by image name.
        files: the image of each name, or where there is none the file of its annotation.
        class_of_value: the class of each pixel value of semantic masks; None without such masks.
        coco: the COCO JSON files that number the images, if the annotations are of such.
        warnings: sentences on what was left out and on likely mistakes.
        page: the one page of stacks that was chosen, from 0, if it was.
        alone: whether these are annotations without images.
    """

    path: Path
    sources: Mapping[str, PlanesSource]
    metadata: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)
    class_of_value: Mapping[int, str] | None = None
    coco: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()
    page: int | None = None
    alone: bool = False

    @classmethod
    def of_folder(cls, folder: Folder) -> "Truth":
        """The annotations of a training folder."""
        samples = folder.samples

        by_name: dict[str, dict[Page, int]] = {}
        for index, item in enumerate(folder.annotated):
            by_name.setdefault(item.name, {})[item.page] = index

        def source(places: Mapping[Page, int]) -> PlanesSource:
            pages = [*places] if len(places) > 1 else [None]
            indices = dict(zip(pages, places.values(), strict=True))
            image = folder.annotated[next(iter(places.values()))].image
            return lambda: lazy_planes(
                pages,
                lambda page: samples[indices[page]].instances,
                places_by_page(image) if len(places) > 1 else {},
            )

        return cls(
            path=folder.path,
            sources={name: source(places) for name, places in by_name.items()},
            metadata=folder.metadata,
            files={item.name: item.image for item in folder.annotated},
            class_of_value=folder.options.class_of_value,
            coco=tuple(dict.fromkeys(e.annotation for e in folder.annotated if e.kind == "coco")),
            warnings=folder.warnings,
            page=folder.annotated[0].page if len({e.page for e in folder.annotated}) == 1 else None,
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the images."""
        return tuple(self.sources)

    def column(self, name: str) -> dict[str, str]:
        """One column of `metadata.csv` by image name, of all images; `InputError` for a gap."""
        return column_of(self.metadata, self.names, name, root=self.path)

    def where(self, conditions: Iterable[str]) -> "Truth":
        """The images for which every `COLUMN=VALUE` of `metadata.csv` holds, see `rows_where`."""
        chosen = rows_where(self.metadata, self.names, conditions, root=self.path)
        return replace(self, sources={name: self.sources[name] for name in chosen})


def open_truth(
    path: str | Path,
    *,
    task: str = "instances",
    channel: Channel | None = None,
    page: Pages = None,
    split: str | None = None,
) -> Truth:
    """The annotations of a training folder or COCO JSON, or annotations that lie alone.

    Options and errors as in `open_folder`.
    """
    root = Path(path)
    try:
        return Truth.of_folder(
            open_folder(root, task=task, channel=channel, page=page, split=split)
        )
    except InputError as error:
        if not _only_annotations(root, page):
            raise
        if split is not None:
            raise InputError(f"{root} holds annotations without images, and no splits") from error
    task, named = meaning_of_labels(root, task)
    if task == "semantic" and named is None:
        named = classes_of_values(every_mask(root, page))
    sources = find_planes(root, task=task, class_of_value=named, page=page)
    tables = read_tables(root, tuple(sources))
    if tables.classes is not None:
        raise InputError(
            f"{tables.classes.path} gives classes to the objects of images, and {root} holds "
            "annotations without images; put the images there too"
        )
    issues = (*tables.issues, *check_masks(root, task=task, page=page))
    return Truth(
        path=root,
        sources=sources,
        metadata=tables.metadata,
        files=dict.fromkeys(sources, root) if root.is_file() else prediction_files(root),
        class_of_value=named,
        coco=(root,) if root.is_file() else (),
        warnings=tuple(map(str, issues)),
        page=None if page == "all" else page,
        alone=True,
    )


def _only_annotations(place: Path, page: Pages) -> bool:
    """Whether a place that is no training folder holds outlines or label images by themselves."""
    try:
        recognise_layout(place)
    except InputError:
        pass
    else:
        return False  # a training folder in which something else is wrong
    try:
        sources = prediction_files(place)
    except InputError:
        return False
    return len(sources) > 0 and are_annotations(prediction_files(place), page=page)
