"""File names: which files are images, masks or outputs of tools, and the names of images.

An image's name is its path inside the image folder without the ending, so `plate1/a01.tif` is
`plate1/a01`; a mask belongs to it when its own name, without a known suffix such as `_masks`,
is the same. The suffixes are those of StarDist, Cellpose and Kontur.
"""

import os
from collections.abc import Container, Iterable
from pathlib import Path

from kontur.errors import InputError
from kontur.images import zarr_store
from kontur.images.image_file import IMAGE_ENDINGS, SEGMENTATION, is_image
from kontur.images.nifti_names import PACKED

IMAGE_FOLDERS = ("images", "image", "imgs", "img", "imagesTr")  # Tr: nnU-Net
# A file with such an ending of its stem, beside its image, is the image's label image.
LABEL_SUFFIXES = ("_cp_masks", "_masks", "_mask", "_labels", "_label", ".labels", ".masks")
# What Cellpose and Kontur write beside an image that is neither an image to learn nor a label.
OUTPUT_SUFFIXES = ("_flows", "_cellprob", "_cp_output", "_cp_outlines", "_overlay", ".overlay")
WITH_OME = (".tif", ".tiff", *zarr_store.ENDINGS, ".zip")  # endings before which .ome belongs to it
IMAGE_SUFFIX = "_img"  # Cellpose's `--img_filter`: a_img.tif belongs to a_masks.tif
RECORD_FILE = "predict.json"  # what `kontur predict` notes beside the outlines that it wrote,
REPORT_FILE = "predict.parquet"  # and its table of all images
CLUSTER_FILE = "predict.cluster"  # of which a hidden file says that a cluster works there


def stem(path: Path) -> str:
    """The file's name without its ending; `.ome.tif` and `.nii.gz` are one ending.

    >>> stem(Path("plate/a01.ome.tif")), stem(Path("cell.v2.png")), stem(Path("brain.nii.gz"))
    ('a01', 'cell.v2', 'brain')
    """
    if path.name.lower().endswith(PACKED):
        return path.name[: -len(PACKED)]
    name = path.name.removesuffix(path.suffix)
    if name.lower().endswith(zarr_store.ENDING):  # of an archive
        name = name[: -len(zarr_store.ENDING)]
    return name.removesuffix(".ome") if path.suffix.lower() in WITH_OME else name


def is_raster(path: Path) -> bool:
    """Whether the ending is one of an image file: an image, a label image or a by-product."""
    return is_mask(path) and not is_output_name(stem(path))


def is_mask(path: Path) -> bool:
    """Whether objects lie in the file as the pixels of an image and nothing else, by its ending."""
    name = path.name.lower()
    return name.endswith(IMAGE_ENDINGS) and not name.endswith((SEGMENTATION, *zarr_store.ENDINGS))


def is_label_name(name: str) -> bool:
    """Whether a name marks a label image, such as `a_masks`."""
    return name.lower().endswith(LABEL_SUFFIXES)


def is_output_name(name: str) -> bool:
    """Whether a name marks a by-product, such as `a_flows`."""
    return name.lower().endswith(OUTPUT_SUFFIXES)


def partner_name(name: str) -> str:
    """The name that an image and its annotation share: known suffixes are taken off.

    >>> (
    ...     partner_name("a_img"),
    ...     partner_name("a_cp_masks"),
    ...     partner_name("a.labels"),
    ...     partner_name("plain"),
    ... )
    ('a', 'a', 'a', 'plain')
    """
    for suffix in (*LABEL_SUFFIXES, IMAGE_SUFFIX):
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return name


def walk(folder: Path, *, stop: Iterable[str] = (), deep: bool = True) -> list[tuple[str, Path]]:
    """`(name, file)` of every visible file below `folder`, sorted; names are relative, no ending.

    Folders whose relative name is in `stop` are not entered (they hold one object's mask per file);
    with `deep=False` none is. A store of Zarr is a file. Hidden files (also macOS's `._a.png`) are
    left out.
    """
    closed = set(stop)
    files: list[tuple[str, Path]] = []
    waiting: list[tuple[Path, str, tuple[str, ...]]] = [(folder, "", (os.path.realpath(folder),))]
    while waiting:
        here, prefix, above = waiting.pop()
        try:
            with os.scandir(here) as entries:
                children = [child for child in entries if not child.name.startswith(".")]
        except PermissionError:
            raise InputError(f"the folder {here} may not be read: permission denied") from None
        for child in children:
            path = here / child.name
            if not path.is_dir() or zarr_store.is_store(child.name):
                files.append((prefix + stem(path), path))
            elif deep and prefix + child.name not in closed:
                real = os.path.realpath(path)
                if real not in above:  # a link to a folder that it lies in would never end
                    waiting.append((path, prefix + child.name + "/", (*above, real)))
    return sorted(files)


def image_files(folder: Path, *, deep: bool = True) -> dict[str, Path]:
    """The images below `folder` by name; label images and by-products are not images.

    Raises `InputError` where two images have one name (`a.png` and `a.tif`).
    """
    files = [
        (name, path)
        for name, path in walk(folder, deep=deep)
        if is_image(path) and not is_label_name(name) and not is_output_name(name)
    ]
    return by_partner(files, what="image")


def images_of_folder(folder: Path, annotated: Container[str] = ()) -> dict[str, Path]:
    """The images below a folder that is named for images: there `b_mask.png` is one, by that name.

    It is not where `b.png` lies beside it, whose label image it then is, unless both are
    `annotated` elsewhere.
    """
    files = [(n, p) for n, p in walk(folder) if is_image(p) and not is_output_name(n)]
    plain = {partner_name(name) for name, _ in files if not is_label_name(name)}
    images = by_partner([(n, p) for n, p in files if not is_label_name(n)], what="image")
    for name, path in files:
        partner = partner_name(name)
        if is_label_name(name) and (
            partner not in plain or (name in annotated and partner in annotated)
        ):
            images[name] = path
    return dict(sorted(images.items()))


def by_partner(
    files: Iterable[tuple[str, Path]], *, what: str, known: Container[str] = ()
) -> dict[str, Path]:
    """Files by the name that they share with their partner; two files of one name are refused.

    A name that is `known` is that of the partner as it stands.
    """
    named: dict[str, Path] = {}
    for name, path in files:
        partner = name if name in known else partner_name(name)
        other = named.setdefault(partner, path)
        if other is not path:
            raise InputError(
                f"{path.parent} holds {other.name} and {path.name}, which are both the {what} "
                f"{partner!r}; remove or rename one of them"
            )
    return named
