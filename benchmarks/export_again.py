"""The graphs of a model exported anew from its weights, and those in 8 bits from images.

Neither the weights nor the card change, only what an engine runs: for a model that was written
before graphs became faster. The shipped one, whose integers were measured on `dsb2018/val`:

    python benchmarks/export_again.py nuclei dsb2018/val --out nuclei.kontur
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from report import heading

from kontur.data.folder import open_folder
from kontur.infer.engines.torch_engine import rebuild
from kontur.infer.load import find_model
from kontur.models.archive import read_model, write_model
from kontur.train.export import to_model
from kontur.train.int8 import with_int8


def main() -> None:
    options = _options()
    heading(__doc__.partition("\n\n")[0])
    before = read_model(find_model(options.model))
    after = to_model(rebuild(before), before.card)
    assert all(np.array_equal(after.weights[name], own) for name, own in before.weights.items())
    if before.int8:
        after = with_int8(after, open_folder(options.data).samples)
    write_model(options.out, replace(after, weights=before.weights))
    print(f"{len(after.graphs)} graphs, in 8 bits {', '.join(after.int8) or 'none'}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", help="a shipped model's name, a .kontur file or a run")
    parser.add_argument("data", type=Path, help="a folder of images with annotations")
    parser.add_argument("--out", type=Path, required=True, help="the model file")
    return parser.parse_args()


if __name__ == "__main__":
    main()
