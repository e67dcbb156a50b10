"""Help pages with the formats of outlines, taken from `formats.FORMATS` when a page is shown."""

from typing import Any

from typer.core import TyperCommand


class FormatWords(TyperCommand):
    """A command in whose help `{formats}`, `{endings}` and `{outputs}` stand for the table's."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help page; only then are the formats imported, which takes a while."""
        words = _words()
        self.help = _filled(self.help, words)
        for parameter in self.params:
            text = getattr(parameter, "help", None)
            if text:
                parameter.help = _filled(text, words)  # type: ignore[attr-defined]
        super().format_help(ctx, formatter)


def _words() -> dict[str, str]:
    from kontur.formats import FORMATS, WRITABLE

    formats = WRITABLE.values()
    read_only = [one.title for one in FORMATS.values() if one.write is None]
    outputs = [f"NAME{one.ending} ({one.title})" for one in formats]
    return {
        "{formats}": ", ".join(WRITABLE),
        "{read_only}": ", ".join(read_only),
        "{endings}": "; ".join(f"{one.title} {', '.join(one.endings)}" for one in formats),
        "{outputs}": ", ".join(outputs),
    }


def _filled(text: str | None, words: dict[str, str]) -> str | None:
    for word, meaning in words.items():
        text = text.replace(word, meaning) if text else text
    return text
