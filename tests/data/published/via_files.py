"""VIA 2 and 3, as JSON and CSV."""

import json

from tests.data.published.scene import OBJECTS, flat, images, write


def via_regions(attributes):
    return [
        {
            "shape_attributes": {
                "name": "polygon",
                "all_points_x": [x for x, _ in ring],
                "all_points_y": [y for _, y in ring],
            },
            "region_attributes": attributes(label),
        }
        for label, ring in OBJECTS
    ] + [
        {
            "shape_attributes": {"name": "point", "cx": 3, "cy": 4},
            "region_attributes": attributes("cell"),
        }
    ]


def via_2(folder):
    """A project whose dropdown has numbers, with names as their descriptions."""
    images(folder, "a.png", "b.png")
    number = {"cell": "1", "red cell": "2"}
    options = {"1": "cell", "2": "red cell"}
    attribute = {"type": "dropdown", "description": "", "options": options, "default_options": {}}
    rows = {
        f"{name}.png99": {
            "filename": f"{name}.png",
            "size": 99,
            "regions": via_regions(lambda label: {"cell type": number[label]}),
            "file_attributes": {},
        }
        for name in "ab"
    }
    write(
        folder / "via_project_1Jan2026_10h10m.json",
        {
            "_via_settings": {"ui": {}, "core": {}, "project": {"name": "p"}},
            "_via_img_metadata": rows,
            "_via_attributes": {"region": {"cell type": attribute}, "file": {}},
            "_via_data_format_version": "2.0.10",
            "_via_image_id_list": list(rows),
        },
    )


def via_2_csv(folder):
    images(folder, "a.png", "b.png")
    heading = "filename,file_size,file_attributes,region_count,region_id"
    lines = [f"{heading},region_shape_attributes,region_attributes"]
    for name in "ab":
        for number, region in enumerate(via_regions(lambda label: {"type": {label: True}})):
            cells = [
                '"' + json.dumps(region[key]).replace('"', '""') + '"'
                for key in ("shape_attributes", "region_attributes")
            ]
            lines.append(f'{name}.png,99,"{{}}",3,{number},{",".join(cells)}')
    write(folder / "via_export_csv.csv", "\r\n".join(lines) + "\r\n")


def via_3_store():
    attribute = {"aname": "type", "anchor_id": "FILE1_Z0_XY1", "type": 4, "desc": ""}
    attribute |= {"options": {"0": "cell", "1": "red cell"}, "default_option_id": ""}
    metadata = {}
    for view in "12":
        for number, (_, ring) in enumerate(OBJECTS):
            shape = {"vid": view, "flg": 0, "z": [], "xy": [7, *flat(ring)]}
            metadata[f"{view}_{number}"] = {**shape, "av": {"1": str(number)}}
        metadata[f"{view}_p"] = {"vid": view, "flg": 0, "z": [], "xy": [1, 3, 4], "av": {}}
    return {
        "project": {"pid": "__VIA_PROJECT_ID__", "rev": "1", "pname": "p", "vid_list": ["1", "2"]},
        "config": {"file": {"loc_prefix": {"1": "", "2": "", "3": "", "4": ""}}, "ui": {}},
        "attribute": {"1": attribute},
        "file": {
            view: {"fid": view, "fname": name, "type": 2, "loc": 1, "src": f"images/{name}"}
            for view, name in (("1", "a.png"), ("2", "b.png"))
        },
        "metadata": metadata,
        "view": {view: {"fid_list": [view]} for view in "12"},
    }


def via_3(folder):
    images(folder / "images", "a.png", "b.png")
    write(folder / "via_project.json", via_3_store())


def via_3_csv(folder):
    """Its export: comments, among them the heading and the attributes' names."""
    images(folder, "a.png", "b.png")
    store = via_3_store()
    files = {view: one["src"] for view, one in store["file"].items()}
    lines = [
        "# Exported using VGG Image Annotator (http://www.robots.ox.ac.uk/~vgg/software/via)",
        '# SHAPE_ID = {"POINT":1,"RECTANGLE":2,"CIRCLE":3,"ELLIPSE":4,"LINE":5,"POLYLINE":6,'
        '"POLYGON":7,"EXTREME_RECTANGLE":8,"EXTREME_CIRCLE":9}',
        '# FLAG_ID = {"RESERVED_FOR_FUTURE":1}',
        '# ATTRIBUTES = {"1":"type"}',
        "# CSV_HEADER = metadata_id,file_list,flags,temporal_coordinates,spatial_coordinates,"
        "metadata",
    ]
    names = {"0": "cell", "1": "red cell"}
    for key, one in store["metadata"].items():
        values = {number: names[value] for number, value in one["av"].items()}
        cells = [[files[one["vid"]]], one["flg"], one["z"], one["xy"], values]
        texts = ('"' + json.dumps(cell).replace('"', '""') + '"' for cell in cells)
        lines.append(f'"{key}",' + ",".join(texts))
    write(folder / "via_project.csv", "\n".join(lines) + "\n")
