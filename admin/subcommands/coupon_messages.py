"""The part of `tierwise coupon` about messages: handing coupons over, what became of them, and a test beforehand."""

from typing import Annotated

import typer

from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit
from admin.shell.transactions import Limit, Reason, changing, reading
from admin.shell.waiting import show_begun, succeeded
from campaigns.coupons import deliveries, handing_over, message_tests
from campaigns.coupons.codes import displayed
from campaigns.coupons.message_tests import EXAMPLE, Trial, Wanted
from campaigns.life import campaigns
from campaigns.terms.campaign import Channel
from campaigns.tiers.tiers import Tier
from channels.message import Fate

app = typer.Typer()


@app.command("hand-over")
def hand_over(
    campaign_id: Annotated[str, typer.Argument(help="Whose coupons; it is active.")],
    *, reason: Reason = None, database_url: DatabaseUrl = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Hand over to their channels the coupons that were not yet; a launch does so by itself."""
    about = f"campaigns/{campaign_id}"
    with changing(database_url, reason, action=handing_over.ACTION, object_name=about) as (transaction, cause):
        begun = handing_over.begin(transaction, cause, campaign_id)
    show_begun(begun, title="Begun", as_json=as_json)


@app.command("messages")
def list_messages(
    campaign_id: Annotated[str, typer.Argument(help="Whose messages.")], *, limit: Limit = 50,
    state: Annotated[str | None, typer.Option(help="Such as HANDED_OVER, REFUSED or NO_CONSENT.")] = None,
    after: Annotated[str, typer.Option(help="Go on after this customer.")] = "", database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show what was handed over to the channels, customer by customer."""
    with reading(database_url) as snapshot:
        campaigns.get(snapshot, campaign_id)
        found = deliveries.page(snapshot, campaign_id, state=state, limit=limit, after=after)
    emit([each.facts() for each in found], as_json=as_json, title=f"Messages of {campaign_id}")


@app.command("test-message")
def send_test(
    campaign_id: Annotated[str, typer.Argument(help="Whose message; it is not over.")],
    *,
    to: Annotated[str, typer.Option(help="Who gets it: an id that the channel's provider knows, such as your own.")],
    tier: Annotated[Tier | None, typer.Option(help="Which offer; default: the first that leaves the house.")] = None,
    channel: Annotated[Channel | None, typer.Option(help="Default: the first of the offer.")] = None,
    arm: Annotated[str | None, typer.Option(help="Which variant; default: the first.")] = None,
    wait: Annotated[bool, typer.Option(help="Until it is known what became of it.")] = True,
    reason: Reason = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Send one message by its real channel to see it, with an example for a code; nothing of the campaign counts it."""
    wanted = Wanted(recipient=f"customers/{to}", tier=tier, channel=channel, arm=arm)
    about = f"campaigns/{campaign_id}"
    with changing(database_url, reason, action=message_tests.ACTION, object_name=about) as (transaction, cause):
        begun = message_tests.begin(transaction, cause, campaign_id, wanted)
    done = succeeded(begun, database_url, wait=wait, title="Sending", as_json=as_json)
    if done is None:
        return
    trial = Trial.of(done)
    row = {
        "campaign_id": campaign_id, "recipient": to, "arm": trial.arm, "tier": trial.tier,
        "channel": trial.channel, "example_code": displayed(EXAMPLE), "outcome": trial.outcome, "note": trial.note,
    }  # fmt: skip
    emit(row, as_json=as_json, title="Test message")
    if trial.fate is not Fate.HANDED_OVER:
        raise typer.Exit(1)
