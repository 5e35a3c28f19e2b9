"""Where a command keeps how its training went: TensorBoard always, Weights & Biases where a project is named."""

import importlib

from admin.shell.output import fail
from settings import settings
from training.curves.board import BoardCurves
from training.curves.curves import Curves, Several


def curves_of(name: str) -> Curves:
    """Of the run of that name; to be closed."""
    folder = settings().home / "runs" / name
    board = BoardCurves(folder)
    project = settings().wandb_project
    if project is None:
        return board
    try:
        elsewhere = importlib.import_module("training.curves.wandb_curves")
    except ModuleNotFoundError as error:
        fail(f"TIERWISE_WANDB_PROJECT: {error.name} is not installed: it needs `pip install tierwise[wandb]`")
    return Several(board, elsewhere.WandbCurves(project, name, folder))
