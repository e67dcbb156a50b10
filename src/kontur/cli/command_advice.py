"""Advice in errors in the words of the command that runs.

Images are read below all commands, and what goes wrong there names the options that most of them
have. Commands that take settings instead get the setting's name.
"""

import re
from typing import Any

SETTINGS = ("page", "channel")  # of `data`, where a command has --set
ADVICE = re.compile(
    rf"--({'|'.join(SETTINGS)})\b(?! all\b)(?: (N\b|\d+))?(?: \(in Python \w+=N?\))?",
)
ONE_PAGE = re.compile(r"(--set data\.page=N, 0 to \d+)")
ONE_OF_ALL = re.compile(r"(choose it with --page N \(in Python page=N\), 0 to \d+)")
SEPARATE = "separate images"
BESIDE = re.compile(r", or --channel N where the pages are channels")


def adapted(command: Any, sentence: str) -> str:
    """A sentence with options that the command lacks as the settings that it has in their place.

    What commands with `--page all` do, as `kontur predict`, stays.
    """
    known = {option for parameter in command.params for option in parameter.opts}
    if any("--page" in each.opts and "all" in (each.metavar or "") for each in command.params):
        sentence = with_all_pages(sentence)
    if "--set" not in known:
        return sentence if "--channel" in known else BESIDE.sub("", sentence)

    def setting(advice: re.Match[str]) -> str:
        name, value = advice[1], advice[2] or "N"
        return advice[0] if f"--{name}" in known else f"--set data.{name}={value}"

    return ONE_PAGE.sub(r"\1 or all", ADVICE.sub(setting, sentence))


def with_all_pages(sentence: str) -> str:
    """A sentence on a stack of which a plane is to be chosen, of a command with `--page all`.

    Separate images of one file are no stack.
    """
    if SEPARATE in sentence:
        return sentence
    return ONE_OF_ALL.sub(r"\1, or take every one with --page all", sentence)
