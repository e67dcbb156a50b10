"""Films to predict, and predicting them by a model without a network."""

import numpy as np
import tifffile

from kontur.infer.folder import predict_folder
from kontur.infer.inputs import find_inputs
from kontur.infer.options import PredictOptions
from kontur.infer.predict import Predictor
from kontur.models import catalog
from kontur.models.card import Card
from kontur.models.graphs import Graphs


class NoEngine:
    def __init__(self):
        self.graphs = Graphs({})


def baseline():
    config = catalog.config("baseline", {"channels": 1}).model_dump(mode="json")
    return Predictor(NoEngine(), Card(kind="baseline", config=config, version="0"))


def run(film, out, *outputs, on_page=lambda *part: None, workers=1, overwrite=False, **options):
    inputs, options = find_inputs([film]), PredictOptions(**options)
    how = {"outputs": outputs, "options": options, "on_part": on_page, "workers": workers}
    return list(predict_folder(baseline(), inputs, out, overwrite=overwrite, **how))


def long_film(path, frames):
    """A disc that moves."""
    y, x = np.mgrid[:48, :64]
    centres = 20 + np.arange(frames) % 12
    discs = [(y - 20) ** 2 + (x - centre) ** 2 <= 64 for centre in centres]
    tifffile.imwrite(path, 200 * np.array(discs, np.uint8), imagej=True, metadata={"axes": "TYX"})
    return path
