"""Deep Snake: CenterNet finds objects, a diamond finds four extremes, an octagon the contour."""
