#!/usr/bin/env bash
# Teem: "unu cmedian" with "-mode", the most frequent value around each pixel, of an 8-bit image of the labels 0, 1, 3, 7.
#
# Guess: only labels that are there; in a 3 x 3 window around a pixel of a 2 x 2 block its own value is among the most.
# What happens: a 1 becomes 0, that is background, and a 3 becomes 2, which no object has: values are put into 256 bins
#   between the least and the largest, and what comes out is the middle of a bin, cut off to a whole number. The median
#   without "-mode" does so too. With "-b 8", a bin for each value, they come out whole.
# Matters: a filter that is meant to clean labels gives some of their pixels to nobody and makes up others; which ones
#   depends on the largest label of the image. Ask for as many bins as the largest label plus one.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
apt-get download -qq teem-apps=1.12.0~20160122-5 libteem2=1.12.0~20160122-5 2> apt.log || { cat apt.log; exit 1; }
for package in *.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$(dirname "$(find root -name 'libteem.so*' | head -1)")
export LD_LIBRARY_PATH
printf 'NRRD0001\ntype: uint8\ndimension: 2\nsizes: 4 4\nencoding: ascii\n\n%s\n' \
    '1 1 3 3 1 1 3 3 7 7 0 0 7 7 0 0' > labels.nrrd
filtered() { root/usr/bin/teem-unu cmedian -i labels.nrrd -r 1 "$@" | root/usr/bin/teem-unu save -f text | tr -s ' \n' ' '; }
mode=$(filtered -mode) bins=$(filtered -mode -b 8)
echo "unu of teem-apps 1.12.0"
echo "guess: 1 1 3 3 1 1 3 3 7 7 0 0 7 7 0 0"
echo "found: $mode"
echo "found: $bins with as many bins as values"
[ "$mode" = "1 1 3 3 1 0 2 3 7 7 0 0 7 7 0 0 " ] && [ "$bins" = "1 1 3 3 1 1 3 3 7 7 0 0 7 7 0 0 " ] \
    || { echo "the behaviour has changed"; exit 1; }
