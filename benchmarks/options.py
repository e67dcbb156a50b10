"""The options that studies of a model on annotated images share."""

import argparse
from pathlib import Path


def of_data(description: str | None) -> argparse.ArgumentParser:
    """DATA, and which of its images: `open_folder(options.data).where(options.where)`."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    _add_data(parser)
    return parser


def of_model_and_data(description: str | None) -> argparse.ArgumentParser:
    """MODEL, and the same."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", help="a shipped model's name, a .kontur file or a run")
    _add_data(parser)
    return parser


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", type=Path, help="a folder of images with annotations")
    parser.add_argument(
        "--where", nargs="*", default=[], metavar="COLUMN=VALUE",
        help="the images of which metadata.csv says this, such as modality=fluorescence",
    )  # fmt: skip
