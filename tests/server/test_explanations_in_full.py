"""An explanation in full: what each event is worth, and what more would be enough for a higher tier."""

from collections.abc import Iterator

import pytest
from made.campaigns import add_customers, make_cause
from running.serving import Shop, purchase, recording, serving
from tierwise.v1 import explanation_pb2, scoring_service_pb2, tier_pb2

from campaigns.tiers import schemes
from campaigns.tiers.tiers import Levels, Measure, Method
from database.session import Database

FULL = explanation_pb2.Explanation.FULL


@pytest.fixture(scope="module")
def shop(database_of_file: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    add_customers(database_of_file, ["anna", "nobody"])
    with serving(database_of_file, tmp_path_factory.mktemp("home")) as running:
        running.customers.BatchCreateEvents(recording("anna", [purchase(-day) for day in range(1, 8)]))
        yield running


def explain(shop: Shop, customer: str = "anna", **fields: object) -> explanation_pb2.Explanation:
    request = scoring_service_pb2.ExplainScoreRequest(customer=f"customers/{customer}", **fields)  # type: ignore[arg-type]
    found: explanation_pb2.Explanation = shop.scoring.ExplainScore(request).explanation
    return found


def place(shop: Shop, *, mid: float, high: float) -> None:
    """By a scheme with these thresholds of the probability to buy."""
    with shop.database.writing() as transaction:
        scheme = schemes.create(
            transaction, make_cause(), measure=Measure.PURCHASE_90, method=Method.ABSOLUTE,
            parameters=Levels(high=high, mid=mid),
        )  # fmt: skip
        schemes.activate(transaction, make_cause(), scheme.version)
    shop.server.live.refresh()


def probability(found: explanation_pb2.Explanation) -> float:
    return found.score.purchase_probabilities[-1].probability


def test_what_each_event_is_worth_is_told_on_demand_only(shop: Shop) -> None:
    plain, full = explain(shop), explain(shop, view=FULL)

    assert (len(plain.event_effects), len(plain.contrasts)) == (0, 0)
    assert len(full.event_effects) == 7
    assert full.contributions[0].name in {each.name for each in plain.contributions}
    sizes = [abs(effect.logit) for effect in full.event_effects]
    assert sizes == sorted(sizes, reverse=True)
    assert full.event_effects[0].name == "purchase"
    assert full.event_effects[0].description.startswith("ordered Red Mug for 10.00 GBP on ")
    assert (sizes[0] > 0, full.event_effects[0].HasField("event_time")) == (True, True)


def test_what_more_would_be_enough_for_a_higher_tier_is_checked_by_the_model(shop: Shop) -> None:
    now = probability(explain(shop))
    place(shop, mid=now / 2, high=now + 1e-4)
    found = explain(shop, view=FULL)
    chinese = explain(shop, view=FULL, language_code="zh")
    place(shop, mid=now / 4, high=now / 2)
    highest = explain(shop, view=FULL)

    assert found.score.tier == tier_pb2.MID
    assert found.contrasts, "random weights: some change moves the score upwards"
    assert all(each.tier == tier_pb2.HIGH and each.purchase_probability > now for each in found.contrasts)
    assert [each.count for each in found.contrasts] == sorted(each.count for each in found.contrasts)
    assert found.contrasts[0].description.startswith(f"{found.contrasts[0].count} more ")
    assert [each.change for each in chinese.contrasts] == [each.change for each in found.contrasts]
    assert "再" in chinese.contrasts[0].description or "多" in chinese.contrasts[0].description
    assert (highest.score.tier, len(highest.contrasts)) == (tier_pb2.HIGH, 0)


def test_unknown_items_and_customers_without_events_are_explained_too(shop: Shop) -> None:
    strange = purchase(-0.01, item="never-seen-before")
    found = explain(shop, view=FULL, session_events=[strange])
    nobody = explain(shop, "nobody", view=FULL)

    assert len(found.event_effects) == 8
    assert "never-seen-before" in " ".join(effect.description for effect in found.event_effects)
    assert len(nobody.event_effects) == 0
