"""Which history a benchmark reads."""

import argparse
from pathlib import Path


def history_parser(description: str | None) -> argparse.ArgumentParser:
    """Of a command line that names events, and how to read them as the commands of `tierwise` do."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--events", type=Path, required=True)
    parser.add_argument("--items", type=Path)
    parser.add_argument("--preset")
    parser.add_argument("--as-of")
    return parser
