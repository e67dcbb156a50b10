"""Normalisation: from stored values to those that a network is shown."""
