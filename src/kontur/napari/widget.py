"""Widget: a model outlines the current image layer, and outlines are saved, as training data too.

Prediction runs in a thread of its own, so that the window stays alive. What it makes are layers of
shapes or labels as the reader makes them; what is saved is what is in the layer at that moment.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from magicgui import widgets
from napari.layers import Image, Labels, Shapes
from napari.qt.threading import create_worker

from kontur import formats
from kontur.errors import InputError
from kontur.infer.load import shipped_models
from kontur.napari.layers import layer_of
from kontur.napari.messages import show_message
from kontur.napari.outline_layer import Task, origin_of_prediction, outline_next, parse_options
from kontur.napari.planes import every_index, placement, shown_index
from kontur.napari.save import save_outlines, suggested_file
from kontur.wording import plural

START, STOP = "Outline objects", "Stop after this plane"
OTHER_MODEL = "file or training run …"
SHOWN_AS = ("automatic", "shapes", "labels")


class OutlineWidget(widgets.Container):
    """The form: outline the objects of an image layer with a model; save a layer of outlines."""

    def __init__(self, napari_viewer: Any):
        """`napari_viewer` is the window; its image, shapes and labels layers are offered."""
        self.viewer = napari_viewer
        self.task: Task | None = None  # what is being outlined
        self.image = widgets.ComboBox(label="image", choices=self._layers_of(Image))
        self.model = widgets.ComboBox(label="model", choices=[*shipped_models(), OTHER_MODEL])
        self.model_file = widgets.FileEdit(label="file or run", filter="*.kontur")
        self.diameter = _line(
            "diameter", "of a typical object, in pixels, or auto; empty: as it is"
        )
        self.contrast = _line(
            "contrast",
            "percentile that counts as bright, auto, or LOW,HIGH, the values that become 0 and 1; "
            "empty: the model's",
        )
        self.score = _line("score", "threshold from 0 to 1; empty: the model's")
        self.every_plane = widgets.CheckBox(text="every plane of the stack")
        self.shown_as = widgets.ComboBox(label="show as", choices=SHOWN_AS)
        self.outline_button = widgets.PushButton(text=START)
        self.outlines = widgets.ComboBox(label="outlines", choices=self._layers_of(Shapes, Labels))
        self.format = widgets.ComboBox(label="format", choices=[*formats.WRITABLE])
        self.file = widgets.FileEdit(label="save to", mode="w")
        self.with_image = widgets.CheckBox(text="with the image, as training data")
        self.save_button = widgets.PushButton(text="Save outlines")
        self.status = widgets.Label(value="")
        super().__init__(
            widgets=[
                *(self.image, self.model, self.model_file, self.diameter, self.contrast),
                *(self.score, self.every_plane, self.shown_as, self.outline_button),
                *(self.outlines, self.format, self.file, self.with_image, self.save_button),
                self.status,
            ]
        )
        self.model_file.visible = False
        self.model.changed.connect(self._model_chosen)
        self.outline_button.changed.connect(self.outline)
        self.save_button.changed.connect(self.save)
        for chosen in (self.image, self.format):
            chosen.changed.connect(self._suggest_file)
        events = self.viewer.layers.events
        for event in (events.inserted, events.removed, events.reordered):
            event.connect(self._layers_changed)
        self.viewer.layers.selection.events.active.connect(self._take_active)
        self._layers_changed()

    def outline(self) -> None:
        """Find the objects of the image, plane by plane in a thread; pressed again, stop."""
        if self.task is not None:
            self.task = replace(self.task, waiting=())
            return
        layer = self.image.value
        if layer is None:
            self._show_status("open an image first: File ‣ Open, or File ‣ Open Sample ‣ Kontur")
            return
        try:
            options = parse_options(self.diameter.value, self.contrast.value, self.score.value)
        except InputError as error:
            self._show_status(str(error))
            return
        shown = shown_index(layer, self.viewer.dims.point)
        indices = every_index(layer) if self.every_plane.value else [shown]
        name = self.model.value
        model = str(self.model_file.value) if name == OTHER_MODEL else name
        self.task = Task(layer, model, options, tuple(indices))
        self.outline_button.text = STOP
        self._show_status(f"outlining {layer.name} …")
        self._start()

    def save(self) -> None:
        """Write the chosen layer of outlines to the chosen file."""
        layer, path = self.outlines.value, Path(self.file.value)
        if layer is None:
            self._show_status("there are no outlines: outline an image, or open a file of outlines")
        elif path.name in ("", "."):
            self._show_status("name a file to save to")
        else:
            try:
                count, files = save_outlines(
                    path, layer, self.image.value, with_image=self.with_image.value
                )
                self._show_status(f"{plural(count, 'object')} → {', '.join(map(str, files))}")
            except (InputError, OSError) as error:
                self._show_status(str(error))

    def _start(self) -> None:
        create_worker(
            outline_next,
            self.task,
            _connect={"returned": self._plane_done, "errored": self._failed},
        )

    def _plane_done(self, done: Task) -> None:
        stopped = self.task is not None and not self.task.waiting
        if done.waiting and not stopped:
            self.task = done
            self.status.value = f"{len(done.found)} of {len(done.found) + len(done.waiting)} planes"
            self._start()
            return
        self._end()
        origin = origin_of_prediction(done.layer, done.found)
        data, attributes, kind = layer_of(
            origin, self.shown_as.value, name=f"{done.layer.name} outlines", **placement(done.layer)
        )
        add = self.viewer.add_shapes if kind == "shapes" else self.viewer.add_labels
        add(data, **attributes)
        count = sum(map(len, done.found.values()))
        made = f"{plural(count, 'object')} in {plural(len(done.found), 'plane')}, as {kind}"
        self._show_status("; ".join([made, *done.hints]))

    def _failed(self, error: Exception) -> None:
        self._end()
        if not isinstance(error, InputError):
            raise error  # a defect: napari shows where
        self._show_status(str(error))

    def _end(self) -> None:
        self.task = None
        self.outline_button.text = START

    def _show_status(self, sentence: str) -> None:
        self.status.value = sentence
        show_message(sentence)

    def _layers_of(self, *kinds: type) -> Any:
        return lambda _: [layer for layer in self.viewer.layers if isinstance(layer, kinds)]

    def _layers_changed(self, _event: Any = None) -> None:
        self.image.reset_choices()
        self.outlines.reset_choices()
        self._suggest_file()

    def _take_active(self, _event: Any = None) -> None:
        """The layer that is selected in the list is the one that is meant."""
        active = self.viewer.layers.selection.active
        for chosen in (self.image, self.outlines):
            if active is not None and active in chosen.choices:
                chosen.value = active

    def _model_chosen(self, name: str) -> None:
        self.model_file.visible = name == OTHER_MODEL

    def _suggest_file(self, _event: Any = None) -> None:
        path = suggested_file(self.image.value, self.format.value)
        if path is not None:
            self.file.value = path


def _line(label: str, tooltip: str) -> Any:
    return widgets.LineEdit(label=label, tooltip=tooltip)
