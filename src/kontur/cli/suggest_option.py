"""What is suggested where a command has no option of a name: what is meant, or spelt alike."""

import difflib
from collections.abc import Iterable
from typing import Any

from kontur.cli.words_elsewhere import ARGUMENT, KNOWN, OPTIONS

SIMILAR = 0.65  # of two names without their dashes, from 0 to 1


def suggest(error: Any) -> None:
    """Put into a usage error on an unknown option what is meant, in place of what is spelt alike.

    Any other error, and a short option, stays as it is.
    """
    option = str(getattr(error, "option_name", ""))
    if not hasattr(error, "possibilities") or not option.startswith("--") or error.ctx is None:
        return
    parameters = error.ctx.command.params
    known = [name for each in parameters for name in each.opts if name.startswith("--")]
    word = option.lstrip("-").lower().replace("_", "-")
    arguments = [each for each in parameters if each.param_type_name == "argument"]
    takes = [each.metavar or each.name.upper() for each in arguments]
    if f"--{word}" in known:
        error.possibilities = [f"--{word}"]
        return
    meant = [name for name, words in OPTIONS.items() if name in known and word in words.split()]
    if not meant and "--set" in known:
        meant = _settings(word.replace("-", "_"))
    if not meant and word in ARGUMENT.split() and takes:
        error.message += f"; give {' '.join(takes)} without an option"
    error.possibilities = meant if meant or word in KNOWN else _alike(word, known)


def _settings(word: str) -> list[str]:
    """The settings of a run of this name, as they are given."""
    from kontur.train.config import RunConfig  # here, for its families take long to import

    keys = [
        key
        for key in RunConfig.dotted_keys()
        if key.endswith(f".{word}") and not key.startswith("model.")
    ]
    if word in RunConfig.ELSEWHERE:
        keys.append(RunConfig.ELSEWHERE[word])
    return [f"--set {key}=VALUE" for key in keys]


def _alike(word: str, known: Iterable[str]) -> list[str]:
    names = [name.removeprefix("--") for name in known if name != "--help"]
    return [f"--{name}" for name in difflib.get_close_matches(word, names, cutoff=SIMILAR)]
