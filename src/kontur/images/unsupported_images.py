"""Image formats that are not read: what each is, and what to do with such a file.

Microscopes, scanners and cameras write hundreds of formats. We read those that Pillow and tifffile
read right (`image_file.IMAGE_ENDINGS`). For others a sentence names the format or its maker, and
the program that converts it into one that we read.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from kontur import extra
from kontur.images.nifti_names import ONE_FILE, PACKED


class UnsupportedFormat(NamedTuple):
    """The name of a format, with its article, and the advice on its files, an imperative."""

    name: str
    advice: str


def _export(program: str) -> str:
    return f"export it as OME-TIFF from {program}, or from Fiji (File > Import > Bio-Formats)"


BIOFORMATS = "open it in Fiji (File > Import > Bio-Formats) and save it as TIFF"
SLICES = "save its slices as TIFF from Fiji or 3D Slicer"
SCANS = "export the region as OME-TIFF from QuPath (File > Export images)"
CONVERT = "save it as TIFF or PNG"
PHOTOGRAPH = f"{CONVERT}, from GIMP for example"
FRAMES = "save its frames as TIFF from Fiji (or ffmpeg -i NAME frame%04d.png)"

UNSUPPORTED = {  # by ending, small letters; the longest that fits counts
    ".czi": UnsupportedFormat("a Zeiss CZI image", _export("ZEN")),
    ".zvi": UnsupportedFormat("a Zeiss AxioVision image", BIOFORMATS),
    ".lif": UnsupportedFormat("a Leica LIF image", _export("LAS X")),
    ".xlef": UnsupportedFormat("a Leica project", _export("LAS X")),
    ".lof": UnsupportedFormat("a Leica LOF image", _export("LAS X")),
    ".nd2": UnsupportedFormat("a Nikon ND2 image", _export("NIS-Elements")),
    ".nd": UnsupportedFormat(
        "the list of a MetaMorph series", "name the TIFF or STK files beside it"
    ),
    ".oib": UnsupportedFormat("an Olympus OIB image", _export("FluoView")),
    ".oif": UnsupportedFormat("an Olympus OIF image", _export("FluoView")),
    ".oir": UnsupportedFormat("an Olympus OIR image", _export("cellSens or FluoView")),
    ".vsi": UnsupportedFormat("an Olympus cellSens image", _export("cellSens")),
    ".ets": UnsupportedFormat(
        "a part of an Olympus cellSens image", "export the .vsi file as OME-TIFF"
    ),
    ".ims": UnsupportedFormat("an Imaris image", _export("Imaris")),
    ".isyntax": UnsupportedFormat("a Philips iSyntax scan", SCANS),
    ".sld": UnsupportedFormat("a SlideBook image", _export("SlideBook")),
    ".sldy": UnsupportedFormat("a SlideBook image", _export("SlideBook")),
    ".dv": UnsupportedFormat("a DeltaVision image", BIOFORMATS),
    ".r3d": UnsupportedFormat("a DeltaVision image", BIOFORMATS),
    ".ics": UnsupportedFormat("an ICS image", BIOFORMATS),
    ".ids": UnsupportedFormat("the pixels of an ICS image", BIOFORMATS),
    ".c01": UnsupportedFormat("a Cellomics image", BIOFORMATS),
    ".dib": UnsupportedFormat("a Cellomics image", BIOFORMATS),
    ".cxd": UnsupportedFormat("a SimplePCI image", BIOFORMATS),
    ".ipw": UnsupportedFormat("an Image-Pro image", BIOFORMATS),
    ".spe": UnsupportedFormat("a Princeton Instruments image", BIOFORMATS),
    ".al3d": UnsupportedFormat("an Alicona image", BIOFORMATS),
    ".mrc": UnsupportedFormat("an MRC image of electron microscopy", BIOFORMATS),
    ".dm3": UnsupportedFormat("a Gatan image", BIOFORMATS),
    ".dm4": UnsupportedFormat("a Gatan image", BIOFORMATS),
    ".ser": UnsupportedFormat("a FEI image", BIOFORMATS),
    ".emd": UnsupportedFormat("a FEI or Velox image", BIOFORMATS),
    ".xdce": UnsupportedFormat("the index of an IN Cell plate", "name the TIFF files beside it"),
    ".flex": UnsupportedFormat("an Opera plate image", BIOFORMATS),
    ".mvd2": UnsupportedFormat("a Volocity library", _export("Volocity")),
    ".aim": UnsupportedFormat("a micro-CT volume", SLICES),
    ".n5": UnsupportedFormat(
        "an N5 store", "save the plane as TIFF, or in Python give the array to kontur.predict"
    ),
    ".h5": UnsupportedFormat(
        "an HDF5 file", "save the plane as TIFF, or in Python give the array (h5py) to Kontur"
    ),
    ".hdf5": UnsupportedFormat(
        "an HDF5 file", "save the plane as TIFF, or in Python give the array (h5py) to Kontur"
    ),
    ".mat": UnsupportedFormat(
        "a MATLAB file", "save the picture as TIFF from MATLAB (imwrite), or use scipy.io.loadmat"
    ),
    ".npz": UnsupportedFormat(
        "several NumPy arrays", "save one of them with numpy.save (.npy), or as TIFF"
    ),
    ".dcm": UnsupportedFormat("a DICOM image", "save it as TIFF from Fiji"),
    ".dicom": UnsupportedFormat("a DICOM image", "save it as TIFF from Fiji"),
    ".hdr": UnsupportedFormat("the heading of a pair of files, as Analyze has it", ONE_FILE),
    ".img": UnsupportedFormat("the pixels of a pair of files, as Analyze has it", ONE_FILE),
    ".nrrd": UnsupportedFormat("an NRRD volume", SLICES),
    ".nhdr": UnsupportedFormat("the heading of an NRRD volume", SLICES),
    ".mha": UnsupportedFormat("a MetaImage volume", SLICES),
    ".mhd": UnsupportedFormat("the heading of a MetaImage volume", SLICES),
    ".mnc": UnsupportedFormat("a MINC volume", SLICES),
    ".fits": UnsupportedFormat(
        "a FITS image", "save it as TIFF from Fiji, or use astropy in Python"
    ),
    ".jp2": UnsupportedFormat("a JPEG 2000 image", PHOTOGRAPH),
    ".j2k": UnsupportedFormat("a JPEG 2000 image", PHOTOGRAPH),
    ".jxl": UnsupportedFormat("a JPEG XL image", PHOTOGRAPH),
    ".jxr": UnsupportedFormat("a JPEG XR image", f"{CONVERT}, from IrfanView for example"),
    ".jls": UnsupportedFormat("a JPEG-LS image", f"{CONVERT}, from IrfanView for example"),
    ".heic": UnsupportedFormat("an HEIC photograph", PHOTOGRAPH),
    ".heif": UnsupportedFormat("an HEIF photograph", PHOTOGRAPH),
    ".avif": UnsupportedFormat("an AVIF image", PHOTOGRAPH),
    ".pgm": UnsupportedFormat("a PGM image", CONVERT),
    ".ppm": UnsupportedFormat("a PPM image", CONVERT),
    ".pnm": UnsupportedFormat("a PNM image", CONVERT),
    ".tga": UnsupportedFormat("a Targa image", CONVERT),
    ".exr": UnsupportedFormat("an OpenEXR image", CONVERT),
    ".psd": UnsupportedFormat("a Photoshop document", CONVERT),
    ".xcf": UnsupportedFormat("a GIMP document", CONVERT),
    ".svg": UnsupportedFormat("a drawing", "export it as PNG"),
    ".pdf": UnsupportedFormat("a document", "export its picture as PNG or TIFF"),
    ".ai": UnsupportedFormat("a drawing", "export it as PNG"),
    ".eps": UnsupportedFormat("a drawing", "export it as PNG"),
    ".pptx": UnsupportedFormat("a presentation", "export its picture as PNG or TIFF"),
    ".docx": UnsupportedFormat("a document", "export its picture as PNG or TIFF"),
    ".dng": UnsupportedFormat("a camera's raw image", "develop it and save it as TIFF"),
    ".cr2": UnsupportedFormat("a Canon raw image", "develop it and save it as TIFF"),
    ".cr3": UnsupportedFormat("a Canon raw image", "develop it and save it as TIFF"),
    ".nef": UnsupportedFormat("a Nikon raw image", "develop it and save it as TIFF"),
    ".arw": UnsupportedFormat("a Sony raw image", "develop it and save it as TIFF"),
    ".orf": UnsupportedFormat("an Olympus raw image", "develop it and save it as TIFF"),
    ".raw": UnsupportedFormat(
        "a raw image without a heading", "import it in Fiji (File > Import > Raw), save it as TIFF"
    ),
    ".mp4": UnsupportedFormat("a film", FRAMES),
    ".avi": UnsupportedFormat("a film", FRAMES),
    ".mov": UnsupportedFormat("a film", FRAMES),
    ".mkv": UnsupportedFormat("a film", FRAMES),
    ".wmv": UnsupportedFormat("a film", FRAMES),
    ".mpg": UnsupportedFormat("a film", FRAMES),
    ".webm": UnsupportedFormat("a film", FRAMES),
    ".zip": UnsupportedFormat("an archive", "unpack it first"),
    ".gz": UnsupportedFormat("a compressed file", "unpack it first"),
    ".7z": UnsupportedFormat("an archive", "unpack it first"),
    ".rar": UnsupportedFormat("an archive", "unpack it first"),
    ".tar": UnsupportedFormat("an archive", "unpack it first"),
}
POSSIBLE_SCANS = (".czi", ".dcm", ".dicom")  # which OpenSlide reads where they are of a slide

# By their first bytes, for files whose ending is another or none.
SIGNATURES = {
    b"ZISRAWFILE": ".czi",
    b"\xda\xce\xbe\x0a": ".nd2",
    b"\x89HDF\r\n\x1a\n": ".h5",
    b"\0\0\0\x0cjP  ": ".jp2",
    b"\xff\x4f\xff\x51": ".j2k",
    b"\xff\x0a": ".jxl",
    b"\0\0\0\x0cJXL ": ".jxl",
    b"II\xbc\x01": ".jxr",
    b"%PDF-": ".pdf",
    b"8BPS": ".psd",
    b"PK\x03\x04": ".zip",
    b"\x1f\x8b": ".gz",
}
# By what stands behind `ftyp`, as HEIC photographs and films begin.
BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis"), ".heic"),
    **dict.fromkeys((b"mif1", b"msf1"), ".heif"),
    **dict.fromkeys((b"avif", b"avis"), ".avif"),
}


def ending_of(path: str | Path) -> str | None:
    """The ending of `UNSUPPORTED` that a name has, or None.

    >>> ending_of("Plate/A1.CZI"), ending_of("a.tif.gz"), ending_of("brain.nii.gz")
    ('.czi', '.gz', None)
    """
    if Path(path).name.lower().endswith(PACKED):  # which is read, and is no mere .gz
        return None
    parts = Path(path).name.lower().split(".")
    endings = ("." + ".".join(parts[i:]) for i in range(1, len(parts)))  # the longest first
    return next((ending for ending in endings if ending in UNSUPPORTED), None)


def recognise(path: str | Path, start: bytes = b"") -> UnsupportedFormat | None:
    """The unsupported format of a file, by its name or else by its first bytes; None if unknown.

    >>> recognise("a.lif").name, recognise("a.dat", b"ZISRAWFILE").name, recognise("notes.txt")
    ('a Leica LIF image', 'a Zeiss CZI image', None)
    """
    ending = _ending(path, start)
    return None if ending is None else UNSUPPORTED[ending]


def _ending(path: str | Path, start: bytes) -> str | None:
    ending = ending_of(path)
    if ending is None:
        endings = (known for magic, known in SIGNATURES.items() if start.startswith(magic))
        of_brand = BRANDS.get(start[8:12]) if start[4:8] == b"ftyp" else None
        ending = ".dcm" if start[128:132] == b"DICM" else next(endings, of_brand)
    return ending


def advice_on(ending: str, *, in_folder: bool) -> str:
    """What to do with a file of an ending of `UNSUPPORTED`, named itself or found in a folder.

    Scans of slides are read where they are named and OpenSlide is there, which the extra `slides`
    brings: it is of no use for other images of their endings.
    """
    advice = UNSUPPORTED[ending].advice
    without = find_spec("openslide") is None
    if ending not in POSSIBLE_SCANS or not (without or in_folder):
        return advice
    after = f" after {extra.install('slides')}" if without else ""
    named = " where the file itself is named" if in_folder else ""
    return f"{advice}; only a scan of a slide is read{named}{after}"


def sentence(path: str | Path, start: bytes = b"") -> str | None:
    """A sentence on what a file is and what to do with it; None where its format is unknown.

    >>> sentence("a.oir")
    'a.oir is an Olympus OIR image, which Kontur does not read; export it as OME-TIFF from ...'
    """
    ending = _ending(path, start)
    if ending is None:
        return None
    advice = advice_on(ending, in_folder=False)
    return f"{path} is {UNSUPPORTED[ending].name}, which Kontur does not read; {advice}"
