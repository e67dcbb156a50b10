"""Image files as arrays: PNG, JPEG and TIFF, what is stored and nothing silently changed.

The kind of a file is told from its first bytes, not its name. Pixels are given as stored: 8 and 16
bit, integers and floats keep their dtype; colour PNGs of 16 bit too, which Pillow alone would cut
to 8. Alpha is dropped, not blended: a microscope writes it opaque, and what lies under it was
measured. Where a camera noted how it was held (EXIF), the picture is turned upright. TIFF is in
`tiff.py`.
"""

import contextlib
import struct
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Num, Shaped

from kontur.errors import InputError

IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
OWN_OUTPUTS = (".labels.tif", ".labels.png", ".overlay.png")  # what `kontur predict` writes

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # classic and big, either byte order

Colours = Literal["rgb", "indices"]  # a palette image as its colours, or as the numbers stored


class Image(NamedTuple):
    """Pixels `(h, w, c)` in the dtype of the file, and the side of a pixel in µm where it is said.

    `pixel_size` is None where the file does not say, or says that pixels are not square.
    """

    pixels: Shaped[np.ndarray, "h w c"]
    pixel_size: float | None


def is_image(path: str | Path) -> bool:
    """Whether the name is that of an image to work on: PNG, JPEG or TIFF, by its ending.

    Hidden files and the images that Kontur itself writes are not.

    >>> (
    ...     is_image("a/well.TIF"),
    ...     is_image("notes.txt"),
    ...     is_image("well.labels.tif"),
    ...     is_image("._a.png"),
    ... )
    (True, False, False, False)
    """
    name = Path(path).name.lower()
    return (
        name.endswith(IMAGE_ENDINGS) and not name.endswith(OWN_OUTPUTS) and not name.startswith(".")
    )


def read_image(path: str | Path, *, channel: int | None = None, page: int | None = None) -> Image:
    """Read one image, any size and depth.

    `channel` (from 0) keeps one channel; `page` (from 0) picks a plane of a z-stack, a frame of a
    time series or a page, and is needed where a TIFF has several. Grey gives one channel, colour
    three, 1-bit images 0 and 255. Non-finite values are kept; see `check_finite`. Raises
    `InputError` for what is missing, empty, not an image, cut short, or a stack without `page`.
    """
    place = Path(path)
    pixels, pixel_size = _read(place, channel, page, "rgb")
    if channel is not None:
        pixels = pick_channel(pixels, channel, place)
    return Image(pixels, pixel_size)


def read_stored(path: str | Path, *, page: int | None = None) -> Shaped[np.ndarray, "h w c"]:
    """The numbers as stored, for images whose values are ids: palette indices, 0 and 1 for 1-bit.

    Errors as in `read_image`.
    """
    return _read(Path(path), None, page, "indices")[0]


def pick_channel(
    pixels: Shaped[np.ndarray, "h w c"], channel: int, path: str | Path
) -> Shaped[np.ndarray, "h w 1"]:
    """Keep one channel, counted from 0; raises `InputError` where there is no such channel."""
    count = pixels.shape[2]
    if not 0 <= channel < count:
        have = "one channel (0)" if count == 1 else f"{count} channels (0 to {count - 1})"
        raise InputError(f"{path} has {have}; channel {channel} is not among them")
    return np.ascontiguousarray(pixels[:, :, channel : channel + 1])


def check_finite(pixels: Num[np.ndarray, "*shape"], *, where: str | Path) -> None:
    """Raise `InputError` where a value is NaN or infinite; says how many. Integers always pass."""
    if np.issubdtype(pixels.dtype, np.inexact):
        bad = pixels.size - int(np.count_nonzero(np.isfinite(pixels)))
        if bad:
            raise InputError(
                f"{where}: {bad} of {pixels.size} pixel values are NaN or infinite; "
                "replace them, for instance by the background's value, and try again"
            )


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn whatever a decoder throws at a damaged or missing file into one sentence."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of broken metadata: what matters is raised
            yield
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"there is no image {path}") from None
    except IsADirectoryError:
        raise InputError(f"wanted an image file, but {path} is a folder") from None
    except PermissionError:
        raise InputError(f"{path} may not be read: permission denied") from None
    except MemoryError:
        raise InputError(f"{path} does not fit into memory") from None
    except (
        *(OSError, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError),
        *(EOFError, SyntaxError, AttributeError, AssertionError, struct.error, zlib.error),
    ) as error:  # Pillow and tifffile throw all of these at damaged files
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"{path} is damaged or cut short ({reason}); copy or export it again"
        ) from error


def _read(
    path: Path, channel: int | None, page: int | None, colours: Colours
) -> tuple[Shaped[np.ndarray, "h w c"], float | None]:
    with _reading(path):
        with path.open("rb") as file:
            start = file.read(32)
        if start.startswith(TIFF):
            from kontur.formats import tiff  # here: tifffile takes a while to import

            pixels, pixel_size = tiff.read(path, page=page, colours=colours, channel=channel)
            pixels = _native(pixels)
        elif start.startswith((PNG, JPEG)):
            if page not in (None, 0):
                raise InputError(f"{path} has one page (0); page {page} is not among them")
            pixels, pixel_size = _read_picture(path, start, colours), None
        else:
            raise InputError(f"{path} is not a PNG, JPEG or TIFF image: {_glimpse(start)}")
    if 0 in pixels.shape:
        raise InputError(f"{path} has no pixels: it is {pixels.shape[0]}×{pixels.shape[1]}")
    return pixels, pixel_size


def _read_picture(path: Path, start: bytes, colours: Colours) -> Shaped[np.ndarray, "h w c"]:
    """A PNG or JPEG, upright and without alpha."""
    from PIL import ImageOps
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile

    # The classes themselves, since PIL.Image.open refuses images above 179 million pixels.
    kind = PngImageFile if start.startswith(PNG) else JpegImageFile
    depth, colour_type = (start[24], start[25]) if kind is PngImageFile else (8, -1)
    if depth == 16 and colour_type in (2, 4, 6):
        return _read_deep_png(path, colour_type)
    with kind(path) as picture:
        picture.load()  # before the orientation, which a PNG may say at its end
        upright: Any = ImageOps.exif_transpose(picture)
        if upright.mode == "CMYK" or (upright.mode == "P" and colours == "rgb"):
            upright = upright.convert("RGB")
        pixels = np.array(upright)
        names = upright.getbands()
    if colours == "indices" and colour_type == 0 and depth < 8:
        pixels = pixels // (255 // (2**depth - 1)) if depth > 1 else pixels.astype(np.uint8)
    elif pixels.dtype == bool:
        pixels = pixels.astype(np.uint8) * 255
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    return _native(pixels[:, :, : len(names) - ("A" in names)])  # alpha comes last


def _read_deep_png(path: Path, colour_type: int) -> Shaped[np.ndarray, "h w c"]:
    """A 16-bit PNG with colour or alpha, exactly; Pillow's own reading keeps the high bytes only.

    Pillow can unpack the high byte of each value and, told that the order is the other one, the
    low byte: the two halves make the whole. Grey with alpha is unpacked as four bytes.
    """
    from PIL.PngImagePlugin import PngImageFile

    def bytes_as(unpacker: str) -> Shaped[np.ndarray, "h w c"]:
        with PngImageFile(path) as picture:
            tiles: list[Any] = [(*tile[:3], unpacker) for tile in picture.tile]
            picture.tile = tiles
            return np.asarray(picture).astype(np.uint16)

    if colour_type == 4:  # grey, alpha
        values = bytes_as("RGBA")
        return _native(values[:, :, :1] << 8 | values[:, :, 1:2])
    mode = {2: "RGB", 6: "RGBA"}[colour_type]
    return _native((bytes_as(f"{mode};16B") << 8 | bytes_as(f"{mode};16L"))[:, :, :3])


def _native(pixels: Shaped[np.ndarray, "h w c"]) -> Shaped[np.ndarray, "h w c"]:
    """Contiguous, in the byte order of the machine, and of the type that bears the usual name."""
    return np.ascontiguousarray(pixels, dtype=f"{pixels.dtype.kind}{pixels.dtype.itemsize}")


def _glimpse(start: bytes) -> str:
    if not start:
        return "the file is empty"
    words = " ".join(start.decode("latin-1").split())
    if start.isascii() and words.isprintable():
        return f"it is text and begins with {words[:24]!r}"
    return f"it begins with the bytes {start[:8].hex(' ')}"
