"""QuPath and Cellpose."""

import numpy as np

from tests.data.published.scene import OBJECTS, A, B, images, mask, write


def qupath_cells(folder):
    """Cells with nuclei and measurements, a locked ellipse and a point."""
    for name in ("Sample 1", "Sample 2"):
        images(folder, f"{name}.png")
        rows = []
        for number, (label, ring) in enumerate(OBJECTS):
            inner = np.mean(ring, axis=0) + (np.array(ring) - np.mean(ring, axis=0)) / 2
            nucleus = [[*inner.tolist(), inner[0].tolist()]]
            rows.append(
                {
                    "type": "Feature",
                    "id": f"6b8a1f0a-0000-4000-8000-00000000000{number}",
                    "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
                    "nucleusGeometry": {"type": "Polygon", "coordinates": nucleus},
                    "properties": {
                        "objectType": "cell",
                        "classification": {"name": label, "color": [200, 0, 0]},
                        "measurements": {"Cell: Area": 12.5, "Nucleus: Solidity": float("nan")},
                    },
                }
            )
        point = {"type": "Point", "coordinates": [4.5, 5.5], "plane": {"c": -1, "z": 0, "t": 0}}
        rows.append(
            {
                "type": "Feature",
                "id": "6b8a1f0a-0000-4000-8000-000000000009",
                "geometry": point,
                "properties": {"objectType": "annotation", "isLocked": True},
            }
        )
        collection = {"type": "FeatureCollection", "features": rows}
        write(folder / f"{name}.geojson", collection)


def cellpose(folder):
    """`_seg.npy` with what Cellpose's window of today saves, a path among it."""
    import datetime
    from pathlib import PurePosixPath

    for name in ("a", "b"):
        images(folder, f"{name}.tif")
        masks = (mask(A) + 2 * mask(B)).astype(np.uint16)
        content = {
            "outlines": masks * 0,
            "colors": np.zeros((2, 3), np.uint8),
            "masks": masks,
            "current_channel": 0,
            "filename": PurePosixPath(f"/home/someone/{name}.tif"),
            "flows": [np.zeros((1, 4, 4, 3), np.uint8), [], None, np.zeros((3, 4, 4), np.float16)],
            "ismanual": np.zeros(2, bool),
            "manual_changes": [[datetime.datetime(2026, 1, 1), "added mask", [3, 4, 5]]],
            "model_path": 0,
            "flow_threshold": 0.4,
            "cellprob_threshold": np.float32(0.0),
            "normalize_params": {"lowhigh": None, "percentile": [1.0, 99.0], "normalize": True},
            "restore": None,
            "ratio": 1.0,
            "diameter": np.float64(17.5),
        }
        np.save(folder / f"{name}_seg.npy", content)
        images(folder, f"{name}_cp_output.png")
