"""What browsers send that no page can use: too much, the symbol NUL, and numbers that no column holds."""

import hashlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from made.campaigns import audit_lines, create_campaign, make_cause
from running.browser import PASSWORD, serving

from admin.web.application import application
from admin.web.assets import address as asset
from admin.web.house import House
from admin.web.received import MOST_BYTES, MOST_REASON
from campaigns.callers import staff
from campaigns.life.approval import ApprovalPolicy
from database.embedded import free_port
from database.session import Database

LONG = "".join(map(str, range(2000)))
"""Too various to be packed into what an index takes."""
FORM = {"content-type": "application/x-www-form-urlencoded"}
PATIENCE = 60
"""Seconds: left to itself the client waits five, and how busy the machine is is not what these tests ask."""


@pytest.fixture(scope="module")
def stranger(database_of_file: Database) -> Iterator[httpx.Client]:
    """Whom nobody knows, at the admin of a shop with one campaign."""
    create_campaign(database_of_file)
    house = House(database=database_of_file, secure=False, policy=ApprovalPolicy(), currency="GBP")
    with serving(application(house)) as address, httpx.Client(base_url=address, timeout=PATIENCE) as client:
        yield client


@pytest.fixture(scope="module")
def anna(database_of_file: Database, stranger: httpx.Client) -> Iterator[httpx.Client]:
    """Signed in as a marketer."""
    with database_of_file.writing() as transaction:
        staff.add(transaction, make_cause(), "anna", "marketer", PASSWORD)
    with httpx.Client(base_url=stranger.base_url, timeout=PATIENCE) as client:
        client.post("/sign-in", data={"name": "anna", "password": PASSWORD})
        yield client


@pytest.mark.parametrize(
    "address", ["/campaigns/a%00b", "/customers?find=a%00b", "/models/a%00b", "/audit?actor=%00", "/sign-in?next=%00"]
)
def test_an_address_with_nul_is_refused(anna: httpx.Client, address: str) -> None:
    answer = anna.get(address)

    assert (answer.status_code, "the symbol NUL" in answer.text) == (400, True)


def test_a_form_with_nul_is_refused(anna: httpx.Client, stranger: httpx.Client) -> None:
    token = re.findall(r'name="form_token" value="([0-9a-f]+)"', anna.get("/campaigns/spring/delete").text)[0]
    sent = (
        anna.post("/campaigns/spring/delete", data={"form_token": token, "reason": "a\x00b"}),
        stranger.post("/sign-in", data={"name": "anna\x00", "password": PASSWORD}),
        stranger.post("/language", data={"language": "\x00"}),
    )

    assert [answer.status_code for answer in sent] == [400, 400, 400]
    assert anna.get("/campaigns/spring").status_code == 200


@pytest.mark.parametrize("number", ["99999999999999999999", "9" * 5000, "3000000000", "half"])
def test_a_number_that_no_column_holds_says_nothing(anna: httpx.Client, number: str) -> None:
    for page in ("/audit", "/campaigns/spring/activity", "/campaigns/spring/versions"):
        assert anna.get(f"{page}?before={number}").status_code == 200
    assert [anna.get(f"{page}/{number}").status_code for page in ("/tiers", "/campaigns/spring/versions")] == [404, 404]


def test_who_signs_in_while_the_database_is_away_sees_a_page_that_says_so() -> None:
    away = Database.at(f"postgresql://tierwise@127.0.0.1:{free_port()}/tierwise")
    house = House(database=away, secure=False, policy=ApprovalPolicy(), currency="GBP")
    with serving(application(house)) as address, httpx.Client(base_url=address, timeout=PATIENCE) as client:
        answers = client.get("/sign-in"), client.post("/sign-in", data={"name": "anna", "password": PASSWORD})
    away.close()

    for answer in answers:
        assert (answer.status_code, "the database cannot be reached" in answer.text) == (503, True)


def test_what_a_browser_keeps_has_an_address_of_its_own_for_each_version(stranger: httpx.Client) -> None:
    named = re.findall(r'(?:href|src)="(/static/([\w.]+)[^"]*)"', stranger.get("/sign-in").text)

    assert [name for _, name in named] == [
        "style.css", "icon.svg", "htmx.js", "renew.js", "zone.js", "later.js", "once.js", "back.js",
    ]  # fmt: skip
    for address, _ in named:
        kept = stranger.get(address)
        assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert address.endswith(f"?{hashlib.sha256(kept.content).hexdigest()[:12]}")


def test_files_leave_compressed_and_pages_do_not(stranger: httpx.Client) -> None:
    style, page = stranger.get(asset("style.css")), stranger.get("/sign-in")
    plain = stranger.get(asset("style.css"), headers={"accept-encoding": "identity"})

    assert (style.headers["content-encoding"], style.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert int(style.headers["content-length"]) < len(style.content) / 3
    assert (plain.content, plain.headers["vary"]) == (style.content, "Accept-Encoding")
    for answer in (plain, page):
        assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    ("address", "kept"),
    [("/static/style.css?0123", "public, max-age=86400"), ("/static/none.css", "no-store"), ("/sign-in", "no-store")],
)
def test_only_what_cannot_change_is_kept_for_long(stranger: httpx.Client, address: str, kept: str) -> None:
    assert stranger.get(address).headers["cache-control"] == kept


@pytest.mark.parametrize("page", ["/sign-in", "/language", "/campaigns/spring/end"])
def test_a_form_of_any_size_is_not_read_from_strangers(stranger: httpx.Client, page: str) -> None:
    field = b"a=" + b"x" * 65_533 + b"&"
    most = MOST_BYTES // len(field)

    fits, exceeds = (stranger.post(page, content=field * fields, headers=FORM) for fields in (most, most + 1))

    assert (fits.status_code in (303, 401, 422), exceeds.status_code) == (True, 413)
    assert stranger.post(page, content=b"&" * 2000, headers=FORM).status_code == 413


def test_a_reason_of_any_size_is_not_kept(anna: httpx.Client) -> None:
    token = re.findall(r'name="form_token" value="([0-9a-f]+)"', anna.get("/campaigns/spring/delete").text)[0]

    answer = anna.post("/campaigns/spring/delete", data={"form_token": token, "reason": "x" * (MOST_REASON + 1)})

    assert (answer.status_code, answer.text) == (413, "A reason has 1,000 symbols at most.")


@pytest.mark.parametrize("scope", [LONG, "anna@example.com", "a b"], ids=["long", "person", "words"])
def test_what_was_refused_is_on_record_whatever_it_is_called(
    anna: httpx.Client, database_of_file: Database, scope: str
) -> None:
    """A long name was more than an index takes: the refusal left no line, and the page told of a database away."""
    token = re.findall(r'name="form_token" value="([0-9a-f]+)"', anna.get("/campaigns/spring/delete").text)[0]
    before = audit_lines(database_of_file)

    answer = anna.post("/switches/allow", data={"form_token": token, "scope": scope, "reason": "why not"})

    assert answer.status_code == 403
    assert audit_lines(database_of_file)[len(before) :] == [("switches.allow", "campaigns", "DENIED")]


def test_strangers_who_sign_in_all_at_once_do_not_fill_the_memory(stranger: httpx.Client) -> None:
    """A good hash takes 64 MiB, and nobody knows yet who asks for it."""
    Path("/proc/self/clear_refs").write_text("5")
    before = most_mebibytes()

    def enter(number: int) -> int:
        return stranger.post("/sign-in", data={"name": f"n{number}", "password": "x"}).status_code

    with ThreadPoolExecutor(4) as crowd:
        answers = set(crowd.map(enter, range(4)))

    assert answers == {422}
    assert most_mebibytes() - before < 200


def most_mebibytes() -> float:
    """That this process had at once."""
    return int(re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[0]) / 1024


def test_an_analyst_does_not_look_up_customers_in_the_log(stranger: httpx.Client, database_of_file: Database) -> None:
    with database_of_file.writing() as transaction:
        staff.add(transaction, make_cause(), "ada", "analyst", PASSWORD)
    with httpx.Client(base_url=stranger.base_url, timeout=PATIENCE) as ada:
        ada.post("/sign-in", data={"name": "ada", "password": PASSWORD})
        found = [ada.get(f"/audit?object_name={name}").status_code for name in ("campaigns/spring", "customers/c1")]

    assert found == [200, 403]
