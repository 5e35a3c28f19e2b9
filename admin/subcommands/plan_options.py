"""Options of `tierwise campaign create`: a plan, part by part."""

from pathlib import Path
from typing import Annotated

import typer

from admin.files.rule_files import SOURCE
from admin.typed.arms import SYNTAX as ARM_SYNTAX
from admin.typed.offers import SYNTAX
from admin.typed.restraint import CAP_SYNTAX
from campaigns.terms.campaign import ChannelChoice
from campaigns.terms.templates import Template

REPEATED = (
    "A series: minute hour day month weekday, as in cron, such as '0 9 * * MON'; each time is a campaign of its own. "
    "A month without day 29, 30 or 31 is left out; L in the place of the day is the last one of each month."
)

Name = Annotated[str, typer.Option(help="For people.")]
Offers = Annotated[list[str] | None, typer.Option(help=SYNTAX)]
ChosenTemplate = Annotated[
    Template | None, typer.Option(help="Offers, and whom they are for, to start from instead; --rule says otherwise.")
]
Arms = Annotated[list[str] | None, typer.Option(help=f"A variant of the discounts: {ARM_SYNTAX}")]
Margin = Annotated[int | None, typer.Option(help="Percent of a price that is left after the goods.")]

# When.
Start = Annotated[
    str | None,
    typer.Option(
        help="ISO time, in the zone unless it says otherwise; a date alone is its first moment. Default: now."
    ),
]
MOST_DAYS = 3650
Days = Annotated[int, typer.Option(min=1, max=MOST_DAYS, help="How long it runs.")]
Zone = Annotated[str, typer.Option(help="IANA time zone.")]
Repeat = Annotated[str | None, typer.Option(help=REPEATED)]
RepeatDays = Annotated[int, typer.Option(min=1, help="How long each occurrence lasts.")]

# How much.
Redemptions = Annotated[int | None, typer.Option(min=1, help="Most redemptions in all.")]
MoneyOff = Annotated[str | None, typer.Option(help="Most money off in all, such as 5000.00.")]
Confidence = Annotated[
    float, typer.Option(help="Issuing stops before it would be less certain than this that the budget holds.")
]
RefundGivesCodeBack = Annotated[
    bool, typer.Option(help="A code may be used again when all that it took off is refunded.")
]

# For whom.
RuleFile = Annotated[Path | None, typer.Option(help=f"Who of the tiers; default: all. {SOURCE}", allow_dash=True)]
Holdout = Annotated[int, typer.Option(help="Percent of the audience that gets nothing, to compare with.")]
Choice = Annotated[
    ChannelChoice, typer.Option(case_sensitive=False, help="Of several channels: the first, or the customer's own.")
]
Caps = Annotated[list[str] | None, typer.Option(help=f"Most offers for a customer: {CAP_SYNTAX}")]
LeaveTo = Annotated[
    list[str] | None, typer.Option(help="A campaign whose customers are left out while it runs; can be repeated.")
]
AudienceLimit = Annotated[
    int | None, typer.Option(min=1, help="Most customers in the audience: those expected to spend most.")
]

# Beside other coupons.
Priority = Annotated[int, typer.Option(help="Of several coupons on one order, higher ones go first.")]
Group = Annotated[str | None, typer.Option(help="One coupon of a group applies to an order.")]
Alone = Annotated[bool, typer.Option(help="No other coupon applies to the same order.")]
