#!/usr/bin/env bash
# statsmodels: multipletests of five p values, one of which is NaN, as of a column that is constant.
#
# Guess: NaN for that one, and the others corrected as the four that they are; or an error.
# What happens: with fdr_bh, fdr_by and fdr_tsbh every corrected value is NaN, while the flags beside them are those of
#   the four, for fdr_bh True, True, False, False; with hommel all values are NaN and what was rejected no longer is;
#   bonferroni, holm and sidak count the missing one as a fifth test: .05 for .04. No warning in any case.
# Matters: one feature without spread, or one group too small, empties the column of corrected values, and who asks
#   "corrected < .05" finds nothing where the flags say two. Drop missing values before, and put them back after.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check statsmodels==0.15.0 scipy==1.17.1 pandas==2.3.3 numpy==2.2.6
cd "$place"
venv/bin/python -W error - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from statsmodels.stats.multitest import multipletests

print(*(f"{name} {version(name)}" for name in ("statsmodels", "scipy", "numpy")), sep=", ")
values = np.array([0.01, 0.02, np.nan, 0.04, 0.5])
known = ~np.isnan(values)


def corrected(some, method):
    rejected, adjusted, _, _ = multipletests(some, method=method)
    return rejected.tolist(), np.round(adjusted, 3).tolist()


found = {}
for method in ("fdr_bh", "fdr_by", "fdr_tsbh", "hommel", "bonferroni", "holm", "sidak"):
    rejected, adjusted = corrected(values, method)
    of_four = corrected(values[known], method)
    flags = [flag for flag, has in zip(rejected, known, strict=True) if has]
    left = [value for value, has in zip(adjusted, known, strict=True) if has]
    found[method] = sum(flags), sum(of_four[0]), bool(np.isnan(left).all())
    print(f"guess: {method}: {of_four}\n  found: {(flags, left)} and {rejected[2]}, {adjusted[2]}")
seen = {"fdr_bh": (2, 2, True), "fdr_by": (0, 0, True), "fdr_tsbh": (3, 3, True), "hommel": (0, 1, True)}
seen |= {method: (1, 1, False) for method in ("bonferroni", "holm", "sidak")}
sys.exit(0 if found == seen else "the behaviour has changed")
PY
