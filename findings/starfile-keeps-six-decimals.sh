#!/usr/bin/env bash
# starfile: writing a table of particles or cells as STAR and reading it again.
#
# Guess: numbers come back as they were, or to some 15 digits; text such as "001" comes back as text.
# What happens: numbers are written with six decimals whatever their size, so that 3e-08 comes back as 0; the ids "001"
#   and "002" come back as 1 and 2. Nothing is said. float_format="%.17g" keeps the numbers; parse_as_string the ids.
# Matters: probabilities, pixel sizes in metres and small areas are gone; ids no longer match those of other tables.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check starfile==0.5.13 pandas==3.1.1 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import pandas as pd
import starfile

print(*(f"{name} {version(name)}" for name in ("starfile", "pandas")), sep=", ")
table = pd.DataFrame({"id": ["001", "002"], "size": [3e-08, 1.123456789012]})


def back(*, writing, reading):
    starfile.write(table, "table.star", overwrite=True, **writing)
    return {name: column.tolist() for name, column in starfile.read("table.star", **reading).items()}


plain = back(writing={}, reading={})
careful = back(writing={"float_format": "%.17g"}, reading={"parse_as_string": ["id"]})
print(f"guess: {table.to_dict('list')}")
print(f"found: {plain}, with float_format and parse_as_string {careful}")
expected = plain == {"id": [1, 2], "size": [0.0, 1.123457]} and careful == table.to_dict("list")
sys.exit(0 if expected else "the behaviour has changed")
PY
