"""GeoJSON as QuPath has it, and GeoJSON lines."""
