"""Image files as arrays: what is stored, and nothing changed in silence.

The kind of a file follows from its first bytes, not its name. Pixels are given as stored: 8 and 16
bit, integers and floats keep their dtype. Pictures are read by `pictures`, TIFF by `tiff.planes`,
arrays by `arrays`, volumes by `nifti.volume`, stores of Zarr by `ome_zarr.image`, scans of slides
by `slides`, what lies inside a labelme file by `embedded_picture`; an unsupported file is named by
`unsupported_images`, with what to do.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Num, Shaped

from kontur.errors import DamagedFileError, InputError, NoSuchPageError
from kontur.images import (
    embedded_picture,
    nifti_names,
    pictures,
    slides,
    unsupported_images,
    zarr_store,
)
from kontur.images.arrays import image_array, pick_channel, plane_in_array
from kontur.images.channels import Channel, channel_names
from kontur.images.lazy_pixels import LazyPixels, OpenImage, native, one_channel
from kontur.images.nifti import channels as nifti_channels
from kontur.images.nifti import header as nifti_header
from kontur.images.nifti import volume as nifti
from kontur.images.pictures import Colours
from kontur.images.read_errors import reading
from kontur.instances.plane import Plane, plane_of_page

IMAGE_ENDINGS = (
    *(".png", ".jpg", ".jpeg", ".tif", ".tiff", ".btf"),  # .btf: BigTIFF
    *(".bmp", ".gif", ".webp", ".npy"),
    *(".lsm", ".stk", ".svs", ".ndpi", ".scn", ".bif", ".qptiff"),  # TIFF by other names
    *nifti_names.ENDINGS,
    *slides.SCANS,
    *zarr_store.ENDINGS,
)
IMAGE_KINDS = "PNG, JPEG, TIFF, BMP, GIF, WebP, NPY, NIfTI or OME-Zarr"  # for sentences
# What `kontur predict` writes, and Cellpose's results.
SEGMENTATION = "_seg.npy"  # objects and pickled, see `cellpose_masks`
LABELS = (".labels.tif", ".labels.png", ".labels.ome.zarr", ".labels.nii.gz", ".labels.nii")
OUTPUTS = (*LABELS, ".overlay.png", ".overlay.tif", SEGMENTATION)

NPY = b"\x93NUMPY"
LAZY = 1 << 26  # bytes of pixels above which a file is read in windows,
SMALL = 1 << 20  # and of a file below which it cannot hold so many
HEAD = 348  # bytes that identify a file; those of NIfTI come last
TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # classic and big, either byte order


class Image(NamedTuple):
    """Pixels `(h, w, c)` in the dtype of the file, and the side of a pixel in µm where it is known.

    `pixel_size` is None where the file does not give it, or pixels are not square. `stains`
    are the names of several measured channels, which are no red, green and blue; () of grey and of
    colour. `plane` is the one of a stack that a `page` picked.
    """

    pixels: Shaped[np.ndarray, "h w c"]
    pixel_size: float | None
    stains: tuple[str, ...] = ()
    plane: Plane | None = None


def is_image(path: str | Path) -> bool:
    """Whether the name is that of an image to work on, by its ending.

    Hidden files and what Kontur and Cellpose write as results are not, nor is a further channel of
    an image in several files, see `nifti.channels`.

    >>> (
    ...     is_image("a/well.TIF"),
    ...     is_image("notes.txt"),
    ...     is_image("well.labels.tif"),
    ...     is_image("._a.png"),
    ... )
    (True, False, False, False)
    """
    name = Path(path).name.lower()
    if not name.endswith(IMAGE_ENDINGS) or name.endswith(OUTPUTS) or name.startswith("."):
        return False
    return not nifti_channels.is_further(Path(path))


def read_image(
    path: str | Path, *, channel: Channel | None = None, page: int | None = None
) -> Image:
    """Read one image, any size and depth.

    `channel` (from 0, or by its name in the file) keeps one channel; `page` (from 0) picks a plane
    of a z-stack, a frame of a time series or a page, and is needed where a file has several. Grey
    gives one channel, colour three, 1-bit images 0 and 255. Non-finite values are kept; see
    `check_finite`. Raises `InputError` for what is missing, empty, not an image, cut short, or a
    stack without `page`.
    """
    with _damage_first(Path(path), page):
        return _read(Path(path), channel, page, "rgb")


def open_image(
    path: str | Path, *, channel: Channel | None = None, page: int | None = None
) -> OpenImage:
    """The image, of which windows are read when they are asked for where it is large.

    A large TIFF is read in windows as far as its pixels can be understood one by one, and so are an
    OME-Zarr, a volume that is not compressed and a scan of `slides`; every other image is read as
    `read_image` does. Arguments and errors as there.
    """
    with _damage_first(Path(path), page):
        return _open(Path(path), channel, page)


@contextlib.contextmanager
def _damage_first(path: Path, page: int | None) -> Iterator[None]:
    """Of a file without this page its damage is the error, if it has any: pages may be missing."""
    try:
        yield
    except NoSuchPageError:
        if page:
            try:
                _open(path, None, 0)
            except DamagedFileError:
                raise
            except InputError:  # of another kind, which whoever opens the page 0 is told
                pass
        raise


def _open(where: Path, channel: Channel | None, page: int | None) -> OpenImage:
    if zarr_store.is_store(where):
        from kontur.images.ome_zarr import windows as zarr_windows  # which needs the package zarr

        image = zarr_windows.open_windows(where, page=page, channel=channel)
        if image is not None and image.pixels.nbytes > LAZY:
            return image
        return OpenImage(*_read(where, channel, page, "rgb"))
    with reading(where):
        if slides.is_slide(where):
            return slides.open_slide(where, page=page, channel=channel)
        with where.open("rb") as file:
            start = file.read(HEAD)
        if start.startswith(TIFF) and where.stat().st_size > SMALL:
            from kontur.images.tiff import planes as tiff

            opened = tiff.open_windows(where, page=page, channel=channel)
            if opened is not None and opened[0].pixels.nbytes > LAZY:
                image, names = opened
                return image if channel is None else one_channel(image, channel, where, names)
        if nifti_header.is_header(start):
            volume = nifti.open_windows(where, page=page)
            if volume is not None and volume.pixels.nbytes > LAZY:
                return volume if channel is None else picked(volume, channel, where)
    return OpenImage(*_read(where, channel, page, "rgb"))


def read_stored(path: str | Path, *, page: int | None = None) -> Image:
    """The numbers as stored, for images whose values are ids: palette indices, 0 and 1 for 1-bit.

    Errors as in `read_image`.
    """
    return _read(Path(path), None, page, "indices")


def picked(image: Image | OpenImage, channel: Channel, where: Any) -> OpenImage:
    """One channel of an image that is read or opened; errors as of `channels.channel_number`."""
    names = channel_names(image.stains, image.pixels.shape[2])
    if isinstance(image, OpenImage) and isinstance(image.pixels, LazyPixels):
        return one_channel(image, channel, where, names)
    kept = pick_channel(np.asarray(image.pixels), channel, where, names)
    return OpenImage(kept, image.pixel_size, plane=image.plane)


def files_of(path: str | Path) -> list[Path]:
    """The files that an image consists of; some may be missing.

    Of a store its files, of a place in an archive the archive, of OME-TIFF, scans of slides (DICOM
    too) and cases of nnU-Net in several files all of them, the one of this path first. Raises
    `OSError` where this one cannot be read.
    """
    path = Path(path)
    place = zarr_store.place_of(path)
    if place is not None and place.store.is_file():
        return [place.store]
    if path.is_dir():
        return zarr_store.files_of(path)
    with path.open("rb") as file:
        is_tiff = file.read(HEAD).startswith(TIFF)
    try:
        if not is_tiff:
            return [*nifti_channels.files_of_case(path), *slides.other_files(path)]
        from kontur.images.tiff import planes as tiff

        with reading(path):
            return [path, *tiff.other_files(path)]
    except InputError:  # whoever opens it says what is wrong
        return [path]


def check_finite(pixels: Num[np.ndarray, "*shape"], *, where: str | Path) -> None:
    """Raise `InputError` where values are NaN or infinite, with their number; integers pass."""
    if np.issubdtype(pixels.dtype, np.inexact):
        bad = pixels.size - int(np.count_nonzero(np.isfinite(pixels)))
        if bad:
            raise InputError(
                f"{where}: {bad} of {pixels.size} pixel values are NaN or infinite; "
                "replace them, for instance by the background's value, and try again"
            )


def _read(path: Path, channel: Channel | None, page: int | None, colours: Colours) -> Image:
    if zarr_store.is_store(path):
        from kontur.images.ome_zarr import image as ome_zarr  # which needs the package zarr

        return Image(*ome_zarr.read(path, page=page, channel=channel))
    with reading(path):
        if slides.is_slide(path):
            scan = slides.open_slide(path, page=page, channel=channel)
            return Image(np.asarray(scan.pixels), *scan[1:])
        with path.open("rb") as file:
            start = file.read(HEAD)
        if start.startswith(TIFF):
            from kontur.images.tiff import planes as tiff  # here: tifffile takes a while to import

            plane = tiff.read(path, page=page, colours=colours, channel=channel)
            image = Image(native(plane.pixels), plane.pixel_size, plane.stains, plane.plane)
            names = plane.names
        elif pictures.kind_of(start) is not None:
            pixels = pictures.read(path, start, page=page, colours=colours)
            frames = pictures.count_frames(path, start) if page == 0 else None
            image = Image(pixels, None, plane=plane_of_page(page, frames))
            names = channel_names((), pixels.shape[2])
        elif path.suffix.lower() == ".json":
            with embedded_picture.unpacked(path) as inside:
                return _read(inside, channel, page, colours)
        elif start.startswith(NPY):
            return _read_npy(path, channel, page, colours)
        elif nifti.is_volume(path, start):
            volume = nifti.read(path, page=page, colours=colours)
            image = Image(volume.pixels, volume.pixel_size, volume.stains, volume.plane)
            names = channel_names(volume.stains, volume.pixels.shape[2])
        else:
            known = unsupported_images.sentence(path, start)
            raise InputError(
                known or f"{path} is not an image that Kontur reads: {_describe_start(start)}"
            )
    if 0 in image.pixels.shape:
        height, width = image.pixels.shape[:2]
        raise InputError(f"{path} has no pixels: it is {height}×{width}")
    if channel is None:
        return image
    return Image(
        pick_channel(image.pixels, channel, path, names), image.pixel_size, plane=image.plane
    )


def _read_npy(path: Path, channel: Channel | None, page: int | None, colours: Colours) -> Image:
    """An array that NumPy saved, without Python objects: unpacking these would run code."""
    if _holds_objects(path):
        raise InputError(
            f"{path} holds Python objects (as Cellpose's _seg.npy does), not the pixels of an "
            "image; save the array of pixels alone"
        )
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    if array.dtype == bool and colours == "indices":
        array = array.astype(np.uint8)
    pixels = np.array(image_array(array, channel=channel, page=page, where=str(path)))
    return Image(pixels, None, plane=plane_in_array(array, page))


def _holds_objects(path: Path) -> bool:
    with path.open("rb") as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0
        read = np.lib.format.read_array_header_2_0 if version > (1, 0) else read
        return bool(read(file)[2].hasobject)


def _describe_start(start: bytes) -> str:
    if not start:
        return "the file is empty"
    words = " ".join(start.decode("latin-1").split())
    if start.isascii() and words.isprintable():
        return f"it is text and begins with {words[:24]!r}"
    return f"it begins with the bytes {start[:8].hex(' ')}"
