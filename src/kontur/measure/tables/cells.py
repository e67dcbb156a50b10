"""Cells: the texts of a column, as spreadsheets write them, parsed as numbers, booleans or text.

A column is parsed as a whole, because one cell can be ambiguous: `1.046` is 1046 beside `1.046,70`
and 1.046 beside `12.5`. Identifiers that look like numbers stay text: `007`, `E01`, `1E1`, `1_000`,
whole numbers beyond 64 bits. In a column of numbers, words such as `NA` and the errors of a
spreadsheet are missing values; in a column of text only the empty cell and the errors are, because
`NA`, `None` and `null` may be names. A column of numbers with a few other cells stays text, and
`non_numeric` has those cells.
"""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from functools import cache
from typing import Any, Literal, NamedTuple

Mark = Literal[".", ","]
Kind = Literal["number", "boolean", "text"]
Value = int | float | bool | str | None

# Words that mean a missing value where the other cells are numbers; in small letters.
MISSING = (
    *("invalid", "missing", "nan", "na", "n/a", "#n/a", "<na>", "null", "none"),
    *("-", "–", "—", "?", ""),
)
# What a spreadsheet writes where a formula failed, in any language: #DIV/0!, #NV, #¿NOMBRE?
ERROR = re.compile(r"#[^\s#]+[!?]|#N/?[ABDV]|#I/T|#{3,}|Err:\d+", re.IGNORECASE)
BOOLEANS = {
    **{"TRUE": True, "True": True, "true": True},
    **{"FALSE": False, "False": False, "false": False},
}
# Those of spreadsheets in other languages. One alone may be a name, such as cells called VERO.
PAIRS = (
    *(("WAHR", "FALSCH"), ("VRAI", "FAUX"), ("VERDADERO", "FALSO"), ("VERO", "FALSO")),
    *(("VERDADEIRO", "FALSO"), ("WAAR", "ONWAAR"), ("PRAWDA", "FAŁSZ"), ("ИСТИНА", "ЛОЖЬ")),
    *(("SAND", "FALSK"), ("SANT", "FALSKT"), ("TOSI", "EPÄTOSI"), ("PRAVDA", "NEPRAVDA")),
    *(("IGAZ", "HAMIS"), ("DOĞRU", "YANLIŞ")),
)
FLAGS = {word: value for pair in PAIRS for word, value in zip(pair, (True, False), strict=True)}
FLAGS |= {**BOOLEANS, "1": True, "0": False, "1.0": True, "0.0": False}
INFINITE = {"inf": float("inf"), "infinity": float("inf")}
INFINITE |= {f"{sign}{word}": float(sign + word) for word in INFINITE for sign in "+-"}
SPACES = " \u00a0\u202f\u2009"  # the ones that do not break a line, too
WIDE = str.maketrans(
    "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff0e\uff0c\uff0b\uff0d\u2212",
    "0123456789.,+--",  # wide digits and marks of East Asia; the sign of minus
)
LARGEST = 2**63 - 1  # a whole number beyond it would lose digits
MANY = 20  # numbers with three decimals from which their mark is taken as one of thousands
LENGTH = r"[nµμumc]m(?:[²³]|\^[23])?|px(?:[²³]|\^[23])?|%"
UNIT = (  # written with a number; 2D and 10x are names
    rf"{LENGTH}|‰|°[CF]?|[nµμum]M|[nµμumk]g|[µμum][lL]|m?s|min|h|[€$£¥]|EUR|USD|GBP|CHF"
)
BEHIND = re.compile(rf"(?P<number>[-+]?[0-9.,](?:.*[0-9])?)[{SPACES}]?(?P<unit>{UNIT})")
BEFORE = re.compile(rf"(?P<unit>[€$£¥]|EUR|USD|GBP|CHF)[{SPACES}]?(?P<number>[-+]?[0-9.,].*)")
HEADING = re.compile(rf".*\S\s*[(\[](?:(?P<a>{UNIT}))[)\]]|.*\S\s(?P<b>{LENGTH})")


class ParsedColumn(NamedTuple):
    """The parsed texts of a column.

    Attributes:
        kind: number, boolean or text.
        values: one for each text: int or float, bool, or the text itself; None where it means a
            missing value.
        decimal: the mark of decimals, "" where no number has a mark.
        thousands: the mark between thousands, "" for none.
        unit: the unit that is written with every number, "" for none.
        missing: the texts in a column of numbers that mean a missing value.
        non_numeric: the texts that are not numbers in a column of text that is mostly numbers.
        ambiguous: whether the mark of decimals cannot be told from the column itself.
    """

    kind: Kind
    values: list[Value]
    decimal: Mark | Literal[""] = ""
    thousands: str = ""
    unit: str = ""
    missing: tuple[str, ...] = ()
    non_numeric: tuple[str, ...] = ()
    ambiguous: bool = False


class Number(NamedTuple):
    """A text as a number, and how it is written."""

    value: int | float
    thousands: str  # the mark between thousands, "" for none
    long: bool  # four digits or more without a mark between thousands
    decimals: bool
    code: bool  # such as 1E1, which may be a name


def parse_column(
    texts: Sequence[str],
    counts: Sequence[int] | None = None,
    *,
    kind: Kind | None = None,
    decimal: Mark | None = None,
    missing: Collection[str] = MISSING,
) -> ParsedColumn:
    """Parse the different texts of a column, which are stripped and not empty.

    Args:
        texts: each once; none gives a column of text without values.
        counts: the number of cells with each text; 1 by default.
        kind: the kind of the column, if known; by default the one that all its cells allow.
        decimal: the mark of decimals elsewhere in the file, for a column where it is ambiguous;
            without it, `1.046` and `1,046` are numbers a little above 1.
        missing: words that mean a missing value in a column of numbers.

    >>> parse_column(["1.046,70", "2.113"]).values
    [1046.7, 2113]
    >>> parse_column(["E01", "E5", "007"]).kind, parse_column(["12", "13", "oops"]).non_numeric
    ('text', ('oops',))
    """
    words: list[Value] = [None if ERROR.fullmatch(text) else text for text in texts]
    if kind == "text":
        return ParsedColumn("text", words)
    if kind != "number" and (booleans := _booleans(texts)):
        return ParsedColumn("boolean", booleans)
    weights = dict(zip(texts, counts or [1] * len(texts), strict=True))
    missing_words = {word.casefold() for word in missing}
    missing_texts = [
        text for text in texts if text.casefold() in missing_words or ERROR.fullmatch(text)
    ]
    known: dict[str, Value] = dict.fromkeys(missing_texts)
    known |= {text: INFINITE[text.lower()] for text in texts if text.lower() in INFINITE}
    if kind == "number":
        known |= {text: int(BOOLEANS[text]) for text in texts if text in BOOLEANS}
    cells = [text for text in texts if text not in known]
    unit, bare = _without_unit(cells)
    mark, ambiguous, numbers = _by_mark(bare, decimal)
    if kind != "number" and not any(n is not None and (n.decimals or n.long) for n in numbers):
        numbers = [None if number is None or number.code else number for number in numbers]
    pairs = dict(zip(cells, numbers, strict=True))
    non_numeric = tuple(text for text, number in pairs.items() if number is None)
    parsed = {text: number for text, number in pairs.items() if number is not None}
    if non_numeric or not (parsed or kind == "number"):
        mostly = sum(weights[text] for text in parsed) > sum(weights[text] for text in non_numeric)
        names = any(CODE.fullmatch(text) for text in non_numeric)
        named = kind == "number" or (mostly and not names)
        return ParsedColumn("text", words, non_numeric=non_numeric if named else ())
    values: list[Value] = [known[t] if t in known else parsed[t].value for t in texts]
    return ParsedColumn(
        "number",
        values,
        decimal=mark if any("." in text or "," in text for text in bare) else "",
        thousands=next((number.thousands for number in parsed.values() if number.thousands), ""),
        unit=unit,
        missing=tuple(missing_texts),
        ambiguous=ambiguous,
    )


def boolean_of(text: str) -> bool | None:
    """The value of a cell that is a word for true or false in any language; None for others.

    >>> boolean_of("WAHR"), boolean_of("false"), boolean_of("0"), boolean_of("maybe")
    (True, False, False, None)
    """
    return FLAGS.get(text.strip())


def unit_in(heading: str) -> str:
    """The unit that the heading of a column ends in, "" for none.

    >>> unit_in("Area (µm²)"), unit_in("Perimeter µm"), unit_in("Area µm^2"), unit_in("time")
    ('µm²', 'µm', 'µm²', '')
    """
    match = HEADING.fullmatch(heading.strip())
    return _spelt(match["a"] or match["b"]) if match else ""


# Digits that are an identifier: with leading zeros, with underscores, 1E1, or too many of them.
CODE = re.compile(r"0[0-9]+|[0-9]+[eE][0-9]+|[0-9]+(?:_[0-9]+)+|[0-9]{19,}")


def _booleans(texts: Sequence[str]) -> list[Value]:
    """The texts as booleans; empty where they are not."""
    if texts and all(text in BOOLEANS for text in texts):
        return [BOOLEANS[text] for text in texts]
    pair = next((pair for pair in PAIRS if {*pair} == {*texts}), None)
    return [text == pair[0] for text in texts] if pair else []


def _without_unit(texts: Sequence[str]) -> tuple[str, list[str]]:
    """The unit that most texts have, and the texts without it; "" for one without that unit."""
    parts = []
    for text in texts:
        plain = text if text.isascii() else text.translate(WIDE)
        bare = plain[0] in "0123456789.,+-" and plain[-1] in "0123456789" and "^" not in plain
        match = None if bare else BEHIND.fullmatch(plain) or BEFORE.fullmatch(plain)
        parts.append((_spelt(match["unit"]), match["number"]) if match else ("", plain))
    counts = Counter(unit for unit, _ in parts)
    unit = max(counts, key=lambda unit: counts[unit], default="")
    return unit, [number if its == unit else "" for its, number in parts]


def _spelt(unit: str) -> str:
    """A unit with its signs: µm² for um^2."""
    symbols = unit.replace("^2", "²").replace("^3", "³").replace("μ", "µ")
    return re.sub(r"^u(?=[mMglL])", "µ", symbols)


def _by_mark(
    texts: Sequence[str], elsewhere: Mark | None
) -> tuple[Mark, bool, list[Number | None]]:
    """The mark of decimals in a column, whether it is ambiguous, and the numbers by that mark."""
    points, commas = ([_number(text, mark) for text in texts] for mark in (".", ","))
    mark, ambiguous = _mark(texts, points, commas, elsewhere)
    return mark, ambiguous, points if mark == "." else commas


def _mark(
    texts: Sequence[str],
    points: Sequence[Number | None],
    commas: Sequence[Number | None],
    elsewhere: Mark | None,
) -> tuple[Mark, bool]:
    """The mark of decimals, from the numbers by either mark, and whether it is ambiguous."""
    more = sum(number is not None for number in points) - sum(n is not None for n in commas)
    if more:
        return "." if more > 0 else ",", False
    both = list(zip(texts, points, commas, strict=True))
    unclear = [text for text, a, b in both if a and b and a.value != b.value]
    if not unclear:
        return elsewhere or ".", False
    marks: list[Mark] = [mark for mark in (".", ",") if any(mark in text for text in unclear)]
    if len(marks) == 1:
        own: Mark = marks[0]
        if any(number and number.long for number in (points if own == "." else commas)):
            return own, False  # 1.046 beside 1200: thousands have no mark here
        if elsewhere is None:
            whole = any(text.isdecimal() and text != "0" for text in texts)
            if whole and (len(unclear) >= MANY or any(text.endswith("0") for text in unclear)):
                return ("," if own == "." else "."), False  # 1.200 beside 998 has no decimals
            return own, True
    return elsewhere or ".", True


def text_of(value: Any) -> str:
    """A cell as text; 2.0 becomes "2": a column of whole numbers with a gap holds floats."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


@cache
def _pattern(mark: Mark) -> re.Pattern[str]:
    """A number with this mark of decimals; whole ones have no zero before them."""
    between = f"[{',' if mark == '.' else '.'}{SPACES}'’]"
    return re.compile(
        r"(?P<sign>[-+]?)(?:(?P<whole>0|[1-9][0-9]*)"
        rf"|(?P<parted>[1-9][0-9]{{0,2}}(?P<by>{between})[0-9]{{3}}(?:(?P=by)[0-9]{{3}})*))?"
        rf"(?:{re.escape(mark)}(?P<decimals>[0-9]+))?(?P<exponent>[eE](?P<signed>[-+]?)[0-9]+)?"
    )


def _number(text: str, mark: Mark) -> Number | None:
    """A text as a number, None where it is none."""
    match = _pattern(mark).fullmatch(text)
    if match is None:
        return None
    sign, whole, parted, by, decimals, exponent, signed = match.groups(default="")
    if not (whole or parted or decimals) or (parted and exponent):
        return None
    digits = whole or parted.replace(by, "") or "0"
    if decimals or exponent:
        value: int | float = float(f"{sign}{digits}.{decimals or 0}{exponent}")
    elif len(digits) < 20 and -LARGEST - 1 <= int(sign + digits) <= LARGEST:
        value = int(sign + digits)
    else:
        return None
    code = bool(exponent) and not (decimals or signed or sign)
    return Number(value, by, len(whole) > 3, bool(decimals or signed), code)
