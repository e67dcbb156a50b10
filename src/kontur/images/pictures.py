"""Pictures that Pillow reads: PNG, JPEG, BMP, GIF and WebP, what is stored and nothing changed.

Colour PNGs of 16 bit are read whole, which Pillow alone would cut to 8. Alpha is dropped, not
blended: a microscope writes it opaque, and what lies under it was measured. Where the transparency
alone shows something, as in a layer exported by a drawing program, that is refused. Where a camera
noted how it was held (EXIF), the picture is oriented upright.
"""

import io
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Shaped

from kontur.errors import InputError
from kontur.images.jpeg_ends import ends_early
from kontur.images.jpeg_kinds import END
from kontur.images.lazy_pixels import native
from kontur.images.read_errors import damaged
from kontur.images.stack import chosen_page

Colours = Literal["rgb", "indices"]  # a palette image as its colours, or as the numbers stored

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
MOST = {  # bytes of pixels that a byte of the file can hold, by how each compresses
    **{"PNG": 1100, "JPEG": 4000, "GIF": 4100, "BMP": 256},
    "WEBP": 10**9,  # a picture of one colour is a few bytes; its sides are at most 16383
}


def kind_of(start: bytes) -> str | None:
    """Which of these a file is, by its first bytes, as Pillow calls it; None for none of them.

    >>> kind_of(b"GIF89a..."), kind_of(b"BM plus the heading of a text")
    ('GIF', None)
    """
    if start.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        return "WEBP"
    if start.startswith(b"BM") and start[6:10] == b"\0\0\0\0" and start[15:18] == b"\0\0\0":
        return "BMP"
    return "PNG" if start.startswith(PNG) else "JPEG" if start.startswith(JPEG) else None


def read(
    path: Path, start: bytes, *, page: int | None, colours: Colours
) -> Shaped[np.ndarray, "h w c"]:
    """The picture upright and without alpha; of an animation the frame number `page`."""
    from PIL.Image import DecompressionBombError

    kind = kind_of(start)
    assert kind is not None
    depth, colour_type = (start[24], start[25]) if kind == "PNG" else (8, -1)
    # Of a JPEG the bytes are looked at too, and a file on a shared disk is read once.
    content = path.read_bytes() if kind == "JPEG" else b""
    with _opened(io.BytesIO(content) if content else path, kind) as picture:
        _check_claim(path, picture, kind)
        frames = getattr(picture, "n_frames", 1)
        page = chosen_page(page, frames, path, f"an animation of {frames} frames")
        try:
            picture.seek(page)
            picture.load()  # before the orientation, which a PNG may store at its end
            if kind == "JPEG":
                _check_end(path, picture, content)
        except DecompressionBombError as error:  # a frame of an animation claims too much
            raise ValueError(error) from None
        if depth == 16 and colour_type in (2, 4, 6):
            return oriented(_deep_png(path, colour_type), picture.getexif().get(ORIENTATION, 1))
        pixels = pixels_of(picture, colours, where=path)
    if depth == 16:
        return pixels.astype(np.uint16)  # which some versions of Pillow give as 32 bits
    if colours == "indices" and colour_type == 0 and 1 < depth < 8:
        return pixels // (255 // (2**depth - 1))  # Pillow stretches a few bits to eight
    return pixels


def count_frames(path: Path, start: bytes) -> int:
    """The frames of an animation; 1 of other pictures."""
    kind = kind_of(start)
    assert kind is not None
    with _opened(path, kind) as picture:
        return int(getattr(picture, "n_frames", 1))


ORIENTATION = 0x0112  # the tag of EXIF and of TIFF


def oriented(pixels: Shaped[np.ndarray, "h w *c"], orientation: int) -> Shaped[np.ndarray, "..."]:
    """Pixels in upright orientation: `orientation` is where the stored first row and column are.

    1: top and left, as usual; 2: top, right; 3: bottom, right; 4: bottom, left; 5: left, top;
    6: right, top; 7: right, bottom; 8: left, bottom. Anything else is taken as 1.

    >>> oriented(np.array([[1, 2, 3]]), 6)
    array([[1],
           [2],
           [3]])
    >>> oriented(np.array([[1, 2, 3]]), 3)
    array([[3, 2, 1]])
    """
    if orientation in (5, 6, 7, 8):
        pixels = np.swapaxes(pixels, 0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels


def pixels_of(
    picture: Any, colours: Colours, *, where: str | Path = "the image"
) -> Shaped[np.ndarray, "h w c"]:
    """A picture of Pillow upright, without alpha: 1 bit as 0 and 255, or as indices 0 and 1."""
    from PIL import ImageOps

    upright: Any = ImageOps.exif_transpose(picture)
    if upright.mode in ("CMYK", "YCbCr", "LAB", "HSV") or (
        upright.mode in ("P", "PA") and colours == "rgb"
    ):
        upright = upright.convert("RGBA" if "transparency" in upright.info else "RGB")
    elif upright.mode in ("RGBa", "La"):
        upright = upright.convert({"RGBa": "RGBA", "La": "LA"}[upright.mode])
    pixels = np.array(upright)
    if pixels.dtype == bool:
        pixels = pixels.astype(np.uint8) * (1 if colours == "indices" else 255)
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    kept = sum(name not in "AX" for name in upright.getbands())  # alpha and padding come last
    if "A" in upright.getbands():
        check_colours_show(pixels[:, :, :kept], pixels[:, :, kept:], where)
    return native(pixels[:, :, :kept])


def check_colours_show(
    colours: Shaped[np.ndarray, "h w k"], alpha: Shaped[np.ndarray, "h w a"], where: str | Path
) -> None:
    """`InputError` where every pixel is of one colour and the transparency alone differs."""
    if _is_constant(colours) and not _is_constant(alpha):
        raise InputError(
            f"{where} is of one colour, and only its transparency shows something, which Kontur "
            "does not read; save it without transparency, or the transparency as grey"
        )


def _is_constant(samples: Shaped[np.ndarray, "h w k"]) -> bool:
    return samples.size == 0 or bool((samples == samples[:1, :1]).all())


def _opened(file: Path | io.BytesIO, kind: str) -> Any:
    # The classes themselves, since PIL.Image.open refuses images above 179 million pixels.
    from PIL import BmpImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

    classes: dict[str, Any] = {
        "PNG": PngImagePlugin.PngImageFile,
        "JPEG": JpegImagePlugin.JpegImageFile,
        "BMP": BmpImagePlugin.BmpImageFile,
        "GIF": GifImagePlugin.GifImageFile,
        "WEBP": WebPImagePlugin.WebPImageFile,
    }
    return classes[kind](file)


def _check_end(path: Path, picture: Any, content: bytes) -> None:
    """Refuse a JPEG whose end stands before its last pixel: it is grey from there on."""
    last = np.atleast_1d(picture.getpixel((picture.width - 1, picture.height - 1)))

    def decode(content: bytes) -> Shaped[np.ndarray, "h w *c"]:
        with type(picture)(io.BytesIO(content + END)) as again:
            return np.array(again)

    if ends_early(content, decode, last, shown=lambda: np.array(picture)):
        raise damaged(path)


def _check_claim(path: Path, picture: Any, kind: str) -> None:
    """Refuse a picture that claims more pixels than its bytes can hold, before room is made."""
    width, height = picture.size
    check_claimed_size(
        path, (height, width), width * height // 8, MOST[kind]
    )  # 1 bit a pixel at least


def check_claimed_size(path: Path, size: tuple[int, int], claimed: int, most: int) -> None:
    """`InputError` where `claimed` bytes are more than `most` times those of the file."""
    present = path.stat().st_size
    if claimed > most * (present + 64):
        height, width = size
        raise InputError(
            f"{path} is damaged or cut short (it claims {height:,}×{width:,} pixels and has only "
            f"{present:,} bytes); copy or export it again"
        )


def _deep_png(path: Path, colour_type: int) -> Shaped[np.ndarray, "h w c"]:
    """A 16-bit PNG with colour or alpha, exactly; Pillow's own reading keeps the high bytes only.

    Pillow can unpack the high byte of each value and, with the opposite byte order, the low byte:
    the two halves make the whole. Grey with alpha is unpacked as four bytes.
    """
    from PIL.PngImagePlugin import PngImageFile

    def bytes_as(unpacker: str) -> Shaped[np.ndarray, "h w c"]:
        with PngImageFile(path) as picture:
            tiles: list[Any] = [(*tile[:3], unpacker) for tile in picture.tile]
            picture.tile = tiles
            return np.asarray(picture).astype(np.uint16)

    if colour_type == 4:  # grey, alpha
        high_and_low = bytes_as("RGBA")
        values = high_and_low[:, :, ::2] << 8 | high_and_low[:, :, 1::2]
    else:
        mode = {2: "RGB", 6: "RGBA"}[colour_type]
        values = bytes_as(f"{mode};16B") << 8 | bytes_as(f"{mode};16L")
    kept = 1 if colour_type == 4 else 3
    check_colours_show(values[:, :, :kept], values[:, :, kept:], path)
    return native(values[:, :, :kept])
