import geopandas
import numpy as np
import shapely

from kontur.instances import Instances
from tests.instances.drawn import several


def test_a_row_of_geopandas_is_an_object():
    found = several()
    frame = found.to_geopandas()
    assert isinstance(frame, geopandas.GeoDataFrame)
    assert frame.crs is None
    assert frame["id"].tolist() == found.ids.tolist()
    assert frame["class"].tolist() == [one.class_name for one in found]
    np.testing.assert_array_equal(frame["score"], found.scores)
    assert frame["ignore"].tolist() == found.ignore.tolist()
    assert shapely.equals(frame.geometry.to_numpy(), found.polygons).all()
    np.testing.assert_array_equal(frame.area, found.areas)


def test_no_objects_are_a_table_without_rows():
    frame = Instances.empty().to_geopandas()
    assert len(frame) == 0
    assert list(frame.columns) == ["id", "class", "score", "area", "ignore", "geometry"]
    assert frame.geometry.name == "geometry"
