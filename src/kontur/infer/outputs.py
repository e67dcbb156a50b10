"""The output files of an image: their names, and writing them while its parts come."""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain, islice
from pathlib import Path

import numpy as np
from jaxtyping import Float, Num

from kontur import formats
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.formats.output_names import check_can_be_folder
from kontur.images import zarr_store
from kontur.images.lazy_pixels import LazyPixels, OpenImage, Pixels, every
from kontur.images.object_storage import url_of
from kontur.infer.tiling.parts import PredictedParts
from kontur.instances import Instances
from kontur.instances.overlay import LARGE, write_overlay
from kontur.wording import nearest

OVERLAY, STACK_OVERLAY = "overlay", "overlays"  # of an image, and of the planes of a stack
ENDINGS = {  # of the outputs, by their name
    **{word: format.ending for word, format in formats.WRITABLE.items()},
    OVERLAY: ".overlay.png",
    STACK_OVERLAY: ".overlay.tif",
}


def parse_outputs(words: str) -> tuple[str, ...]:
    """The outputs of a list such as `geojson,csv`; `InputError` for an unknown one."""
    wanted = tuple(dict.fromkeys(word.strip().lower() for word in words.split(",") if word.strip()))
    known = [*formats.WRITABLE]
    for word in wanted:
        if word not in (*known, OVERLAY):
            raise InputError(f"there is no output format {word!r}; {nearest(word, known)}")
    if not wanted:
        raise InputError(f"name at least one output format: {', '.join(known)}")
    return wanted


def check_is_folder(out: Path) -> None:
    """Raise `InputError` where outputs cannot lie in `out`, before any is made.

    What lies in a folder that has the name of a store of Zarr is a part of that store, see
    `check_can_be_folder`.
    """
    url = url_of(out)
    if url is not None:
        raise InputError(
            f"--out wants a folder of a disk, and {url} is none; copy them from one afterwards"
        )
    check_can_be_folder(out)


def check_packages(words: Iterable[str]) -> None:
    """Raise `InputError` where the package of an output is missing, before any is made."""
    for word in dict.fromkeys(words):
        if word in formats.WRITABLE:
            formats.WRITABLE[word].check_package()


def outputs_of(words: Iterable[str], page: int | str | None) -> tuple[str, ...]:
    """The outputs for a page, or for `"all"`, of which the overlay has a page for each.

    >>> outputs_of(["csv", "overlay"], "all"), outputs_of(["overlay"], 3)
    (('csv', 'overlays'), ('overlay',))
    """
    overlay = STACK_OVERLAY if page == "all" else OVERLAY
    return tuple(overlay if word in (OVERLAY, STACK_OVERLAY) else word for word in words)


def keeps_pages(word: str, page: int | str | None) -> bool:
    """Whether an output can hold the objects of a page, or of all pages for `"all"`."""
    if word in (OVERLAY, STACK_OVERLAY):
        return outputs_of([word], page) == (word,)
    return page != "all" or formats.WRITABLE[word].planes


def output_files(name: str, out: Path, words: Iterable[str]) -> tuple[Path, ...]:
    """Where the outputs of an image of this name lie, one for each word."""
    return tuple(output_file(name, out, word) for word in words)


def output_file(name: str, out: Path, word: str) -> Path:
    """Where the output of this word lies."""
    return out / (name + ENDINGS[word])


def finished_outputs(name: str, out: Path) -> tuple[str, ...]:
    """The words of the outputs that lie there, whoever wrote them."""
    files = output_files(name, out, ENDINGS)
    return tuple(word for word, file in zip(ENDINGS, files, strict=True) if _is_finished(file))


def _is_finished(file: Path) -> bool:
    """Files and stores are written whole or not at all; an empty one is somebody's left-over."""
    try:
        return zarr_store.is_file(file) and (file.is_dir() or file.stat().st_size > 0)
    except OSError:
        return False


@contextmanager
def writing_outputs(
    files: Sequence[Path],
    path: Path,
    picture: OpenImage,
    parts: PredictedParts,
    classes: tuple[str, ...],
) -> Iterator[tuple[int, Float[np.ndarray, " k"]]]:
    """Write an image's files while its parts come: how many outlines were repaired, all areas.

    That is given once all parts are written; the files get their names, one after another, at the
    end of the block. `path` is that of the image file, whose name outputs mention. Errors as in
    `formats.write`.
    """
    none = Instances.empty(parts.size, classes).replace(plane=parts.plane)
    side = picture.pixel_size
    image = ImageAnnotation(path.name, parts.size, none, pixel_size=side, image=path)
    overlays = [file for file in files if file.name.endswith(ENDINGS[OVERLAY])]
    repaired, areas, drawn = 0, [np.zeros(0)], [none]
    resolved = iter(parts.resolved)
    first = list(islice(resolved, 1))  # before a file is begun, which a kill would leave unfinished
    with ExitStack() as writing:
        adds = [
            writing.enter_context(formats.stream_image(file, image))
            for file in files
            if file not in overlays
        ]
        for part in chain(first, resolved):
            for add in adds:
                add(part.instances)
            repaired += part.repaired
            areas.append(part.instances.areas)
            drawn += [part.instances] * bool(overlays)
        yield repaired, np.concatenate(areas)
        for file in overlays:
            objects = drawn[1] if len(drawn) == 2 else Instances.concat(drawn)
            pixels, objects = shrunk(picture.pixels, objects)
            write_overlay(file, pixels, objects, contrast=parts.contrast)


def shrunk(pixels: Pixels, instances: Instances) -> tuple[Num[np.ndarray, "h w c"], Instances]:
    """Lazy pixels, of which every n-th is taken, and their objects, to be drawn; arrays as is."""
    if not isinstance(pixels, LazyPixels):
        return pixels, instances
    step = math.ceil(max(pixels.shape[:2]) / LARGE)
    thin = every(pixels, step)
    return thin, instances.scale(1 / step, 1 / step).clip((thin.shape[0], thin.shape[1]))
