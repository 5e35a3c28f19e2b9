"""How a training went, step by step."""


class Curves:
    """Figures that nobody keeps: what a library caller gets who names no folder."""

    def note(self, name: str, value: float, step: int) -> None:
        """One figure at one step."""

    def close(self) -> None:
        """Write what is still in memory."""


NOWHERE = Curves()
