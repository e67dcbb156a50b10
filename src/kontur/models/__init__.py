"""The segmenters: one folder a family, one interface for all."""
