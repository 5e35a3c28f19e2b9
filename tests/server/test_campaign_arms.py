"""Arms and the margin of a campaign over the wire and on the command line."""

import grpc
import pytest
from running.serving import Shop, plan, refusal
from running.shell import Shell
from tierwise.v1 import campaign_pb2, campaign_service_pb2, tier_pb2

BOLD = campaign_pb2.Arm(
    name="bold", weight=2,
    discounts=[
        campaign_pb2.Arm.TierDiscount(
            tier=tier_pb2.HIGH, discount=campaign_pb2.Discount(percent=campaign_pb2.Discount.Percent(percent=30))
        )
    ],
)  # fmt: skip


def create(shop: Shop, wanted: campaign_pb2.Campaign) -> campaign_pb2.Campaign:
    request = campaign_service_pb2.CreateCampaignRequest(campaign_id="spring", campaign=wanted)
    return shop.campaigns.CreateCampaign(request)


def test_arms_and_margin_come_back_as_they_went_and_can_be_cleared(shop: Shop) -> None:
    made = create(shop, plan(arms=[campaign_pb2.Arm(name="plain"), BOLD], margin_percent=40))

    assert list(made.arms) == [campaign_pb2.Arm(name="plain", weight=1), BOLD]
    assert made.margin_percent == 40
    change = campaign_service_pb2.UpdateCampaignRequest(campaign=campaign_pb2.Campaign(name=made.name))
    change.update_mask.paths.extend(["arms", "margin_percent"])
    cleared = shop.campaigns.UpdateCampaign(change)
    assert (list(cleared.arms), cleared.HasField("margin_percent")) == ([], False)


@pytest.mark.parametrize("name", ["holdout", "Bold"])
def test_an_arm_without_a_name_of_its_own_is_refused(shop: Shop, name: str) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        create(shop, plan(arms=[campaign_pb2.Arm(name=name)]))

    assert refusal(raised.value).fields == ["campaign.arms[0].name"]


def test_an_arm_changes_only_what_the_plan_offers(shop: Shop) -> None:
    low = campaign_pb2.Arm(name="low")
    low.discounts.add(tier=tier_pb2.LOW, discount=BOLD.discounts[0].discount)

    with pytest.raises(grpc.RpcError) as raised:
        create(shop, plan(arms=[low]))

    assert (refusal(raised.value).reason, refusal(raised.value).fields) == ("INVALID_CAMPAIGN", ["arms[0]"])


def test_arms_are_typed_as_they_are_shown(database_url: str) -> None:
    tierwise = Shell(database_url)
    typed = ("campaign", "create", "spring", "--name", "Spring", "--offer", "HIGH:20%:ON_SITE", "--currency", "GBP")

    made = tierwise(*typed, "--arm", "plain", "--arm", "bold*2=high:30%max5.00", "--margin", "40")

    assert (made["arms"], made["margin_percent"]) == ("plain, bold*2=HIGH:30%max5.00", 40)
    for wrong in ("bold=TOP:30%", "bold=HIGH", "bold=HIGH:lots", "*2"):
        assert f"--arm {wrong}" in tierwise.refusal(*typed, "--arm", wrong)
