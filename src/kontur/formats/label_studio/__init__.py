"""Label Studio, with brush masks; only read."""
