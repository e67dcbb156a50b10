#!/usr/bin/env bash
# MedPy: obj_tpr and obj_fpr, the shares of objects found and of objects found wrongly.
#
# Guess: obj_tpr(result, reference) is the share of the reference's objects that the result has, obj_fpr the share of
#   the result's that the reference has not. One result that touches both of two objects: .5 and 0.
# What happens: 1 and .5, since the two arrays have changed places inside. A false object leaves obj_fpr at 0 and lowers
#   obj_tpr; a missed one raises obj_fpr. The examples in the functions' own documentation do not come out either.
# Matters: a network that misses half of the cells seems to find all of them and to invent half; who gives the
#   reference first has what the documentation promises.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check medpy==0.5.2 numpy==2.4.6 scipy==1.17.1
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from medpy.metric.binary import obj_fpr, obj_tpr

print(*(f"{name} {version(name)}" for name in ("medpy", "numpy", "scipy")), sep=", ")


def rates(result, reference):
    return round(float(obj_tpr(result, reference)), 3), round(float(obj_fpr(result, reference)), 3)


reference = np.zeros((40, 40), bool)
reference[10:20, 5:15] = reference[10:20, 25:35] = True
joined, more, less = np.zeros_like(reference), reference.copy(), reference.copy()
joined[12:18, 8:32] = True
more[30:35, 5:10] = True
less[:, 20:] = False
results = {"one that touches both": joined, "both and a false one": more, "one of the two": less}
found = {name: rates(result, reference) for name, result in results.items()}
guess = {"one that touches both": (0.5, 0.0), "both and a false one": (1.0, 0.333), "one of the two": (0.5, 0.0)}
print("(share found, share found wrongly) of two objects:")
for name in results:
    print(f"{name}: guess {guess[name]}, found {found[name]}")
exchanged = {"one that touches both": (1.0, 0.5), "both and a false one": (0.667, 0.0), "one of the two": (1.0, 0.5)}
sys.exit(0 if found == exchanged else "the behaviour has changed")
PY
