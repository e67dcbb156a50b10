"""Annotation files that are not read: which program wrote each, and what to do with it.

They share the endings `.json` and `.xml` with formats that are read; the beginning of the file
tells. For images see `images.unsupported_images`.
"""

from typing import NamedTuple

from kontur.errors import InputError
from kontur.formats.outline_file import OutlineFile


class Program(NamedTuple):
    """A program whose annotations are not read, and how to convert them, an imperative."""

    name: str
    advice: str


BOXES = "boxes alone are no outlines; export masks or COCO"
POINTS = "write its points (X, Y in pixels) as polygons of GeoJSON, a feature a region"
# darwin-py writes them so, in `exporter/formats/coco.py`.
DARWIN = (
    "export the dataset as COCO; objects with holes or in parts come as crowds there: set their "
    "iscrowd to 0"
)
VOC = Program("PASCAL VOC", BOXES)
QUPATH = Program(
    "QuPath project", "in QuPath export the objects as GeoJSON (File > Export objects)"
)
OF_XML = {  # by what the beginning holds, the first that it does
    "<annotation>": VOC,
    "<ASAP_Annotations": Program("ASAP", POINTS),
    "<Annotations": Program("Aperio ImageScope", POINTS),
}
OF_JSON = (  # by the outermost keys, and the first letters of their values
    ({"objects": "[", "size": "{"}, Program("Supervisely", "export the project as COCO")),
    ({"item": "{", "annotations": "["}, Program("V7 Darwin", DARWIN)),
    ({"info": "{", "objects": "["}, Program("ISAT", "convert it to COCO or labelme there")),
    ({"data_row": "{"}, Program("Labelbox", "convert the export to COCO with its own package")),
    ({"nuc": "{"}, Program("HoVer-Net", "save the inst_map of its .mat files as TIFF")),
    ({"image": '"', "annotations": "["}, Program("Create ML", BOXES)),
)


def program_of(file: OutlineFile) -> Program | None:
    """The program that wrote a file of annotations; None for all other files."""
    name = file.path.name.lower()
    if name.endswith((".qpproj", ".qpdata")):
        return QUPATH
    try:
        if name.endswith(".xml"):
            found = (one for start, one in OF_XML.items() if start in file.beginning_text)
            return next(found, None)
        if not name.endswith((".json", ".ndjson", ".jsonl")):
            return None
        keys = file.json_keys
    except (InputError, OSError):  # a folder, or not to be read: nobody's
        return None
    return next((one for wanted, one in OF_JSON if wanted.items() <= keys.items()), None)
