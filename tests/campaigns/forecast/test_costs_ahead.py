"""What a plan would cost, while it is written: the same as its preview says once it is saved."""

from dataclasses import replace

import pytest
from made.campaigns import NOW, create_campaign, make_cause, store_scores

from campaigns.forecast import costs, dry_run
from campaigns.life import campaigns
from campaigns.terms.limits import Budget
from database.session import Database


def test_it_says_what_the_preview_of_the_saved_plan_says(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    store_scores(database, {f"c{number:03}": 9000 for number in range(400)})
    budget = Budget(limit_minor=20_000)
    create_campaign(database, budget=budget)
    with database.writing() as transaction:
        campaign = campaigns.get(transaction, "spring")
        saved = dry_run.preview(transaction, make_cause(), "spring", size=0).costs
        ahead = costs.ahead(transaction, campaign, NOW)
        richer = costs.ahead(transaction, replace(campaign, plan=replace(campaign.plan, budget=None)), NOW)

    assert ahead == saved
    assert (ahead.budget, ahead.audience, 0 < ahead.over_budget < 400, richer.over_budget) == (budget, 400, True, 0)
    with database.writing() as transaction:
        monkeypatch.setattr(costs, "LOOKED_AT", 200)
        about = costs.ahead(transaction, campaign, NOW)
        limited = costs.ahead(transaction, replace(campaign, plan=replace(campaign.plan, audience_limit=100)), NOW)
    assert (about.sampled_share, limited.sampled_share, limited.audience) == (0.5, 1.0, 100)
