"""Engines: what runs the named graphs of a model, on ONNX Runtime or torch."""
