"""Curves for TensorBoard: figures by step, in a folder of event files."""

from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from scoring.whole_file import told_of
from training.curves.curves import Curves


class BoardCurves(Curves):
    """Event files in a folder that `tensorboard --logdir` shows; a folder is one run. All of it raises NotWritten."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with told_of(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._writer = EventFileWriter(str(folder))

    def note(self, name: str, value: float, step: int) -> None:
        """One figure at one step."""
        summary = Summary(value=[Summary.Value(tag=name, simple_value=value)])
        # The writer's own thread writes, and what it met is raised at a later figure.
        with told_of(self._folder):
            self._writer.add_event(Event(summary=summary, step=step))

    def close(self) -> None:
        """Write what is still in memory."""
        with told_of(self._folder):
            self._writer.close()
