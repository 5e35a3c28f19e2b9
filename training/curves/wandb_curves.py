"""Curves for Weights & Biases; its own variables (WANDB_API_KEY, WANDB_BASE_URL, WANDB_MODE) say where they go."""

from pathlib import Path

import wandb

from training.curves.curves import Curves

STEP = "step"


class WandbCurves(Curves):
    """A run of a project. Figures leave the house, and nothing of customers, code or machine does."""

    def __init__(self, project: str, name: str, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        quiet = wandb.Settings(
            console="off", silent=True, disable_git=True, disable_code=True, x_disable_meta=True, x_disable_stats=True
        )
        self._run = wandb.init(project=project, id=name, name=name, dir=folder, resume="allow", settings=quiet)

    def note(self, name: str, value: float, step: int) -> None:
        """One figure at one step of its stage: what stands before the slash."""
        counter = f"{name.partition('/')[0]}/{STEP}"
        self._run.define_metric(name, step_metric=counter)
        self._run.log({name: value, counter: step})

    def close(self) -> None:
        """Send, or write where WANDB_MODE is offline, what is still in memory."""
        self._run.finish()
