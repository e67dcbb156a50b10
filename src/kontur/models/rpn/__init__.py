"""Region proposals: anchors to boxes. Mask R-CNN's first half; it can also start the snake."""
