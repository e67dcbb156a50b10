"""Several trainings side by side: comparisons with folds, learning curves, sweeps."""
