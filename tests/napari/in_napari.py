"""napari itself, where it is installed; what it warns of at its import is its own affair."""

import os
import warnings

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
MISSING = "napari is not installed, so the plugin was not run in it: pip install 'kontur[napari]'"

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pytest.importorskip("napari", reason=MISSING)
    pytest.importorskip("qtpy.QtWidgets", reason="Qt cannot start here", exc_type=Exception)
    import napari.layers
    import npe2
    from napari.components import ViewerModel

    npe2.PluginManager.instance().discover()  # napari's own readers

__all__ = ["ViewerModel", "napari", "npe2"]
