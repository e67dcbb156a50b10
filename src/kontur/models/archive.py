"""The model file: one `NAME.kontur`, an uncompressed zip.

It holds `card.json`, one `GRAPH.onnx` a graph, `weights.safetensors`, and `graphs.json`, which
lists the weights of each graph. The graphs carry no weights of their own: their initialisers
point, by name, into the safetensors file, so that prediction (ONNX Runtime) and fine-tuning
(torch) share one copy of the very same numbers and the file is half as large. The same graphs in
8-bit integers, `GRAPH.int8.onnx`, compute theirs from that copy. Nothing is unpickled.
"""

import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_weights
from safetensors.numpy import save as save_weights

from kontur.errors import InputError
from kontur.files.atomic import replacing
from kontur.models import catalog
from kontur.models.card import FORMAT, WITHOUT_RANGE, Card

CARD = "card.json"
GRAPHS = "graphs.json"
WEIGHTS = "weights.safetensors"
GRAPH_ENDING = ".onnx"
INT8 = ".int8"  # of the names of graphs in 8-bit integers
EPOCH = (2020, 1, 1, 0, 0, 0)  # a fixed date in the zip: the same model gives the same bytes
UNIX = 3  # the system whose permissions the zip notes, whichever writes it
READABLE = 0o644 << 16  # the parts' permissions, where the zip is unpacked
# The exceptions of `zipfile` and `json` on files that are cut short, damaged or encrypted.
DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, EOFError),
    *(KeyError, ValueError, TypeError, RuntimeError, OverflowError),
)


@dataclass(frozen=True)
class SavedGraph:
    """A graph as ONNX bytes without weights, and the names of its weights."""

    onnx: bytes
    weights: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Model:
    """The content of a model file: the card, graphs by name, weights by name in the segmenter.

    `int8` has some of the graphs, under the same names, in 8-bit integers, and those that read the
    maps of these.
    """

    card: Card
    graphs: Mapping[str, SavedGraph]
    weights: Mapping[str, np.ndarray]
    int8: Mapping[str, SavedGraph] = field(default_factory=dict)


def write_model(path: Path, model: Model) -> None:
    """Write the file whole or not at all (`files.atomic`).

    The same model gives the same bytes, whenever and wherever it is written.
    """
    parts = {CARD: model.card.model_dump_json(indent=2).encode()}
    graphs = {**model.graphs, **{name + INT8: graph for name, graph in model.int8.items()}}
    lists = {name: graph.weights for name, graph in graphs.items()}
    parts[GRAPHS] = json.dumps(lists, indent=1).encode()
    parts |= {name + GRAPH_ENDING: graph.onnx for name, graph in graphs.items()}
    parts[WEIGHTS] = save_weights(dict(model.weights))
    with replacing(path) as beside, zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system, entry.external_attr = UNIX, READABLE
            archive.writestr(entry, content)


def read_model(path: Path) -> Model:
    """The whole file; raises `InputError` where it is missing, damaged, foreign or too new."""
    card = read_card(path)
    try:
        with zipfile.ZipFile(path) as archive:
            graphs = {
                name: SavedGraph(_part(archive, name + GRAPH_ENDING), tuple(names))
                for name, names in json.loads(_part(archive, GRAPHS)).items()
            }
            weights = load_weights(_part(archive, WEIGHTS))
    except InputError:
        raise
    except (*DAMAGE, AttributeError, SafetensorError) as error:
        raise InputError(f"{path} is damaged ({error}); copy or train it again") from None
    missing = [n for graph in graphs.values() for n in graph.weights if n not in weights]
    if missing:
        raise InputError(f"{path} is damaged (no weight {missing[0]}); copy or train it again")
    int8 = {name.removesuffix(INT8): graphs.pop(name) for name in [*graphs] if INT8 in name}
    return Model(card, graphs, weights, int8)


def read_card(path: Path) -> Card:
    """Only the card: reads a few kilobytes of the file; errors as in `read_model`."""
    try:
        with zipfile.ZipFile(path) as archive:
            values = json.loads(_part(archive, CARD))
            version = values["format"]
        if not isinstance(version, int) or isinstance(version, bool):
            raise ValueError(f"its file format is {version!r}")
    except FileNotFoundError:
        raise InputError(f"there is no model file {path}") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder; a model is one .kontur file") from None
    except InputError:
        raise
    except DAMAGE:
        of_tables = path.suffix.lower() == ".safetensors"  # as kontur learn writes them
        kind = "that of a table, which kontur classify uses" if of_tables else "of another kind"
        raise InputError(
            f"{path} is not a whole Kontur model (a .kontur file with a card inside); "
            f"it is {kind}, or was cut short"
        ) from None
    if version > FORMAT:
        raise InputError(
            f"{path} was written by a newer Kontur ({values.get('version')}, its file format "
            f"{version}; this one reads {FORMAT}): install that version to use it"
        )
    if version < WITHOUT_RANGE:
        values = _migrated(values)
    return Card.read(values, where=f"the card of {path}")


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    """A part of the file, stored once and uncompressed, so it is no larger than the file.

    Raises `InputError` where another program has packed it anew.
    """
    entries = [entry for entry in archive.infolist() if entry.filename == name]
    if len(entries) != 1:
        raise KeyError(f"{len(entries)} parts have the name {name}")
    (entry,) = entries
    if entry.compress_type != zipfile.ZIP_STORED:
        raise InputError(
            f"{archive.filename} was packed anew with compression; copy the model as it was "
            "written, or pack its parts without compression (zip -0)"
        )
    if entry.file_size != entry.compress_size:
        raise zipfile.BadZipFile(f"{name} claims another size than it has")
    return archive.read(entry)


def _migrated(values: dict[str, Any]) -> dict[str, Any]:
    """A card of an older file format with the settings under today's names."""
    kind, config = values.get("kind"), values.get("config")
    if isinstance(kind, str) and kind in catalog.FAMILIES and isinstance(config, dict):
        return {**values, "config": catalog.family(kind).config.migrated(config)}
    return values
