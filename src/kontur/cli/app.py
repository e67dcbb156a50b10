"""The program `kontur`: its commands, its version, and its error messages.

Bad input, a full disk and Ctrl-C end with one sentence on standard error and the exit codes 1, 1
and 130, SIGTERM as Ctrl-C with 143; wrong usage with 2. Any other exception is a defect of Kontur
and keeps its traceback.
"""

import errno
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from kontur.cli.classify import classify
from kontur.cli.command_advice import adapted
from kontur.cli.compare import compare
from kontur.cli.convert import convert
from kontur.cli.demo import demo
from kontur.cli.describe import describe
from kontur.cli.ending_signals import EndingSignals
from kontur.cli.evaluate import evaluate
from kontur.cli.format_words import FormatWords
from kontur.cli.inspect import inspect
from kontur.cli.learn import learn
from kontur.cli.measure import measure
from kontur.cli.models import models
from kontur.cli.plot import plot
from kontur.cli.predict import predict
from kontur.cli.print_warnings import print_warnings_once
from kontur.cli.reinforce import reinforce
from kontur.cli.serve import serve
from kontur.cli.suggest_option import suggest
from kontur.cli.train import train
from kontur.errors import NOT_WRITTEN, InputError
from kontur.wording import of_check

MAY_NOT = (errno.EACCES, errno.EPERM, errno.EROFS)  # of the rights, or of a disk that is read-only
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # the disk, a share of it, or a file on it
UsageError: Any = typer.BadParameter.__base__  # of Click, which Typer brings
PLACES = ("--out", "--geojson", "--report")  # options that name what is written
REMEDIES = {  # of commands that name it by an argument
    "target": "; give a TARGET that you may write to",
    "folder": "; it must be a folder that you may write to, copy it to one",
}


class CommandGroup(TyperGroup):
    """The group of all commands; errors that a user can correct become one sentence."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        signals = EndingSignals()
        try:
            with signals, print_warnings_once():
                return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = of_check(error.message)
            raise
        except UsageError as error:
            suggest(error)
            raise
        except InputError as error:
            command = self.get_command(ctx, ctx.invoked_subcommand or "")
            _end(f"Error: {adapted(command, str(error))}", 1)
        except KeyboardInterrupt as error:
            _end(f"\nStopped: {error}" if error.args else "\nStopped.", signals.code)
        except BrokenPipeError:  # `kontur models | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(1) from None
        except MemoryError:
            _end("Error: there is not enough memory; take smaller or fewer images at once", 1)
        except OSError as error:
            command = self.get_command(ctx, ctx.invoked_subcommand or "")
            _end(f"Error: {_message(error)}{_remedy(command, error)}", 1)


def _end(sentence: str, code: int) -> None:
    typer.echo(sentence, err=True)
    raise typer.Exit(code) from None


def _message(error: OSError) -> str:
    """The file and the reason of an error of the system."""
    reason = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {reason}" if error.filename else reason


def _remedy(command: Any, error: OSError) -> str:
    """What to do where a command cannot write, for the end of the sentence."""
    full = error.errno in FULL
    if not (full or error.errno in MAY_NOT) or NOT_WRITTEN not in (error.strerror or ""):
        return ""
    named = {
        name
        for parameter in command.params
        for name in parameter.opts
        if not getattr(parameter, "is_flag", False)
    }
    places = [option for option in PLACES if option in named]
    if full:
        ways = ["make room there"] if error.errno != errno.EFBIG else []  # room makes no file less
        ways += [f"give another place with {' or '.join(places)}"] if places else []
        return f"; {', or '.join(ways)}" if ways else ""
    if places:
        return f"; give a place that you may write to with {' or '.join(places)}"
    return next((remedy for name, remedy in REMEDIES.items() if name in named), "")


app = typer.Typer(
    cls=CommandGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _version(requested: bool) -> bool:
    if requested:
        import kontur

        typer.echo(f"kontur {kontur.__version__}")
        raise typer.Exit
    return requested


@app.callback()
def program(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Learn from images with masks; draw an editable outline around every object in new ones.

    \b
    Try it:              kontur demo
    Outline images:      kontur predict IMAGES --model nuclei --out DIR
    See and correct:     kontur serve FOLDER
    Measure objects:     kontur measure DIR IMAGES --out table.csv
    Describe a table:    kontur describe table.csv --out report.html
    Plot a table:        kontur plot table.csv --out DIR
    Learn from a table:  kontur learn table.csv --target COLUMN --out MODEL
    Classify by it:      kontur classify table.csv --model MODEL --out predictions.csv
    Check your data:     kontur inspect DATA
    Train on your data:  kontur train DATA --out RUN
    Choose a network:    kontur compare DATA --out DIR
    Evaluate a model:    kontur evaluate --model RUN DATA

    kontur COMMAND --help has details and examples.
    """


COMMANDS = (
    *(demo, predict, measure, describe, plot, learn, classify, evaluate),
    *(serve, inspect, train, reinforce, compare, models, convert),
)
for command in COMMANDS:
    app.command(cls=FormatWords)(command)
