"""The description of a label image as OME-TIFF: its size, type and the side of a pixel in µm.

As few words as OME's schema of 2016-06 demands, and no random ones: the same image gives the same
file.
"""

import numpy as np
from jaxtyping import Integer

NAMESPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06"


def describe(array: Integer[np.ndarray, "h w"], pixel_size: float | None) -> bytes:
    """The OME-XML of an image of one plane, in UTF-8.

    >>> text = describe(np.zeros((4, 5), dtype=np.uint32), 0.5).decode()
    >>> [word in text for word in ('SizeX="5" SizeY="4"', 'Type="uint32"', 'PhysicalSizeX="0.5"')]
    [True, True, True]
    """
    height, width = array.shape
    side = (
        ""
        if pixel_size is None
        else "".join(
            f' PhysicalSize{axis}="{pixel_size!r}" PhysicalSize{axis}Unit="µm"' for axis in "XY"
        )
    )
    sizes = f'SizeX="{width}" SizeY="{height}" SizeC="1" SizeZ="1" SizeT="1"'
    pixels = f'ID="Pixels:0" DimensionOrder="XYCZT" Type="{array.dtype.name}" {sizes}{side}'
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><OME xmlns="{NAMESPACE}" Creator="Kontur">'
        f'<Image ID="Image:0"><Pixels {pixels}><Channel ID="Channel:0:0" SamplesPerPixel="1"/>'
        '<TiffData IFD="0" PlaneCount="1"/></Pixels></Image></OME>'
    ).encode()
