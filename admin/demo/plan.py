"""The campaign of the demo: the better the customer, the better the offer; who is new gets a welcome."""

from datetime import datetime, timedelta

from google.type import money_pb2
from tierwise.v1 import campaign_pb2, tier_pb2

from tierwise_client import instant

WELCOME = 5
MOST = 50


def spring_plan(now: datetime, currency: str, *, consented: bool) -> campaign_pb2.Campaign:
    """HIGH 20 % by e-mail, MID 10 % by push, LOW a welcome for first orders on the shop's pages.

    A shop that has recorded no consent may address nobody, so all three then stand on its pages.
    """
    page = campaign_pb2.ON_SITE
    return campaign_pb2.Campaign(
        display_name="Spring", currency_code=currency, time_zone="Europe/London",
        start_time=instant(now - timedelta(minutes=1)), end_time=instant(now + timedelta(days=30)),
        offers=[
            campaign_pb2.Offer(
                tier=tier_pb2.HIGH, channel=campaign_pb2.EMAIL if consented else page,
                discount=campaign_pb2.Discount(
                    percent=campaign_pb2.Discount.Percent(
                        percent=20, maximum=money_pb2.Money(currency_code=currency, units=MOST)
                    )
                ),
            ),
            campaign_pb2.Offer(
                tier=tier_pb2.MID, channel=campaign_pb2.PUSH if consented else page,
                discount=campaign_pb2.Discount(percent=campaign_pb2.Discount.Percent(percent=10)),
            ),
            campaign_pb2.Offer(
                tier=tier_pb2.LOW, channel=page,
                discount=campaign_pb2.Discount(
                    fixed=campaign_pb2.Discount.Fixed(amount=money_pb2.Money(currency_code=currency, units=WELCOME)),
                    new_customers_only=True,
                ),
            ),
        ],
    )  # fmt: skip


def discount_words(discount: campaign_pb2.Discount) -> str:
    """'20 % (at most 50)'."""
    if discount.HasField("percent"):
        most = f" (at most {discount.percent.maximum.units})" if discount.percent.HasField("maximum") else ""
        words = f"{discount.percent.percent} %{most}"
    else:
        words = f"{discount.fixed.amount.units} {discount.fixed.amount.currency_code} off"
    return f"{words}, first order" if discount.new_customers_only else words
