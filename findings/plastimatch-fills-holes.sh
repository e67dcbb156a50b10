#!/usr/bin/env bash
# plastimatch: "convert" of a segmentation image (one bit a structure) into a segmentation image, nothing else asked for.
#
# Guess: the same pixels; image to image there is no need of outlines.
# What happens: a hole of 4 x 4 pixels in a square of 10 x 10 is filled, in every slice: the structures go through
#   outlines, which have no holes, and "Keyholizing structure" is all that is said. A structure of one pixel stays.
# Matters: nuclei with holes and rings around cells come out as disks, from a change of the file's kind alone.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
mkdir -p packages/partial
apt-get install -y -qq --no-install-recommends --download-only -o Dir::Cache::archives="$place/packages" \
    plastimatch=1.9.4+dfsg.2-0+deb12u1 > apt.log 2>&1 || { cat apt.log; exit 1; }
for package in packages/*.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$(find "$place/root" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
export LD_LIBRARY_PATH
cat > images.py <<'PY'
import sys

WIDTH, SLICES = 40, 3
HEAD = f"""ObjectType = Image
NDims = 3
DimSize = {WIDTH} {WIDTH} {SLICES}
ElementSpacing = 1 1 1
Offset = 0 0 0
ElementType = MET_UCHAR
ElementDataFile = LOCAL
"""


def pixels(name):
    """How many pixels have the first bit, which are all of the square."""
    with open(name, "rb") as file:
        data = file.read()
    data = data[data.index(b"LOCAL") + 6 :]
    step = len(data) // (WIDTH * WIDTH * SLICES)  # bytes of a pixel
    return sum(value & 1 for value in data[::step])


def square():
    for _ in range(SLICES):
        for y in range(WIDTH):
            for x in range(WIDTH):
                hole = 13 <= x < 17 and 13 <= y < 17
                single = x == y == 30
                yield int((10 <= x < 20 and 10 <= y < 20 and not hole) or single)


with open("given.mha", "wb") as file:
    file.write(HEAD.encode() + bytes(square()))
if len(sys.argv) > 1:
    given, found = pixels("given.mha"), pixels(sys.argv[1])
    print(f"guess: {given} pixels, 84 and 1 in each of {SLICES} slices\nfound: {found}")
    sys.exit(0 if (given, found) == (255, 303) else "the behaviour has changed")
PY
python3 images.py
root/usr/bin/plastimatch --version
root/usr/bin/plastimatch convert --input-ss-img given.mha --output-ss-img out.mha > log.txt 2>&1 || { tail log.txt; exit 1; }
python3 images.py out.mha
