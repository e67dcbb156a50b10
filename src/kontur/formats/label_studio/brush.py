"""Label Studio's brush masks: a stream of bits, runs of equal bytes and stretches of single ones.

The bytes are the red, green, blue and opacity of every pixel; what is opaque is inside. After the
run-length code of thi.ng's rle-pack, which Label Studio uses. Its bit masks are pictures.
"""

import base64
import binascii
import io
from typing import Any

import numpy as np
from jaxtyping import Bool

LARGEST = 1 << 28  # pixels of one image
CHANNELS = 4
COUNT, WORD, SIZE, WHICH = 32, 5, 4, 2  # bits of the number of bytes, and of sizes in the head


def decode(numbers: Any, size: tuple[int, int]) -> Bool[np.ndarray, "h w"]:
    """The mask of an image of `size`; ValueError where the code is damaged."""
    height, width = size
    if height * width > LARGEST:
        raise ValueError(f"an image of {height}×{width} is too large")
    stream = _Bits(numbers)
    count, word = stream.number(COUNT), stream.number(WORD) + 1
    lengths = [stream.number(SIZE) + 1 for _ in range(4)]
    if count != height * width * CHANNELS or word > 8:
        raise ValueError(f"its code is of {count} bytes and not of an image of {height}×{width}")
    content = np.zeros(count, dtype=np.uint8)
    at = 0
    while at < count:
        repeated = stream.number(1)
        end = at + 1 + stream.number(lengths[stream.number(WHICH)])
        if end > count:
            raise ValueError("its code has more bytes than the image")
        content[at:end] = stream.numbers(word, 1 if repeated else end - at)
        at = end
    return content.reshape(height, width, CHANNELS)[:, :, CHANNELS - 1] > 0


def from_png(text: Any, size: tuple[int, int]) -> Bool[np.ndarray, "h w"]:
    """The mask of a `data:image/png;base64,` text: what is opaque; ValueError for any other."""
    from PIL import Image, UnidentifiedImageError

    try:
        content = base64.b64decode(str(text).partition("base64,")[2], validate=True)
        picture = Image.open(io.BytesIO(content), formats=["PNG"])
        if (picture.height, picture.width) != size:
            raise ValueError(f"its mask is of {picture.height}×{picture.width} pixels")
        return np.asarray(picture.convert("RGBA"))[:, :, CHANNELS - 1] > 0
    except (binascii.Error, UnidentifiedImageError, OSError, SyntaxError, EOFError) as error:
        raise ValueError(f"its mask is no picture ({type(error).__name__})") from None


class _Bits:
    """A stream of bits, read from its start."""

    def __init__(self, numbers: Any) -> None:
        content = np.asarray(numbers)
        if content.ndim != 1 or content.dtype.kind not in "iu" or not len(content):
            raise ValueError("its code is no list of bytes")
        if content.min() < 0 or content.max() > 255:
            raise ValueError("its code is no list of bytes")
        self.bits = np.unpackbits(content.astype(np.uint8))
        self.at = 0

    def number(self, bits: int) -> int:
        """The next number of so many bits, the highest first."""
        number = 0
        for bit in self._next(bits).tolist():
            number = number << 1 | bit
        return number

    def numbers(self, bits: int, count: int) -> np.ndarray:
        """The next `count` numbers of up to eight bits."""
        rows = self._next(bits * count).reshape(count, bits)
        return np.packbits(rows, axis=1)[:, 0] >> (8 - bits)

    def _next(self, bits: int) -> np.ndarray:
        if self.at + bits > len(self.bits):
            raise ValueError("its code is cut short")
        self.at += bits
        return self.bits[self.at - bits : self.at]
