"""Why a predictor has its share of the answer, in words."""

from collections.abc import Mapping


def why(figures: Mapping[str, float]) -> str:
    """From what the rehearsal found of one: its shares of the chance and of the amount."""
    shares = (figures["purchase_share"], figures["spend_share"])
    helps = [part for part, share in zip(("chance of an order", "amount"), shares, strict=True) if share > 0]
    return f"helps with: {', '.join(helps)}" if helps else "adds nothing to the others on unseen windows"
