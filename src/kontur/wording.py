"""Wording: numbers, nouns and names in the sentences that a user reads."""

import difflib
from collections.abc import Iterable, Sequence

SIMILAR = 0.5  # similarity of words, from 0 to 1, from which one is suggested for the other
LONGEST = 32  # characters of a name that a sentence shows


def plural(count: int, what: str) -> str:
    """A number and a noun.

    >>> plural(1, "image"), plural(12000, "object")
    ('1 image', '12,000 objects')
    """
    return f"{count:,} {what}{'s' * (count != 1)}"


def from_zero(count: int) -> str:
    """The numbers of so many things, which count from 0.

    >>> from_zero(3), from_zero(1)
    ('0 to 2', '0')
    """
    return f"0 to {count - 1}" if count > 1 else "0"


def shortened(name: object) -> str:
    """A name from a file for a sentence: on one line, and cut at the end if long.

    >>> shortened("two\\nlines"), shortened("x" * 64), shortened(1.5)
    ('two lines', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…', '1.5')
    """
    text = str(name)
    line = "".join(letter if letter.isprintable() else " " for letter in text[: LONGEST + 1])
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def quoted(value: object) -> str:
    """A value from a file, shortened, text in quotation marks.

    >>> quoted("a"), quoted(7), quoted("x" * 64)
    ("'a'", '7', "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'")
    """
    return f"'{shortened(value)}'" if isinstance(value, str) else shortened(value)


def listed(names: Iterable[str], *, most: int = 5) -> str:
    """A few names and how many more; the end of long names is left out.

    >>> listed(["a", "b", "c"], most=2), listed(["x" * 64])
    ('a, b and 1 more', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…')
    """
    texts = [shortened(name) for name in names]
    shown = ", ".join(texts[:most])
    return f"{shown} and {len(texts) - most} more" if len(texts) > most else shown


def counted(names: Sequence[str], what: str) -> str:
    """The number of things, and their names.

    >>> counted(["a", "b"], "image"), counted(["a"], "image")
    ('2 images (a, b)', '1 image (a)')
    """
    return f"{plural(len(names), what)} ({listed(names)})"


def printable(name: str) -> str:
    r"""A file's name as text: bytes that are no UTF-8 are shown by their numbers.

    >>> printable("caf\udce9.png"), printable("café.png")
    ('caf\\xe9.png', 'café.png')
    """
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def nearest(word: str, choices: Iterable[str]) -> str:
    """`"did you mean 'x'?"`, or the list of choices where none is near.

    >>> nearest("epchs", ["epochs", "steps"]), nearest("z", ["epochs", "steps"])
    ("did you mean 'epochs'?", 'known are epochs, steps')
    """
    known = list(choices)
    close = difflib.get_close_matches(word, known, n=1, cutoff=SIMILAR)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"


def of_check(message: str) -> str:
    """What pydantic found wrong with a value, without the words that are its own.

    >>> of_check("Value error, 'half' is not one of 'auto'"), of_check("Input should be above 0")
    ("'half' is not one of 'auto'", 'it should be above 0')
    >>> of_check("Input should be a valid integer, unable to parse string as an integer")
    'it should be a whole number'
    """
    known = message.removeprefix("Value error, ").partition(", unable to parse")[0]
    known = known.replace("a valid integer", "a whole number").replace("a valid ", "a ")
    known = known.replace("Field required", "it is missing")
    return known.replace("Input should", "it should")
