#!/usr/bin/env bash
# gco.cut_grid_graph_simple: labels of a grid by costs that are floating-point numbers.
#
# Guess: the wrapper scales costs for the whole numbers beneath, so costs that are all a ten-thousandth give the same labels.
# What happens: costs are multiplied by a fixed number and cut to whole ones, so most small costs become 0. The labels are worse ones,
#   without a word. PyMaxflow, by the same method, takes any scale.
# Matters: costs that are probabilities of rare things, or were normalised to sum to 1 over an image, are segmented at random.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check gco-wrapper==3.0.9 PyMaxflow==1.3.2 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import gco
import numpy as np
from maxflow.fastmin import aexpansion_grid

print(*(f"{name} {version(name)}" for name in ("gco-wrapper", "PyMaxflow", "numpy")), sep=", ")
unary = np.random.default_rng(0).random((4, 4, 3))
pairwise = 0.2 * (1 - np.eye(3))


def cost(labels):
    labels = np.asarray(labels).reshape(4, 4)
    own = np.take_along_axis(unary, labels[..., None], -1).sum()
    return own + pairwise[labels[1:], labels[:-1]].sum() + pairwise[labels[:, 1:], labels[:, :-1]].sum()


whole = cost(gco.cut_grid_graph_simple(unary, pairwise, n_iter=-1))
small = cost(gco.cut_grid_graph_simple(1e-4 * unary, 1e-4 * pairwise, n_iter=-1))
other = cost(aexpansion_grid(1e-4 * unary, 1e-4 * pairwise))
print(f"guess: labels of cost {whole:.3f} both times")
print(f"found: {whole:.3f}, of small costs {small:.3f}, by PyMaxflow {other:.3f}")
sys.exit(0 if small > whole + 0.1 and abs(other - whole) < 1e-6 else "the behaviour has changed")
PY
