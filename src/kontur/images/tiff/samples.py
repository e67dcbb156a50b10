"""What the samples of a pixel mean in a TIFF: colours, inks, stains, alpha, a palette.

Every sample is a colour, a measured channel, or transparency. Colours become red, green and blue;
transparency is taken away; measured channels stay what they are, however many. A label image keeps
the numbers as they are stored.
"""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from kontur.errors import InputError
from kontur.images.channels import COLOURS as RED_GREEN_BLUE
from kontur.images.channels import UNNAMED
from kontur.images.pictures import Colours, check_colours_show

COLOURS = {"RGB": 3, "YCBCR": 3, "SEPARATED": 4, "PALETTE": 1}  # samples of a pixel, without extra
GREY = ("MINISBLACK", "MINISWHITE", "MASK", "LINEAR_RAW", "")
ASSOCIATED, UNASSOCIATED = 1, 2  # kinds of extra samples: alpha, multiplied into the colours or not
JPEGS = (6, 7, 33007, 34892)  # compressions whose decoder makes red, green and blue of YCbCr
DECODES_COLOUR = (*JPEGS, 33003, 33004, 33005, 34712, 50001)  # JPEG 2000 and WebP too
CMYK = 1  # the set of inks
LUMA = (0.299, 0.587, 0.114)  # of red, green and blue in Y, CCIR 601, TIFF's default


def resolve(
    samples: Shaped[np.ndarray, "h w s"],
    frame: Any,
    colours: Colours,
    path: Path,
    *,
    palette: bool,
) -> Shaped[np.ndarray, "h w k"]:
    """Pixels without alpha: colours as red, green and blue, measured channels as they are.

    1 bit becomes 0 and 255. With `palette=False` a palette only displays a measured channel, as
    ImageJ's does. With `colours="indices"` the numbers are those stored, 1 bit 0 and 1.
    """
    if samples.dtype.kind not in "buif":
        advice = "; save their magnitude" if samples.dtype.kind == "c" else ""
        raise InputError(f"{path} holds {samples.dtype} values; wanted integers or floats{advice}")
    kind = getattr(frame.photometric, "name", "")
    colour, extra = _without_alpha(samples, frame, kind, path)
    if colours == "indices":
        stored = np.concatenate([colour, extra], axis=2) if extra.shape[2] else colour
        return stored.astype(np.uint8) if stored.dtype == bool else stored
    if kind == "PALETTE" and palette and frame.colormap is not None:
        return _palette_colours(colour[:, :, 0], frame.colormap)
    if kind == "SEPARATED" and colour.shape[2] == 4 and _tag(frame, 332, CMYK) == CMYK:
        colour = _from_inks(colour, path)
    elif kind == "YCBCR" and int(frame.compression) not in DECODES_COLOUR:
        colour = _from_luma(colour, frame, path)
    elif kind == "MINISWHITE":
        colour = _inverted(colour, int(frame.bitspersample), path)
    elif kind not in (*GREY, *COLOURS):
        raise InputError(
            f"{path} stores its colours as {kind}, which Kontur does not read; save it as RGB"
        )
    pixels = np.concatenate([colour, extra], axis=2) if extra.shape[2] else colour
    return pixels.astype(np.uint8) * 255 if pixels.dtype == bool else pixels


def stains_and_names(
    file: Any, frame: Any, *, channels: int, samples: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of several measured channels, and those by which any channel may be chosen.

    Stains are () of grey and of red, green and blue. Named as OME or the labels of ImageJ do, else
    "unnamed".
    """
    names = tuple(_ome_names(file, frame) or _imagej_names(file, channels))
    names = names if len(names) == samples else (UNNAMED,) * samples
    colour = getattr(frame.photometric, "name", "") in COLOURS and samples <= 3 * channels
    if samples == 1:
        return (), names
    if channels == 1 and colour and samples == 3:
        return (), RED_GREEN_BLUE
    if tuple(name.lower() for name in names) == RED_GREEN_BLUE:
        return (), names
    return names, names


def _without_alpha(
    samples: Shaped[np.ndarray, "h w s"], frame: Any, kind: str, path: Path
) -> tuple[Shaped[np.ndarray, "h w k"], Shaped[np.ndarray, "h w e"]]:
    """The colours or channels, and the extra samples that are no alpha."""
    count = samples.shape[2]
    extra = [int(sample) for sample in frame.extrasamples]
    if int(frame.samplesperpixel) != count:
        return samples, samples[:, :, :0]
    missing = count - COLOURS.get(kind, count) - len(extra)
    extra += [0] * max(0, missing)  # extra samples of unspecified meaning
    first = count - len(extra)
    colour = samples[:, :, :first]
    alpha = [first + i for i, sample in enumerate(extra) if sample in (ASSOCIATED, UNASSOCIATED)]
    kept = [i for i in range(first, count) if i not in alpha]
    if kind in COLOURS and len(kept) == 1 and (samples[:, :, kept[0]] == _top(samples.dtype)).all():
        kept = []  # an alpha that is not declared, and hides nothing
    if alpha and not kept:
        check_colours_show(colour, samples[:, :, alpha], path)
    if ASSOCIATED in extra:
        colour = _divided(colour, samples[:, :, first + extra.index(ASSOCIATED)])
    return colour, samples[:, :, kept]


def _top(dtype: np.dtype[Any]) -> float:
    return 1.0 if dtype.kind in "fb" else float(np.iinfo(dtype).max)


def _divided(
    colour: Shaped[np.ndarray, "h w k"], alpha: Shaped[np.ndarray, "h w"]
) -> Shaped[np.ndarray, "h w k"]:
    """Colours as they were before they were multiplied by alpha; where that is 0, as stored."""
    if (alpha == _top(alpha.dtype)).all():
        return colour
    share = np.where(alpha > 0, alpha, _top(alpha.dtype)) / _top(alpha.dtype)
    values = np.minimum(colour / share[:, :, None], _top(colour.dtype))
    return (np.rint(values) if colour.dtype.kind in "iu" else values).astype(colour.dtype)


def _palette_colours(
    indices: Shaped[np.ndarray, "h w"], table: Shaped[np.ndarray, "3 n"]
) -> Shaped[np.ndarray, "h w 3"]:
    """Colours by their numbers, of 8 bits where the table has no more, whoever wrote it."""
    table = np.asarray(table)
    for scale in (257, 256, 1):  # 255 as 65535, as 65280, or as 255, which the standard forbids
        if not np.any(table % scale) and table.max(initial=0) // scale < 256:
            table = (table // scale).astype(np.uint8)
            break
    return np.moveaxis(table[:, indices], 0, -1)


def _from_inks(inks: Shaped[np.ndarray, "h w 4"], path: Path) -> Shaped[np.ndarray, "h w 3"]:
    """Cyan, magenta, yellow and black as red, green and blue, without profiles, as Pillow does."""
    if inks.dtype.kind != "u":
        raise InputError(f"{path} holds printing inks as {inks.dtype}; save it as RGB")
    top = _top(inks.dtype)
    light = (top - inks[:, :, :3].astype(np.float64)) * (top - inks[:, :, 3:]) / top
    return np.rint(light).astype(inks.dtype)


def _from_luma(
    values: Shaped[np.ndarray, "h w 3"], frame: Any, path: Path
) -> Shaped[np.ndarray, "h w 3"]:
    """YCbCr of 8 bits in its full range as red, green and blue."""
    usual = [0, 255, 128, 255, 128, 255]
    reference = _rationals(_tag(frame, 532, ()))
    luma = _rationals(_tag(frame, 529, ())) or list(LUMA)
    if values.dtype != np.uint8 or (reference and reference != usual):
        raise InputError(
            f"{path} stores its colours as YCbCr in a range of its own; save it as RGB"
        )
    y, blueness, redness = np.moveaxis(values.astype(np.float64) - [0, 128, 128], 2, 0)
    red, green, blue = luma
    r = y + redness * (2 - 2 * red)
    b = y + blueness * (2 - 2 * blue)
    g = (y - blue * b - red * r) / green
    return np.rint(np.clip(np.stack([r, g, b], axis=2), 0, 255)).astype(np.uint8)


def _inverted(
    values: Shaped[np.ndarray, "h w k"], bits: int, path: Path
) -> Shaped[np.ndarray, "h w k"]:
    """White-is-zero as black-is-zero; the largest number is that of the bits that are stored."""
    if values.dtype.kind == "f":
        raise InputError(
            f"{path} declares 0 as white and holds {values.dtype} values, so the value of black is "
            "unknown; save it with black as 0"
        )
    if values.dtype.kind == "u":
        return (values.dtype.type(2**bits - 1) - values).astype(values.dtype)
    return np.invert(values)


def _tag(frame: Any, code: int, default: Any) -> Any:
    tag = frame.tags.get(code)
    return default if tag is None else tag.value


def _rationals(values: Any) -> list[float]:
    """Numbers that TIFF stores as pairs, above and below the line."""
    flat = list(values)
    if flat and isinstance(flat[0], tuple | list):
        return [above / below for above, below in flat]
    return [above / below for above, below in zip(flat[::2], flat[1::2], strict=True)]


def _ome_names(file: Any, frame: Any) -> list[str]:
    from kontur.images.pixel_size import ome_pixels

    pixels = ome_pixels(file, frame)
    channels = (
        [] if pixels is None else [n for n in pixels if n.tag.rpartition("}")[2] == "Channel"]
    )
    return [channel.get("Name") or channel.get("Fluor") or UNNAMED for channel in channels]


def _imagej_names(file: Any, channels: int) -> list[str]:
    """The labels of the channels of ImageJ's first plane, of which no two are alike."""
    labels = (file.imagej_metadata or {}).get("Labels") or []
    names = [str(label).strip() for label in labels[:channels]]
    return names if len(set(names)) == channels and all(names) else []
