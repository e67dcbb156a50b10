"""The five networks and the baseline on nuclei, worms and membranes, on equal budgets.

Calls `kontur compare` once for each data set; each call goes on where an earlier one ended, so the
whole can be stopped and started at will. Prints every table, costs and verdict, as docs/results.md
has them. The data lie below one folder: dsb2018, worms, isbi2012 (each with a part `train`).
"""

import argparse
from pathlib import Path

from report import heading

from kontur.models import catalog

DATA: dict[str, list[str]] = {  # what each needs beside the budget
    "dsb2018": [],
    "worms": [],
    "isbi2012": ["--task", "components"],  # the interiors between membranes are the objects
}


def main() -> None:
    options = _options()
    kinds = options.kinds or ",".join(catalog.KINDS)
    for name in options.sets:
        heading(f"{name}: {kinds}, {options.folds} folds, {options.minutes:g} minutes a fit")
        out = options.out / name
        words = ["compare", options.data / name, "--out", out, "--kinds", kinds]
        words += ["--folds", options.folds, "--minutes", options.minutes]
        words += ["--preset", options.preset, "--no-refit", *DATA[name]]
        words += [word for setting in options.set for word in ("--set", setting)]
        _kontur([str(word) for word in words])


def _kontur(words: list[str]) -> None:
    """One call of the command line in this process, said before it is made."""
    from kontur.cli.app import app

    print(f"kontur {' '.join(words)}\n", flush=True)
    app(words, standalone_mode=False)
    print(flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="the folder that holds the data sets")
    parser.add_argument("--out", type=Path, default=Path("five"), help="a study for each below it")
    parser.add_argument("--sets", nargs="+", choices=DATA, default=list(DATA), metavar="NAME")
    parser.add_argument("--kinds", help="comma-separated (default: all)")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=10.0, help="of training a fit")
    parser.add_argument("--preset", default="tiny")
    parser.add_argument(
        "--set", nargs="*", default=[], metavar="[KIND:]KEY=VALUE", help="settings of all or a kind"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
