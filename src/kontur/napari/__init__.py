"""The plugin for napari: outlines as layers and back, samples, and a widget that predicts.

The manifest `napari.yaml` names its parts; napari imports them when they are used. Only the widget
and messages import napari: layers travel as the tuples (data, attributes, type) that it takes.
"""
