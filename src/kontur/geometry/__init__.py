"""Numbers only: rings, boxes, rasters, polygons and their overlap.

A point is `(x, y)` in pixels; an image covers `[0, W] × [0, H]` and the centre of array element
`[row, col]` is `(col + 0.5, row + 0.5)`. Nothing here depends on objects, files or models.
"""
