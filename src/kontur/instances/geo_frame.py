"""Instances as a GeoDataFrame of GeoPandas: a row an object."""

from typing import TYPE_CHECKING, Any

import numpy as np

from kontur import extra

if TYPE_CHECKING:
    from kontur.instances import Instances


def geo_frame(instances: "Instances") -> Any:
    """The table of the objects; see `Instances.to_geopandas`."""
    geopandas = extra.package("geopandas", extra="notebook", what="a table of GeoPandas")
    columns = {
        "id": instances.ids,
        "class": np.array(instances.classes, dtype=object)[instances.labels],
        "score": instances.scores,
        "area": instances.areas,
        "ignore": instances.ignore,
    }
    return geopandas.GeoDataFrame(columns, geometry=list(instances.polygons), crs=None)
