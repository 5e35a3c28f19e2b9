"""How a training went, step by step."""


class Curves:
    """Figures that nobody keeps: what a library caller gets who names no folder."""

    def note(self, name: str, value: float, step: int) -> None:
        """One figure at one step."""

    def close(self) -> None:
        """Write what is still in memory."""


NOWHERE = Curves()


class Several(Curves):
    """Kept in several places."""

    def __init__(self, *places: Curves) -> None:
        self._places = places

    def note(self, name: str, value: float, step: int) -> None:
        """The same everywhere."""
        for place in self._places:
            place.note(name, value, step)

    def close(self) -> None:
        """All of them."""
        for place in self._places:
            place.close()
