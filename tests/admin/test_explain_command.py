"""`tierwise customer explain`."""

from pathlib import Path

import pytest
import torch
from made.campaigns import NOW, add_model, make_cause
from made.histories import random_shop
from networks.tiny_model import tiny_model, write_tiny_model
from running.shell import Shell

from admin.models import explanations
from campaigns.tiers import schemes
from campaigns.tiers.tiers import Levels, Measure, Method
from database.events.store import copy_events
from database.session import Database
from rules.sentence import Language
from scoring.folders import folder


def test_why_a_customer_is_scored_so(database: Database, database_url: str, tmp_path: Path) -> None:
    tierwise = Shell(database_url)
    shop = random_shop(3, seed=5)
    who = shop["customer_id"][0]
    with database.writing() as transaction:
        copy_events(transaction, shop)
        scheme = schemes.create(
            transaction, make_cause(NOW), measure=Measure.PURCHASE_90, method=Method.ABSOLUTE,
            parameters=Levels(high=0.9999, mid=0.0),
        )  # fmt: skip
        schemes.activate(transaction, make_cause(NOW), scheme.version)
    assert "NO_ACTIVE_MODEL" in tierwise.refusal("customer", "explain", who)
    add_model(database, "tiny-1", folder=str(write_tiny_model(tmp_path, "tiny-1")))

    plain = tierwise("customer", "explain", who)
    full = tierwise("customer", "explain", who, "--full", "--language", "zh")

    assert (plain["score"]["customer_id"], plain["score"]["model_id"]) == (who, "tiny-1")
    assert (plain["event_effects"], plain["contrasts"]) == ([], [])
    shown = explanations.for_people(plain, Language.ENGLISH)["contributions"]
    assert len(plain["contributions"]) > len(shown) == explanations.SHOWN + 2
    assert sum(each["points"] for each in shown) == pytest.approx(100 * plain["score"]["purchase_90"])
    assert shown[-1]["words"] == f"{len(plain['contributions']) - explanations.SHOWN} smaller reasons together"
    assert full["event_effects"] != []
    assert [each["words"] for each in full["event_effects"] if each["words"].isascii()] == []
    assert all(each["tier"] == "HIGH" for each in full["contrasts"])
    assert "CUSTOMER_NOT_FOUND" in tierwise.refusal("customer", "explain", "nobody")
    mute = tiny_model("mute")
    with torch.no_grad():
        mute.networks[0].kind.weight.fill_(float("nan"))
    add_model(database, "mute", folder=str(folder.write(mute, tmp_path / "mute")))
    assert f"models/mute says no number of {who}" in tierwise.refusal("customer", "explain", who)
