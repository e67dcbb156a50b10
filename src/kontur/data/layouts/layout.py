"""Layout: the annotated images of a folder, each with the place where its objects are written."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kontur.data.planes.image_planes import plane_name
from kontur.instances import Instances

# labels, masks, outlines, or the name of a format that lists images (`coco`, `csv`)
AnnotationKind = str


@dataclass(frozen=True, eq=False)
class AnnotatedImage:
    """One image file and where its objects are written.

    Attributes:
        name: the image's name, unique in its folder but for planes of one image.
        image: the image file.
        kind: how the objects are written: `labels` (one label image), `masks` (a folder with one
            mask per object), `outlines` (a file of outlines), or the name of the format of a file
            that lists images (`coco`; read already, in `instances`).
        annotation: the label image, the folder of masks, or the file of outlines.
        ignore: a mask of regions that were not annotated, if there is one.
        instances: the objects, where they were read with the layout; else None.
        extras: what the file says of the image beside them, as in `formats.ImageAnnotation`.
        split: `train`, `val` or `test` where the layout has splits.
        page: the page that is read of image and annotation where they have several, from 0.
        is_plane: whether the other pages of the image are read too, each as an image.
        class_of_value: the classes that the values of the label image stand for, where the data
            set says so.
    """

    name: str
    image: Path
    kind: AnnotationKind
    annotation: Path
    ignore: Path | None = None
    instances: Instances | None = None
    extras: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    split: str | None = None
    page: int | None = None
    is_plane: bool = False
    class_of_value: Mapping[int, str] | None = None

    @property
    def plane_name(self) -> str:
        """The name, of a plane with its page: unique in its folder."""
        return plane_name(self.name, self.page if self.is_plane else None)

    def replace(self, **changes: object) -> "AnnotatedImage":
        """The same image with some fields exchanged."""
        return replace(self, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Layout:
    """The recognised layout of a folder.

    Attributes:
        kind: the layout's name, see `recognise_layout`.
        annotated: the images with annotation, in the order of their names.
        classes: class names if the annotation declares them.
        unannotated: names of images without annotation; they are left out.
        orphans: annotations without an image; they are left out.
        notes: sentences on other files in the folder, which are not used.
    """

    kind: str
    annotated: tuple[AnnotatedImage, ...]
    classes: tuple[str, ...] | None = None
    unannotated: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def below(self, prefix: str, *, split: str | None = None) -> "Layout":
        """The same with `prefix/` before every name, and all images given to `split`."""
        return replace(
            self,
            annotated=tuple(
                item.replace(name=f"{prefix}/{item.name}", split=split or item.split)
                for item in self.annotated
            ),
            unannotated=tuple(f"{prefix}/{name}" for name in self.unannotated),
            orphans=tuple(f"{prefix}/{name}" for name in self.orphans),
            notes=tuple(f"{prefix}: {note}" for note in self.notes),
        )


def join_layouts(layouts: list[Layout]) -> Layout:
    """Several layouts as one; classes in the order in which they are first declared."""
    kinds = list(dict.fromkeys(layout.kind for layout in layouts))
    declared = [layout.classes for layout in layouts if layout.classes is not None]
    names = dict.fromkeys(name for classes in declared for name in classes)
    return Layout(
        kind=" + ".join(kinds),
        annotated=tuple(item for layout in layouts for item in layout.annotated),
        classes=tuple(names) if declared else None,
        unannotated=tuple(name for layout in layouts for name in layout.unannotated),
        orphans=tuple(name for layout in layouts for name in layout.orphans),
        notes=tuple(note for layout in layouts for note in layout.notes),
    )
