"""Which history a benchmark reads."""

import argparse
from pathlib import Path

from admin.learning.data import TrainingData, training_data
from scoring.scorer import Scorer
from scoring.threads import limit_threads


def history_parser(description: str | None) -> argparse.ArgumentParser:
    """Of a command line that names events, and how to read them as the commands of `tierwise` do."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--events", type=Path, required=True)
    parser.add_argument("--items", type=Path)
    parser.add_argument("--preset")
    parser.add_argument("--as-of")
    return parser


def history_and_model(description: str | None) -> tuple[TrainingData, Scorer]:
    """What a command line of events and of a model folder names."""
    parser = history_parser(description)
    parser.add_argument("--model", type=Path, required=True)
    asked = parser.parse_args()
    limit_threads()
    return training_data(asked.events, asked.items, asked.preset, None, asked.as_of), Scorer.load(asked.model)
