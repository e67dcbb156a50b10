"""COCO JSON, with masks as run-length codes."""
