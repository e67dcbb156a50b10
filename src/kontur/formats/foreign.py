"""Images of other programs that we do not read: what each is, and what to do with it.

Microscopes, scanners and cameras write hundreds of formats. We read those that Pillow and tifffile
read right (`images.IMAGE_ENDINGS`). For others a sentence names the format or its maker, and which
program turns it into one that we read, wherever images are looked for.
"""

from pathlib import Path
from typing import NamedTuple


class Foreign(NamedTuple):
    """What a file is, as a noun, and what to do with it, as an order."""

    name: str
    advice: str


def _export(program: str) -> str:
    return f"export it as OME-TIFF from {program}, or from Fiji (File > Import > Bio-Formats)"


BIOFORMATS = "open it in Fiji (File > Import > Bio-Formats) and save it as TIFF"
SLICES = "save its slices as TIFF from Fiji or 3D Slicer"
SCANS = "export the region as OME-TIFF from QuPath (File > Export images)"
CONVERT = "save it as TIFF or PNG"
FRAMES = "save its frames as TIFF from Fiji (or ffmpeg -i NAME frame%04d.png)"

FOREIGN = {  # by ending, small letters; the longest that fits counts
    ".czi": Foreign("a Zeiss CZI image", _export("ZEN")),
    ".zvi": Foreign("a Zeiss AxioVision image", BIOFORMATS),
    ".lif": Foreign("a Leica LIF image", _export("LAS X")),
    ".xlef": Foreign("a Leica project", _export("LAS X")),
    ".lof": Foreign("a Leica LOF image", _export("LAS X")),
    ".nd2": Foreign("a Nikon ND2 image", _export("NIS-Elements")),
    ".nd": Foreign("the list of a MetaMorph series", "name the TIFF or STK files beside it"),
    ".oib": Foreign("an Olympus OIB image", _export("FluoView")),
    ".oif": Foreign("an Olympus OIF image", _export("FluoView")),
    ".oir": Foreign("an Olympus OIR image", _export("cellSens or FluoView")),
    ".vsi": Foreign("an Olympus cellSens image", _export("cellSens")),
    ".ets": Foreign("a part of an Olympus cellSens image", "export the .vsi file as OME-TIFF"),
    ".ims": Foreign("an Imaris image", _export("Imaris")),
    ".mrxs": Foreign("a 3DHISTECH MIRAX scan", SCANS),
    ".vms": Foreign("a Hamamatsu scan", SCANS),
    ".vmu": Foreign("a Hamamatsu scan", SCANS),
    ".isyntax": Foreign("a Philips iSyntax scan", SCANS),
    ".sld": Foreign("a SlideBook image", _export("SlideBook")),
    ".sldy": Foreign("a SlideBook image", _export("SlideBook")),
    ".dv": Foreign("a DeltaVision image", BIOFORMATS),
    ".r3d": Foreign("a DeltaVision image", BIOFORMATS),
    ".ics": Foreign("an ICS image", BIOFORMATS),
    ".ids": Foreign("the pixels of an ICS image", BIOFORMATS),
    ".c01": Foreign("a Cellomics image", BIOFORMATS),
    ".dib": Foreign("a Cellomics image", BIOFORMATS),
    ".cxd": Foreign("a SimplePCI image", BIOFORMATS),
    ".ipw": Foreign("an Image-Pro image", BIOFORMATS),
    ".spe": Foreign("a Princeton Instruments image", BIOFORMATS),
    ".al3d": Foreign("an Alicona image", BIOFORMATS),
    ".mrc": Foreign("an MRC image of electron microscopy", BIOFORMATS),
    ".dm3": Foreign("a Gatan image", BIOFORMATS),
    ".dm4": Foreign("a Gatan image", BIOFORMATS),
    ".ser": Foreign("a FEI image", BIOFORMATS),
    ".emd": Foreign("a FEI or Velox image", BIOFORMATS),
    ".xdce": Foreign("the index of an IN Cell plate", "name the TIFF files beside it"),
    ".flex": Foreign("an Opera plate image", BIOFORMATS),
    ".mvd2": Foreign("a Volocity library", _export("Volocity")),
    ".aim": Foreign("a micro-CT volume", SLICES),
    ".zarr": Foreign(
        "a Zarr store", "save the plane as TIFF, or in Python give the array to kontur.predict"
    ),
    ".n5": Foreign(
        "an N5 store", "save the plane as TIFF, or in Python give the array to kontur.predict"
    ),
    ".h5": Foreign(
        "an HDF5 file", "save the plane as TIFF, or in Python give the array (h5py) to Kontur"
    ),
    ".hdf5": Foreign(
        "an HDF5 file", "save the plane as TIFF, or in Python give the array (h5py) to Kontur"
    ),
    ".mat": Foreign(
        "a MATLAB file", "save the picture as TIFF from MATLAB (imwrite), or use scipy.io.loadmat"
    ),
    ".npz": Foreign("several NumPy arrays", "save one of them with numpy.save (.npy), or as TIFF"),
    ".dcm": Foreign("a DICOM image", "save it as TIFF from Fiji, or use pydicom in Python"),
    ".dicom": Foreign("a DICOM image", "save it as TIFF from Fiji, or use pydicom in Python"),
    ".nii": Foreign("a NIfTI volume", SLICES),
    ".nii.gz": Foreign("a NIfTI volume", SLICES),
    ".nrrd": Foreign("an NRRD volume", SLICES),
    ".nhdr": Foreign("the heading of an NRRD volume", SLICES),
    ".mha": Foreign("a MetaImage volume", SLICES),
    ".mhd": Foreign("the heading of a MetaImage volume", SLICES),
    ".mnc": Foreign("a MINC volume", SLICES),
    ".fits": Foreign("a FITS image", "save it as TIFF from Fiji, or use astropy in Python"),
    ".jp2": Foreign("a JPEG 2000 image", CONVERT),
    ".j2k": Foreign("a JPEG 2000 image", CONVERT),
    ".jxl": Foreign("a JPEG XL image", CONVERT),
    ".jxr": Foreign("a JPEG XR image", CONVERT),
    ".heic": Foreign("an HEIC photograph", CONVERT),
    ".heif": Foreign("an HEIF photograph", CONVERT),
    ".avif": Foreign("an AVIF image", CONVERT),
    ".pgm": Foreign("a PGM image", CONVERT),
    ".ppm": Foreign("a PPM image", CONVERT),
    ".pnm": Foreign("a PNM image", CONVERT),
    ".tga": Foreign("a Targa image", CONVERT),
    ".exr": Foreign("an OpenEXR image", CONVERT),
    ".psd": Foreign("a Photoshop document", CONVERT),
    ".xcf": Foreign("a GIMP document", CONVERT),
    ".svg": Foreign("a drawing", "export it as PNG"),
    ".pdf": Foreign("a document", "export its picture as PNG or TIFF"),
    ".ai": Foreign("a drawing", "export it as PNG"),
    ".eps": Foreign("a drawing", "export it as PNG"),
    ".pptx": Foreign("a presentation", "export its picture as PNG or TIFF"),
    ".docx": Foreign("a document", "export its picture as PNG or TIFF"),
    ".dng": Foreign("a camera's raw image", "develop it and save it as TIFF"),
    ".cr2": Foreign("a Canon raw image", "develop it and save it as TIFF"),
    ".cr3": Foreign("a Canon raw image", "develop it and save it as TIFF"),
    ".nef": Foreign("a Nikon raw image", "develop it and save it as TIFF"),
    ".arw": Foreign("a Sony raw image", "develop it and save it as TIFF"),
    ".orf": Foreign("an Olympus raw image", "develop it and save it as TIFF"),
    ".raw": Foreign(
        "a raw image without a heading", "import it in Fiji (File > Import > Raw), save it as TIFF"
    ),
    ".mp4": Foreign("a film", FRAMES),
    ".avi": Foreign("a film", FRAMES),
    ".mov": Foreign("a film", FRAMES),
    ".mkv": Foreign("a film", FRAMES),
    ".wmv": Foreign("a film", FRAMES),
    ".mpg": Foreign("a film", FRAMES),
    ".webm": Foreign("a film", FRAMES),
    ".zip": Foreign("an archive", "unpack it first"),
    ".gz": Foreign("a compressed file", "unpack it first"),
    ".7z": Foreign("an archive", "unpack it first"),
    ".rar": Foreign("an archive", "unpack it first"),
    ".tar": Foreign("an archive", "unpack it first"),
}

# By their first bytes, for files whose ending is another or none.
SIGNATURES = {
    b"ZISRAWFILE": ".czi",
    b"\xda\xce\xbe\x0a": ".nd2",
    b"\x89HDF\r\n\x1a\n": ".h5",
    b"\0\0\0\x0cjP  ": ".jp2",
    b"\xff\x4f\xff\x51": ".j2k",
    b"%PDF-": ".pdf",
    b"8BPS": ".psd",
    b"PK\x03\x04": ".zip",
    b"\x1f\x8b": ".gz",
}


def ending_of(path: str | Path) -> str | None:
    """The ending of `FOREIGN` that a name has, or None.

    >>> ending_of("Plate/A1.CZI"), ending_of("brain.nii.gz"), ending_of("a.tif")
    ('.czi', '.nii.gz', None)
    """
    parts = Path(path).name.lower().split(".")
    endings = ("." + ".".join(parts[i:]) for i in range(1, len(parts)))  # the longest first
    return next((ending for ending in endings if ending in FOREIGN), None)


def recognise(path: str | Path, start: bytes = b"") -> Foreign | None:
    """What the file of another program is, by its name or else by its first bytes; None if unknown.

    >>> recognise("a.lif").name, recognise("a.dat", b"ZISRAWFILE").name, recognise("notes.txt")
    ('a Leica LIF image', 'a Zeiss CZI image', None)
    """
    ending = ending_of(path)
    if ending is None:
        found = (known for magic, known in SIGNATURES.items() if start.startswith(magic))
        ending = ".dcm" if start[128:132] == b"DICM" else next(found, None)
    return None if ending is None else FOREIGN[ending]


def sentence(path: str | Path, start: bytes = b"") -> str | None:
    """What it is and what to do, to be said of one file; None where that is not known.

    >>> sentence("a.oir")
    'a.oir is an Olympus OIR image, which Kontur does not read; export it as OME-TIFF from ...'
    """
    foreign = recognise(path, start)
    if foreign is None:
        return None
    return f"{path} is {foreign.name}, which Kontur does not read; {foreign.advice}"
