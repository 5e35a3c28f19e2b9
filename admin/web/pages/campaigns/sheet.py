"""What every tab of a campaign shares: its head with the moves that the visitor may make, and the other tabs."""

from typing import Any

from starlette.responses import Response

from admin.web.pages.campaigns.moves import open_moves
from admin.web.visit import Visit
from campaigns.life import agreed_rules, amending, answers, inbox
from campaigns.terms.campaign import MOVES, Campaign, Move


def tab(visit: Visit, name: str, campaign: Campaign, **values: Any) -> Response:  # noqa: ANN401  # templates take anything
    """A tab in the frame of its campaign."""
    with visit.reading() as snapshot:
        awaited = agreed_rules.awaited(snapshot, campaign)
        rejection = answers.rejection(snapshot, campaign)
        asked = None if campaign.proposed_version is None else inbox.read(snapshot, campaign)
    return visit.page(
        f"campaign_{name}.html", campaign=campaign, tab=name, awaited=awaited,
        rejection=rejection, asked=asked,
        moves=[move for move in open_moves(visit, campaign, awaited) if not (rejection and move is Move.SUBMIT)],
        editable=visit.may("campaigns.update") and (campaign.state, Move.EDIT) in MOVES,
        amendable=visit.may("campaigns.update") and amending.runs(campaign), **values,
    )  # fmt: skip
