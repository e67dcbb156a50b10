#!/usr/bin/env bash
# lap: lapjv of costs in which forbidden pairs are infinite.
#
# Guess: a forbidden pair is never in the answer: what cannot be matched has -1; or an error, as scipy has it where no
#   full assignment exists.
# What happens: forbidden pairs are in the answer like any other, the sum is infinite, and pairs that were possible are
#   given up for them: of [[1, inf, 3], [inf, inf, inf]] row 0 gets its second choice and row 1 the first column.
# Matters: trackers gate by infinite costs; an object that left is joined to a far one and pushes its neighbour off its own
#   place. With cost_limit=1e6, a large number in place of infinity, the answer is right.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check lap==0.5.13 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import lap
import numpy as np

print(*(f"{name} {version(name)}" for name in ("lap", "numpy")), sep=", ")
nothing = np.inf
tables = {
    "one pair is possible": ([[1, nothing], [nothing, nothing]], [0, -1]),
    "row 1 has no partner": ([[1, nothing, 3], [nothing, nothing, nothing]], [0, -1]),
}
found, limited = {}, {}
for name, (costs, guess) in tables.items():
    costs = np.array(costs, float)
    found[name] = lap.lapjv(costs, extend_cost=True)[1].tolist()
    limited[name] = lap.lapjv(np.where(np.isinf(costs), 1e9, costs), extend_cost=True, cost_limit=1e6)[1].tolist()
    print(f"{name}: the columns of rows 0 and 1: guess {guess}, found {found[name]}, with a limit {limited[name]}")
as_seen = list(found.values()) == [[1, 0], [2, 0]] and list(limited.values()) == [[0, -1], [0, -1]]
sys.exit(0 if as_seen else "the behaviour has changed")
PY
