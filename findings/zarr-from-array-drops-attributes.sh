#!/usr/bin/env bash
# zarr 3: from_array of an array that has attributes, here the side of a pixel.
#
# Guess: the copy has them too, and the fill value: the documentation promises both where none are given.
# What happens: the copy has none, and its fill value is 0 in place of that of the data; chunks and names of dimensions
#   are taken over. create_array(data=...) drops the attributes as well.
# Matters: an image rechunked or moved this way has lost its pixel size, and everything measured later is in pixels;
#   give attributes=dict(data.attrs) and fill_value=data.fill_value.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check zarr==3.1.6 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import zarr

print(*(f"{name} {version(name)}" for name in ("zarr", "numpy")), sep=", ")
attributes = {"side of a pixel in um": 0.5}
form = {"shape": (6,), "chunks": (2,), "dtype": "int32", "dimension_names": ["x"], "fill_value": 7}
data = zarr.create_array({}, attributes=attributes, **form)
data[:3] = 1
copy = zarr.from_array({}, data=data)
made = zarr.create_array({}, data=data)
asked = zarr.from_array({}, data=data, attributes=dict(data.attrs))
print(f"guess: {attributes}, fill value 7")
print(f"found: {dict(copy.attrs)}, fill value {copy.fill_value}; create_array {dict(made.attrs)}")
print(f"chunks {copy.chunks}, dimensions {copy.metadata.dimension_names}, values {copy[:].tolist()}")
taken = copy.chunks == (2,) and copy.metadata.dimension_names == ("x",) and (copy[:] == data[:]).all()
lost = not dict(copy.attrs) and not dict(made.attrs) and copy.fill_value == 0
sys.exit(0 if taken and lost and dict(asked.attrs) == attributes else "the behaviour has changed")
PY
