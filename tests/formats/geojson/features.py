"""Features of GeoJSON as others write them."""

SQUARE = [[[1, 1], [4, 1], [4, 4], [1, 4], [1, 1]]]


def feature(geometry=None, **properties):
    geometry = geometry or {"type": "Polygon", "coordinates": SQUARE}
    return {"type": "Feature", "geometry": geometry, "properties": properties}
