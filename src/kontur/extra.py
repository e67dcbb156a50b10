"""The packages of extras: imported when they are used, and the command that installs them."""

import importlib
import json
import os
import shlex
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kontur.errors import InputError, reason_of

DISTRIBUTION, PROJECT = "kontur", "pyproject.toml"
WINDOWS = os.name == "nt"


def package(name: str, *, extra: str, what: str) -> Any:
    """The module of this name; raises `InputError` with the command that installs or mends it."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = (error.name or name).partition(".")[0]
        raise InputError(
            f"{what} needs the package {missing}, which is not installed; {install(extra)}"
        ) from None
    except (ImportError, OSError) as error:  # its compiled library is missing or another system's
        reason = reason_of(error)
        raise InputError(
            f"{what} needs the package {name}, which does not load here ({reason}); "
            f"{install(extra, '--force-reinstall')}"
        ) from error


def install(extra: str, *options: str) -> str:
    """The command that installs an extra, from where this Kontur came.

    That is a folder, such as a clone, or an archive, while it is there; a repository; else an index
    of packages.
    """
    words = ["pip", "install", *options, *_source(f"[{extra}]")]
    if not WINDOWS:
        return shlex.join(words)
    from subprocess import list2cmdline  # whose shell takes ' for a part of a word

    return list2cmdline(words)


def torch_size() -> str:
    """The end of a sentence that has `install` of an extra with torch: how large that is.

    Empty where torch is there already, and on other systems than Linux, whose torch is small.
    """
    if sys.platform != "linux" or find_spec("torch") is not None:
        return ""
    return "; on Linux that is gigabytes, with CUDA: without a GPU install torch's CPU build first"


def _source(extra: str) -> list[str]:
    """What pip installs, with the options for it."""
    from importlib import metadata  # which takes long to import, and only a failure needs it

    named = DISTRIBUTION + extra
    try:
        text = metadata.distribution(DISTRIBUTION).read_text("direct_url.json")
        origin = json.loads(text or "{}")  # of an index nothing is noted
    except metadata.PackageNotFoundError:  # on the path, and not installed
        origin = {"url": Path(__file__).parents[2].as_uri(), "dir_info": {"editable": True}}
    url = origin.get("url", "")
    below = f"#subdirectory={origin['subdirectory']}" if "subdirectory" in origin else ""
    if "vcs_info" in origin:
        vcs, commit = origin["vcs_info"]["vcs"], origin["vcs_info"]["commit_id"]
        return [f"{named} @ {vcs}+{url}@{commit}{below}"]
    place = urlsplit(url)
    if place.scheme != "file":
        return [f"{named} @ {url}{below}"] if url else [named]
    from urllib.request import url2pathname  # here: it brings HTTP, a sixth of the start of --help

    path = url2pathname(place.path)
    if "dir_info" not in origin or not (Path(path) / PROJECT).is_file():
        return [f"{named} @ {url}{below}"] if Path(path).is_file() else [named]
    return [*(["-e"] if origin["dir_info"].get("editable") else []), path + extra]
