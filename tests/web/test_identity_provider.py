"""People sign in through an identity provider, and nobody else does."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from identity_provider import CLIENT_ID, CLIENT_SECRET, OTHER_KEY, Issuer, issuer
from made.campaigns import audit_lines, make_cause
from playwright.sync_api import Browser, expect
from running.browser import PASSWORD, Site, faults, picture, sign_in, site_of
from sqlalchemy import select

from admin.web.house import House
from admin.web.identities import Identities, IdentitiesRefused
from campaigns.callers import staff
from campaigns.life.approval import ApprovalPolicy
from database.callers.tables import StaffSessionRow
from database.session import Database
from settings import Settings

ANNA = {"email": "Anna@shop.example", "email_verified": True, "role": "marketer"}


@pytest.fixture
def provider() -> Iterator[Issuer]:
    with issuer(**ANNA) as made:
        yield made


def settings_for(address: str, **changes: object) -> Settings:
    chosen = {
        "oidc_issuer": address, "oidc_client_id": CLIENT_ID, "oidc_client_secret": CLIENT_SECRET,
        "oidc_domain": "shop.example",
    }  # fmt: skip
    return Settings(**chosen | changes)  # type: ignore[arg-type]  # the names are those of the settings


@pytest.fixture
def shop(database: Database, chromium: Browser, provider: Issuer) -> Iterator[Site]:
    house = House(
        database=database, secure=False, policy=ApprovalPolicy(), currency="GBP", passwords=False,
        identities=Identities.of(settings_for(provider.address)),
    )  # fmt: skip
    with site_of(house, chromium) as made:
        yield made


def person(database: Database, name: str = "anna@shop.example") -> tuple[str, bool]:
    with database.reading() as snapshot:
        found = staff.get(snapshot, name)
    return found.role.value, found.active


def test_somebody_signs_in_through_the_provider_and_out_again(shop: Site, provider: Issuer) -> None:
    page = shop.window()
    page.goto("/campaigns")
    expect(page.get_by_label("Password")).to_have_count(0)
    assert faults(page, "sign-in-provider") == []
    page.get_by_role("link", name="Sign in with 127.0.0.1").click()

    expect(page).to_have_url(f"{shop.address}/campaigns")
    expect(page.get_by_text("anna@shop.example marketer")).to_be_visible()
    assert provider.said == ["right"]
    with shop.database.reading() as snapshot:
        assert list(snapshot.scalars(select(StaffSessionRow.expire_time - StaffSessionRow.create_time))) == [
            timedelta(hours=1)
        ]
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Sign out of 127.0.0.1 too").click()
    expect(page).to_have_title("Bye")

    provider.person |= {"role": ["staff", "approver"], "email": "anna.new@shop.example"}
    page.goto("/sign-in")
    page.get_by_role("link", name="Sign in with").click()
    expect(page.get_by_text("anna@shop.example approver")).to_be_visible()
    assert [line for line in audit_lines(shop.database) if line[0].startswith("staff.")] == [
        ("staff.add", "staff/anna@shop.example", "OK"), ("staff.sign_in", "staff/anna@shop.example", "OK"),
        ("staff.role", "staff/anna@shop.example", "OK"), ("staff.sign_in", "staff/anna@shop.example", "OK"),
    ]  # fmt: skip
    with shop.database.writing() as transaction:
        staff.set_active(transaction, make_cause(), "anna@shop.example", active=False)
    page.goto("/campaigns")
    page.get_by_role("link", name="Sign in with").click()
    expect(page.get_by_role("alert")).to_have_text("the account anna@shop.example is closed")
    picture(page, "sign-in-refused")


def test_whatever_is_not_the_providers_word_lets_nobody_in(shop: Site, provider: Issuer) -> None:
    refused: list[tuple[dict[str, object], str]] = [
        ({"claims": {"nonce": "guessed"}}, "not to be believed"),
        ({"claims": {"aud": "another"}}, "not to be believed"),
        ({"claims": {"aud": [CLIENT_ID, "another"]}}, "not to be believed"),
        ({"claims": {"iss": "http://127.0.0.1:1"}}, "not to be believed"),
        ({"claims": {"exp": 1}}, "not to be believed"),
        ({"key": OTHER_KEY}, "not to be believed"),
        ({"answer": {"state": "guessed"}}, "belongs to no sign-in"),
        ({"answer": {"iss": "https://evil.example"}}, "another identity provider"),
        ({"answer": {"error": "access_denied"}}, "refused: access_denied"),
        ({"answer": {"code": "guessed"}}, "no ID token: invalid_grant"),
        ({"claims": {"email_verified": False}}, "vouches for no e-mail address"),
        ({"claims": {"email": "anna@evil.example"}}, "is not at shop.example"),
        ({"claims": {"role": "operator"}}, "the role operator is not the identity provider&#39;s to give"),
        ({"claims": {"role": ["marketer", "approver"]}}, "must name one role"),
        ({"claims": {"role": None}}, "must name one role"),
    ]
    for how, words in refused:
        for name, value in how.items():
            setattr(provider, name, value)
        answer = shop.stranger().get("/sign-in/provider?next=/campaigns")
        assert (answer.status, words in answer.text()) == (422, True), (how, answer.text())
        provider.right()

    assert audit_lines(shop.database) == []
    assert shop.stranger().get("/sign-in/callback?code=a&state=b").status == 422
    assert shop.stranger().post("/sign-in", form={"name": "a", "password": "b"}).status == 403
    answer = shop.stranger().get("/sign-in/provider?next=//evil.example/")
    assert answer.url == f"{shop.address}/"


def test_an_account_is_matched_by_its_address_once(shop: Site, provider: Issuer) -> None:
    with shop.database.writing() as transaction:
        staff.add(transaction, make_cause(), "anna@shop.example", "operator", None)

    assert shop.stranger().get("/sign-in/provider").status == 200
    assert person(shop.database) == ("marketer", True)
    provider.claims = {"sub": "18"}
    answer = shop.stranger().get("/sign-in/provider")

    assert answer.status == 422
    assert "belongs to another identity" in answer.text()
    assert audit_lines(shop.database)[-1] == ("staff.sign_in", "staff/anna@shop.example", "DENIED")


def test_a_provider_that_does_not_answer_lets_people_sign_in_otherwise(database: Database, chromium: Browser) -> None:
    house = House(
        database=database, secure=False, policy=ApprovalPolicy(), currency="GBP",
        identities=Identities.of(settings_for("http://127.0.0.1:1")),
    )  # fmt: skip
    with site_of(house, chromium) as site:
        page = site.window(color_scheme="dark")
        page.goto("/sign-in")
        page.get_by_role("link", name="Sign in with").click()
        expect(page.get_by_role("alert")).to_contain_text("does not answer")
        assert faults(page, "sign-in-both-dark") == []
        with database.writing() as transaction:
            staff.add(transaction, make_cause(), "ben", "marketer", PASSWORD)
        sign_in(page, "ben")
        expect(page).to_have_url(f"{site.address}/")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"oidc_issuer": "http://login.example"}, "by https only"), ({"oidc_client_secret": None}, "CLIENT_SECRET"),
        ({"oidc_roles": ("boss",)}, "boss"), ({"oidc_issuer": None, "admin_passwords": False}, "lets nobody in"),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_named(changes: dict[str, object], words: str) -> None:
    with pytest.raises(IdentitiesRefused, match=words):
        Identities.of(settings_for("https://login.example", **changes))
