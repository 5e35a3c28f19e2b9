"""Curves for TensorBoard: figures by step, in a folder of event files."""

from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from training.curves.curves import Curves


class BoardCurves(Curves):
    """Event files in a folder that `tensorboard --logdir` shows; a folder is one run."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._writer = EventFileWriter(str(folder))

    def note(self, name: str, value: float, step: int) -> None:
        """One figure at one step."""
        summary = Summary(value=[Summary.Value(tag=name, simple_value=value)])
        self._writer.add_event(Event(summary=summary, step=step))

    def close(self) -> None:
        """Write what is still in memory."""
        self._writer.close()
