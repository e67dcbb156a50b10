"""The VGG Image Annotator: VIA 2 read and written, VIA 1 and 3 read."""
