"""Who is let in, and what a stranger, a forged form and a wrong password get."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from made.campaigns import NOW, audit_lines, create_campaign, make_cause, plan_of
from playwright.sync_api import expect
from running.browser import PASSWORD, Site, faults, in_chinese, sign_in
from running.passwords import DEAR

from admin.web.sign_in import entered
from campaigns.callers import signing_in, staff
from campaigns.callers.refusals import InvalidStaff, SignInRefused, StaffExists
from campaigns.callers.signing_in import KNOWN, LOCKED, MOST_FAILURES, SESSION, WRONG
from database.session import Database


def hire(database: Database) -> None:
    with database.writing() as transaction:
        staff.add(transaction, make_cause(), "anna", "marketer", PASSWORD)


def signed_in(database: Database, token: str, later: timedelta = timedelta()) -> str | None:
    with database.reading() as snapshot:
        person = signing_in.signed_in(snapshot, token, NOW + later)
    return None if person is None else person.name


def test_a_right_password_opens_a_session_until_its_end(database: Database) -> None:
    hire(database)

    token = entered(database, "anna", PASSWORD, NOW).session

    assert signed_in(database, token, SESSION - timedelta(seconds=1)) == "anna"
    assert signed_in(database, token, SESSION) is None
    assert signed_in(database, token + "x") is None
    assert audit_lines(database)[-1] == ("staff.sign_in", "staff/anna", "OK")


@pytest.mark.parametrize(("name", "password"), [("anna", "wrong"), ("bert", PASSWORD), ("anna", "x" * 300), ("", "")])
def test_a_wrong_name_and_a_wrong_password_get_the_same_words(database: Database, name: str, password: str) -> None:
    hire(database)

    with pytest.raises(SignInRefused) as refused:
        entered(database, name, password, NOW)
    assert refused.value.message == WRONG


def test_a_hash_costs_whoever_guesses_memory_and_time() -> None:
    assert DEAR().hash(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_wrong_passwords_lock_an_account_for_a_while(database: Database) -> None:
    hire(database)
    for _ in range(MOST_FAILURES):
        with pytest.raises(SignInRefused, match="wrong"):
            entered(database, "anna", "guess", NOW)

    with pytest.raises(SignInRefused) as refused:
        entered(database, "anna", PASSWORD, NOW + LOCKED - timedelta(seconds=1))
    assert refused.value.message == WRONG, "a lock of its own words would say that anna has an account"
    assert signed_in(database, entered(database, "anna", PASSWORD, NOW + LOCKED).session) == "anna"
    assert [line[2] for line in audit_lines(database) if line[0] == "staff.sign_in"] == ["DENIED"] * 6 + ["OK"]


def guess(database: Database, browser: str = "", times: int = MOST_FAILURES) -> None:
    for _ in range(times):
        with pytest.raises(SignInRefused, match="wrong"):
            entered(database, "anna", "guess", NOW, browser=browser)


def enter(database: Database, browser: str, name: str = "anna") -> str:
    """The token of the browser in which somebody signs in."""
    return entered(database, name, PASSWORD, NOW, browser=browser).browser


def test_who_guesses_elsewhere_shuts_nobody_out_of_their_own_browser(database: Database) -> None:
    hire(database)
    own = enter(database, "")
    guess(database)
    for browser in ("", "made up"):
        with pytest.raises(SignInRefused, match=re.escape(WRONG)):
            enter(database, browser)

    assert enter(database, own) == own
    with pytest.raises(SignInRefused, match="locked"):
        enter(database, "")
    guess(database, own, MOST_FAILURES - 1)
    assert enter(database, own) == own
    guess(database, own)
    with pytest.raises(SignInRefused, match=r"^locked for a while"):
        enter(database, own)
    assert entered(database, "anna", PASSWORD, NOW + LOCKED, browser=own).browser == own


def test_a_browser_is_known_for_those_who_signed_in_there(database: Database) -> None:
    hire(database)
    with database.writing() as transaction:
        staff.add(transaction, make_cause(), "ben", "approver", PASSWORD)
    shared = enter(database, enter(database, ""), "ben")
    annas, guessers = enter(database, ""), enter(database, "", "ben")
    guess(database)
    with pytest.raises(SignInRefused, match="locked"):
        enter(database, guessers)
    assert (enter(database, shared), enter(database, annas), annas == shared) == (shared, annas, False)
    later = NOW + KNOWN
    with pytest.raises(SignInRefused, match="wrong"):
        entered(database, "anna", "guess", later, browser=annas)
    with pytest.raises(SignInRefused, match="locked"):
        entered(database, "anna", PASSWORD, later, browser=annas)


def test_a_new_password_and_a_closed_account_end_every_session(database: Database) -> None:
    hire(database)
    first = entered(database, "anna", PASSWORD, NOW).session
    with database.writing() as transaction:
        staff.set_password(transaction, make_cause(), "anna", "another horse battery")
    second = entered(database, "anna", "another horse battery", NOW).session
    assert (signed_in(database, first), signed_in(database, second)) == (None, "anna")

    with database.writing() as transaction:
        staff.set_active(transaction, make_cause(), "anna", active=False)

    assert signed_in(database, second) is None
    with pytest.raises(SignInRefused):
        entered(database, "anna", "another horse battery", NOW)


@pytest.mark.parametrize(
    ("name", "role", "password", "field"),
    [("Anna", "marketer", PASSWORD, "name"), ("bert", "service", PASSWORD, "role"), ("bert", "boss", PASSWORD, "role"),
     ("bert", "analyst", "short", "password")],
)  # fmt: skip
def test_an_account_that_makes_no_sense_is_refused(
    database: Database, name: str, role: str, password: str, field: str
) -> None:
    with pytest.raises(InvalidStaff) as refused, database.writing() as transaction:
        staff.add(transaction, make_cause(), name, role, password)

    assert refused.value.metadata["field"] == field
    assert audit_lines(database) == []


def test_a_name_is_given_once(database: Database) -> None:
    hire(database)

    with pytest.raises(StaffExists), database.writing() as transaction:
        staff.add(transaction, make_cause(), "anna", "operator", PASSWORD)


def test_a_stranger_signs_in_and_comes_to_the_page_that_was_asked_for(site: Site) -> None:
    hire(site.database)
    page = site.window()

    page.goto("/campaigns")
    assert page.url.endswith("/sign-in?next=%2Fcampaigns")
    assert faults(page, "sign-in") == []
    sign_in(page, "anna", "wrong")
    expect(page.get_by_role("alert")).to_have_text(WRONG)
    expect(page.get_by_label("Name")).to_have_value("anna")
    expect(page.get_by_label("Password")).to_be_focused()
    sign_in(page, "anna")

    expect(page).to_have_url(f"{site.address}/campaigns")
    page.get_by_role("button", name="Sign out").click()
    for _ in range(MOST_FAILURES):
        with pytest.raises(SignInRefused):
            entered(site.database, "anna", "guess", datetime.now(UTC))
    sign_in(page, "anna")
    page.get_by_role("button", name="Sign out").click()
    stranger = site.window()
    stranger.goto("/sign-in")
    sign_in(stranger, "anna")
    expect(stranger.get_by_role("alert")).to_have_text(WRONG)
    page.goto("/campaigns")
    assert "/sign-in" in page.url
    entered(site.database, "anna", PASSWORD, datetime.now(UTC) - timedelta(days=2))


def test_a_link_cannot_lead_elsewhere_after_signing_in(site: Site) -> None:
    hire(site.database)
    page = site.window()

    page.goto("/sign-in?next=//evil.example/")
    sign_in(page, "anna")

    expect(page).to_have_url(f"{site.address}/")


def test_a_form_of_another_session_changes_nothing(site: Site) -> None:
    page = site.enter("anna")

    answer = page.request.post("/sign-out", form={"form_token": "0" * 64})

    assert answer.status == 403
    page.goto("/campaigns")
    expect(page.get_by_role("heading", name="Campaigns")).to_be_visible()


def test_a_sign_in_form_on_the_page_of_another_site_lets_nobody_in(site: Site) -> None:
    hire(site.database)
    request = site.stranger()
    filled: dict[str, str | float | bool] = {"name": "anna", "password": PASSWORD}

    answers = [
        request.post("/sign-in", form=filled, headers=headers, max_redirects=0)
        for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}, {})
    ]

    assert [answer.status for answer in answers] == [403, 403, 403, 303]
    assert [line for line in audit_lines(site.database) if line[0] == "staff.sign_in"] == [
        ("staff.sign_in", "staff/anna", "OK")
    ]


def test_pages_speak_chinese_where_the_visitor_chose_it(site: Site) -> None:
    page = site.enter("anna")
    page.goto("/")
    in_chinese(page)

    expect(page.get_by_role("navigation")).to_contain_text("活动")
    assert page.locator("html").get_attribute("lang") == "zh"
    assert faults(page, "home-zh") == []


def test_what_was_typed_outlives_the_session(site: Site) -> None:
    create_campaign(site.database)
    page = site.enter("anna")
    page.goto("/campaigns/spring/edit/goal")
    page.context.clear_cookies()
    page.get_by_label("What is it called?").fill("Spring & <b>more</b>")

    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("What you wrote is kept on this page")
    assert faults(page, "signed-out") == []
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in in a new tab").click()
    sign_in(opened.value, "anna")
    expect(opened.value.get_by_role("button", name="Sign out")).to_be_visible()
    page.get_by_role("button", name="Send it again").click()
    expect(page.get_by_role("alert")).to_contain_text("is sent as anna")
    assert faults(page) == []
    assert plan_of(site.database, "spring").display_name == "Spring"
    page.get_by_role("button", name="Send it again").click()

    expect(page.get_by_label("What is it called?")).to_have_value("Spring & <b>more</b>")
    assert plan_of(site.database, "spring").display_name == "Spring & <b>more</b>"


def test_a_page_stays_as_it_is_when_a_part_of_it_comes_too_late(site: Site) -> None:
    create_campaign(site.database)
    page = site.enter("anna")
    page.goto("/campaigns/spring/edit/audience")
    page.get_by_role("button", name="Add a condition").click()
    page.get_by_label("What is asked").select_option("purchase_90")
    expect(page.locator(".unit")).to_have_text("%")
    page.context.clear_cookies()

    page.get_by_label("With what").fill("20")
    page.get_by_role("button", name="Add a condition").click()
    expect(page.get_by_role("alert")).to_contain_text("You are signed out")
    again = page.context.new_page()
    again.goto("/sign-in")
    sign_in(again, "anna")
    expect(again.get_by_role("button", name="Sign out")).to_be_visible()
    page.get_by_role("button", name="Add a condition").click()

    expect(page.get_by_role("alert")).to_contain_text("You signed in again since this page was opened")
    expect(page.get_by_label("With what")).to_have_value("20")


def test_choosing_a_language_keeps_what_was_asked_for(site: Site) -> None:
    hire(site.database)
    page = site.window()
    page.goto("/campaigns?words=a+b&state=DRAFT")

    in_chinese(page)
    page.locator("input[name=name]").fill("anna")
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page).to_have_url(f"{site.address}/campaigns?words=a+b&state=DRAFT")
    page.get_by_role("button", name="English").click()

    expect(page).to_have_url(f"{site.address}/campaigns?words=a+b&state=DRAFT")


def test_an_address_that_leads_nowhere_says_so_in_the_readers_language(site: Site) -> None:
    page = site.window(locale="zh-CN")

    answer = page.goto("/nope")

    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading")).to_have_text("没有这个页面")
    expect(page.get_by_role("link", name="首页")).to_be_visible()
    assert faults(page) == []
