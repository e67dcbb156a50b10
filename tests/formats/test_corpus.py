"""Every damaged file of the corpus gives a right result or one clear sentence, soon and small."""

import functools
import os
import resource
import shutil
import time
import warnings
from pathlib import Path

import pytest
import shapely

from kontur import formats
from kontur.data.conversion.convert_folders import convert_folders
from kontur.errors import InputError
from kontur.images import zarr_store
from kontur.images.image_file import read_image
from tests.formats import corpus, wrong_outlines

LONGEST = 5.0  # seconds of processor time for one file
LARGEST = 1 << 30  # bytes for all of them


@functools.cache
def every_file() -> list[tuple[str, corpus.Content]]:
    """The corpus, made once for both tests of all of it."""
    return list(corpus.files())


def save(folder: Path, name: str, content: corpus.Content) -> Path:
    path = folder / name
    for part, data in content.items() if isinstance(content, dict) else [("", content)]:
        file = path / part if part else path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return path


def check_sound(entries: list[formats.ImageAnnotation]) -> None:
    """What was read keeps the promises of `Instances`."""
    for entry in entries:
        found = entry.instances
        assert shapely.is_valid(found.polygons).all()
        assert (found.areas > 0).all()
        assert len({*found.ids.tolist()}) == len(found)
        assert all(0 <= label < len(found.classes) for label in found.labels)


def test_every_file_gives_a_sound_result_or_a_sentence_in_time_and_in_its_folder(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    place, out = tmp_path / "in", tmp_path / "deep" / "deeper" / "out"
    files = every_file()
    read, said, before = 0, 0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name, content in files:
        path = save(place, name, content)
        start = time.process_time()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                entries = formats.read_images(path, size=(10, 12))
                check_sound(entries)
                if name.startswith("picture"):
                    read_image(path)
                if name.startswith(("name", "byte1", "twice")):  # written again, in its folder
                    convert_folders([path], out, format="geojson", overwrite=True)
            read += 1
        except InputError as error:
            sentence = str(error)
            assert sentence, name
            assert "\n" not in sentence, name
            assert len(sentence) < 600, name
            said += 1
        except Exception as error:
            raise AssertionError(f"{name}: {type(error).__name__} {error}") from error
        assert time.process_time() - start < LONGEST, name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert peak * 1024 < LARGEST
    assert read > 150
    assert said > 400
    kept = {file.relative_to(tmp_path).parts[0] for file in zarr_store.files_of(tmp_path)}
    assert kept == {"deep"}
    assert all(out in file.parents for file in zarr_store.files_of(tmp_path))
    assert not os.path.lexists("/etc/stolen.geojson")


def test_the_corpus_is_the_same_in_every_run_and_has_every_format():
    once = every_file()
    assert once == list(corpus.files())
    names = [name for name, _ in once]
    assert len(names) == len(set(names)) > 600
    endings = {formats.ending_of(name) for name in names}
    assert {one.endings[0] for one in formats.FORMATS.values() if one.write} <= endings
    assert "_seg.npy" in endings


@pytest.mark.parametrize(("points", "fails"), [(200, False), (20_000, True)])
def test_a_scribble_is_repaired_or_refused_and_never_waited_for(tmp_path, points, fails):
    (tmp_path / "a.json").write_bytes(
        corpus._text(wrong_outlines.labelme(wrong_outlines.scribble(points)))
    )
    if not fails:
        assert len(formats.read(tmp_path / "a.json")) == 2
        return
    with pytest.raises(InputError, match=r"20,000 points crosses itself about .* draw it again"):
        formats.read(tmp_path / "a.json")
