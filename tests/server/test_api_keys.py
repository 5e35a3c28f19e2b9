"""Programs say who they are by a key: believed while it is good, and by every server only as long."""

import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from made.campaigns import audit_lines, make_cause
from running.serving import Shop, plan, refusal, serving
from running.shell import Shell
from sqlalchemy import text
from tierwise.v1 import campaign_service_pb2

from campaigns import trail
from campaigns.callers import api_keys
from campaigns.callers.api_keys import ApiKey
from database.audit.log import Wanted
from database.session import Database

CREATE = campaign_service_pb2.CreateCampaignRequest(campaign_id="spring", campaign=plan())
LIST = campaign_service_pb2.ListCampaignsRequest()


def make_key(
    database: Database, *, role: str = "marketer", now: datetime | None = None, days: float = 1
) -> tuple[ApiKey, str]:
    cause = make_cause(now or datetime.now(UTC))
    with database.writing() as transaction:
        return api_keys.create(
            transaction, cause, name="planner", role=role, expire_time=cause.now + timedelta(days=days)
        )


def refused(shop: Shop, credential: str) -> tuple[str, str]:
    """Code and reason of a call with this credential; empty when it was answered."""
    try:
        shop.campaigns.ListCampaigns(LIST, metadata=(("authorization", credential),), timeout=10)
    except grpc.RpcError as error:
        told = refusal(error)
        return told.code, told.reason
    return "", ""


def test_a_key_stands_for_its_holder_and_their_role(shop: Shop) -> None:
    _, planner = make_key(shop.database)
    _, service = make_key(shop.database, role="service")

    shop.campaigns.CreateCampaign(CREATE, metadata=(("authorization", f"Bearer {planner}"),))
    with pytest.raises(grpc.RpcError) as raised:
        shop.campaigns.CreateCampaign(CREATE, metadata=(("authorization", f"bearer {service}"),))

    assert refusal(raised.value).message.startswith("service:planner may not do this")
    with shop.database.reading() as snapshot:
        created = trail.page(snapshot, Wanted(object_name="campaigns/spring"), limit=1)[0]
    assert (created.actor, created.action) == ("marketer:planner", "campaigns.create")


def test_who_names_themselves_beside_a_key_is_whom_the_key_says(shop: Shop) -> None:
    _, key = make_key(shop.database, role="analyst")
    metadata = (("authorization", f"Bearer {key}"), ("tierwise-actor", "root"), ("tierwise-role", "operator"))

    with pytest.raises(grpc.RpcError) as raised:
        shop.campaigns.CreateCampaign(CREATE, metadata=metadata)

    assert refusal(raised.value).message.startswith("analyst:planner may not do this")


def test_a_credential_that_is_worth_nothing_is_refused_also_where_none_is_needed(shop: Shop) -> None:
    key, good = make_key(shop.database)
    _, old = make_key(shop.database, now=datetime.now(UTC) - timedelta(days=2))
    other = api_keys.MARK + key.key_id + "_" + "A" * 43

    for credential in (other, good + "A", good[:-1], good.upper(), "tw_", "tw_0123456789_", "tw_%s_x", "nonsense"):
        assert refused(shop, f"Bearer {credential}") == ("UNAUTHENTICATED", "CREDENTIALS_INVALID"), credential
    for header in ("", "Bearer", "Bearer ", f"Basic {good}", good):
        assert refused(shop, header) == ("UNAUTHENTICATED", "CREDENTIALS_INVALID"), header
    assert refused(shop, f"Bearer {old}") == ("UNAUTHENTICATED", "CREDENTIALS_EXPIRED")
    assert refused(shop, f"Bearer {good}") == ("", "")


def test_a_revoked_key_is_refused_by_every_server_within_a_second(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    key, credential = make_key(database)
    with ExitStack() as stack:
        shops = [stack.enter_context(serving(database, tmp_path / str(n), model=False)) for n in range(2)]
        assert [refused(shop, f"Bearer {credential}") for shop in shops] == [("", "")] * 2

        Shell(database_url)("key", "revoke", key.key_id)
        revoked = time.monotonic()

        for shop in shops:
            asked = time.monotonic()
            while not refused(shop, f"Bearer {credential}")[0]:
                assert asked - revoked < 1
                asked = time.monotonic()
            assert refused(shop, f"Bearer {credential}") == ("UNAUTHENTICATED", "CREDENTIALS_INVALID")


def test_a_key_that_expires_while_it_is_in_use_is_refused_at_once(shop: Shop) -> None:
    key, credential = make_key(shop.database, days=2 / 86400)
    assert key.expire_time is not None
    asked = datetime.now(UTC)
    while (told := refused(shop, f"Bearer {credential}")) == ("", ""):
        assert asked < key.expire_time
        asked = datetime.now(UTC)

    assert told == ("UNAUTHENTICATED", "CREDENTIALS_EXPIRED")
    assert datetime.now(UTC) >= key.expire_time


def test_use_is_noted_to_the_minute_and_the_secret_is_nowhere(shop: Shop) -> None:
    key, credential = make_key(shop.database)
    refused(shop, f"Bearer {credential}")
    with shop.database.reading() as snapshot:
        first = api_keys.get(snapshot, key.key_id).last_use_time
        stored = snapshot.execute(
            text(
                "SELECT (SELECT string_agg(k::text, '') FROM api_keys AS k) || "
                "(SELECT string_agg(a::text, '') FROM audit_log AS a)"
            )
        ).scalar_one()
    assert first is not None
    assert credential.rpartition("_")[2] not in stored

    with shop.database.writing() as transaction:
        api_keys.note_use(transaction, key, first + timedelta(seconds=59))
        assert api_keys.get(transaction, key.key_id).last_use_time == first
        api_keys.note_use(transaction, key, first + timedelta(seconds=61))
        assert api_keys.get(transaction, key.key_id).last_use_time == first + timedelta(seconds=61)


def test_keys_are_made_listed_and_revoked_on_the_command_line(database: Database, database_url: str) -> None:
    tierwise = Shell(database_url)

    made = tierwise("key", "create", "checkout", "--role", "service", "--days", "90")
    (listed,) = tierwise("key", "list")
    revoked = [tierwise("key", "revoke", made["key_id"]) for _ in range(2)]

    assert made["key"].startswith(f"tw_{made['key_id']}_")
    assert listed == {name: value for name, value in made.items() if name != "key"}
    assert (listed["name"], listed["role"], listed["state"]) == ("checkout", "service", "OPEN")
    assert revoked[0] == revoked[1]
    assert revoked[0]["state"] == "REVOKED"
    assert "KEY_NOT_FOUND: there is no keys/nothing" in tierwise.refusal("key", "revoke", "nothing")
    for wrong in (("", "--role", "service"), ("x", "--role", "process")):
        assert "INVALID_KEY" in tierwise.refusal("key", "create", *wrong)
    made_it = (f"keys/{made['key_id']}", "OK")
    assert audit_lines(database) == [
        ("keys.create", *made_it),
        ("keys.revoke", *made_it),
        ("keys.revoke", "keys/nothing", "DENIED"),
        ("keys.create", "keys", "DENIED"),
        ("keys.create", "keys", "DENIED"),
    ]
