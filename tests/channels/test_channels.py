"""The two ways out of the house."""

import json
import os
import time
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from running.provider import providing
from running.worker_processes import wait_for

from channels import webhook
from channels.addresses import ChannelAddressRefused, channels
from channels.folder import Folder
from channels.message import Fate, Message, Note, Receipt
from channels.webhook import AT_ONCE, ATTEMPTS, Webhook

CHMOD, SYNC = Path.chmod, os.fsync
SENDERS = os.getgroups()[-1] if os.getuid() else 4242
"""A group that we may give files to."""


class Clock:
    """Stands at a time of the test."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def message(customer_id: str) -> Message:
    return Message(
        key=f"key-{customer_id}", campaign_id="spring", customer_id=customer_id, channel="EMAIL", tier="HIGH",
        code=f"CODE{customer_id}", discount={"percent": 10}, currency="EUR",
        expire_time=datetime(2026, 12, 1, tzinfo=UTC),
    )  # fmt: skip


DOCUMENT = {
    "key": "key-c1", "campaign": "campaigns/spring", "customer": "customers/c1", "channel": "EMAIL", "tier": "HIGH",
    "code": "CODEc1", "discount": {"percent": 10}, "currency": "EUR", "expire_time": "2026-12-01T00:00:00+00:00",
}  # fmt: skip


def test_a_batch_is_a_file_of_one_document_a_line_and_takes_its_own_place_when_it_comes_again(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "email")
    folder.hand_over("b1", [message("c1"), message("c2")])

    receipts = folder.hand_over("b1", [message("c1")])

    assert receipts == [Receipt(Fate.HANDED_OVER)]
    assert [file.name for file in (tmp_path / "email").iterdir()] == ["b1.jsonl"]
    assert [json.loads(line) for line in (tmp_path / "email" / "b1.jsonl").read_text().splitlines()] == [DOCUMENT]


@pytest.mark.parametrize("umask", [0, 0o077])
def test_files_of_codes_are_for_us_and_the_group_of_the_sender_whatever_our_umask(tmp_path: Path, umask: int) -> None:
    out = tmp_path / "out"
    out.mkdir()
    os.chown(out, -1, SENDERS)
    out.chmod(0o2750)
    before = os.umask(umask)
    try:
        Folder(out / "push" / "email").hand_over("b1", [message("c1")])
    finally:
        os.umask(before)

    made = [out / "push", out / "push" / "email", out / "push" / "email" / "b1.jsonl"]
    assert [(oct(each.stat().st_mode & 0o7777), each.stat().st_gid) for each in made] == [
        ("0o2750", SENDERS), ("0o2750", SENDERS), ("0o640", SENDERS)
    ]  # fmt: skip
    assert [each.name for each in out.iterdir()] == ["push"]


def test_a_folder_that_is_there_keeps_the_mode_that_it_was_given(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)

    Folder(tmp_path).hand_over("b1", [message("c1")])

    assert oct(tmp_path.stat().st_mode & 0o777) == "0o700"


def test_workers_of_the_same_number_make_a_folder_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def quicker(of_one: Path, mode: int) -> None:
        monkeypatch.setattr(Path, "chmod", CHMOD)
        assert Folder(tmp_path / "email").hand_over("b2", [message("c2")]) == [Receipt(Fate.HANDED_OVER)]
        CHMOD(of_one, mode)

    monkeypatch.setattr(Path, "chmod", quicker)
    receipts = Folder(tmp_path / "email").hand_over("b1", [message("c1")])

    assert receipts == [Receipt(Fate.HANDED_OVER)]
    assert sorted(each.name for each in tmp_path.glob("**/*")) == ["b1.jsonl", "b2.jsonl", "email"]


def test_the_name_of_a_file_is_on_the_disk_before_its_messages_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[tuple[str, list[str]]] = []

    def sync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        kept.append((path.name, sorted(each.name for each in tmp_path.iterdir())))
        SYNC(descriptor)

    monkeypatch.setattr("os.fsync", sync)
    Folder(tmp_path).hand_over("b1", [message("c1")])

    assert kept == [("b1.part", ["b1.part"]), (tmp_path.name, ["b1.jsonl"])]


def test_messages_wait_for_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "email").write_text("a file stands here")

    assert [receipt.fate for receipt in Folder(tmp_path / "email").hand_over("b1", [message("c1")])] == [Fate.WAITING]
    assert [receipt.fate for receipt in Folder(tmp_path / "email" / "x").hand_over("b1", [])] == []
    assert [each.name for each in tmp_path.iterdir()] == ["email"]


def test_a_worker_that_stood_still_leaves_the_file_as_another_one_wrote_it(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.hand_over("b1", [message("c1")])

    receipts = folder.hand_over("b1", [message("c1"), message("c2")], until=time.monotonic())

    assert [receipt.fate for receipt in receipts] == [Fate.WAITING] * 2
    assert [json.loads(line) for line in (tmp_path / "b1.jsonl").read_text().splitlines()] == [DOCUMENT]


def test_a_provider_gets_the_document_with_its_key() -> None:
    with providing() as provider:
        receipts = Webhook(provider.address).hand_over("b1", [message("c1")])

    assert (receipts, provider.came) == ([Receipt(Fate.HANDED_OVER)], [("key-c1", DOCUMENT)])


def test_what_a_provider_refuses_is_not_sent_again_and_the_others_are_sent() -> None:
    with providing(lambda document: 422 if document["customer"] == "customers/c2" else 202) as provider:
        receipts = Webhook(provider.address).hand_over("b1", [message("c1"), message("c2"), message("c3")])

    assert receipts == [Receipt(Fate.HANDED_OVER), Receipt(Fate.REFUSED, "HTTP 422"), Receipt(Fate.HANDED_OVER)]
    assert provider.customers == ["customers/c1", "customers/c2", "customers/c3"]


@pytest.mark.parametrize("status", [301, 402, 410, 415, 423])
def test_messages_wait_where_a_provider_says_nothing_of_them(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "ATTEMPTS", 1)
    with providing(lambda _: status) as provider:
        receipts = Webhook(provider.address).hand_over("b1", [message("c1")])

    assert receipts == [Receipt(Fate.WAITING, f"HTTP {status}")]


def test_a_busy_provider_is_asked_again_under_the_same_key() -> None:
    statuses = iter([503, 429, 200])
    with providing(lambda _: next(statuses)) as provider:
        receipts = Webhook(provider.address).hand_over("b1", [message("c1")])

    assert (receipts, [key for key, _ in provider.came]) == ([Receipt(Fate.HANDED_OVER)], ["key-c1"] * ATTEMPTS)


def test_a_provider_that_takes_so_many_a_second_gets_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "PAUSE_SECONDS", 0.005)
    asked = count()
    with providing(lambda _: 429 if next(asked) % 4 else 200) as provider:
        receipts = Webhook(provider.address).hand_over("b1", [message(f"c{number}") for number in range(40)])

    assert receipts == [Receipt(Fate.HANDED_OVER)] * 40


@pytest.mark.parametrize(("status", "said"), [(429, "30"), (503, "30"), (429, "Fri, 31 Dec 1999 23:59:59 GMT")])
@pytest.mark.parametrize("until", [20, 40])
def test_a_busy_provider_is_left_alone_for_as_long_as_it_says(
    monkeypatch: pytest.MonkeyPatch, status: int, said: str, until: float
) -> None:
    clock, statuses = Clock(), iter([status, 200])
    monkeypatch.setattr(webhook, "time", clock)
    with providing(lambda _: next(statuses)) as provider:
        provider.retry_after = said
        (receipt,) = Webhook(provider.address).hand_over("b1", [message("c1")], until=until)

    too_late = said == "30" and until == 20
    assert receipt == (Receipt(Fate.WAITING, f"HTTP {status}") if too_late else Receipt(Fate.HANDED_OVER))
    assert len(provider.came) == (1 if too_late else 2)
    assert (clock.now >= 30) is (said == "30" and not too_late)


def test_a_provider_that_is_busy_whenever_it_is_asked_counts_as_away(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(webhook, "time", clock)
    with providing(lambda _: 429) as provider:
        receipts = Webhook(provider.address).hand_over("b1", [message("c1"), message("c2")])

    assert {receipt.note for receipt in receipts} <= {"HTTP 429", Note.AWAY}
    assert len(provider.came) <= 2 * (webhook.PAUSES + 1)


def test_what_a_provider_says_of_a_problem_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "ATTEMPTS", 1)
    with providing(lambda document: 422 if document["customer"] == "customers/c1" else 401) as provider:
        provider.problem = "no such mailbox"
        told = Webhook(provider.address).hand_over("b1", [message("c1"), message("c2")])
        provider.problem = "two\r\nlines"
        untold = Webhook(provider.address).hand_over("b1", [message("c1")])

    assert told == [
        Receipt(Fate.REFUSED, "HTTP 422: no such mailbox"),
        Receipt(Fate.WAITING, "HTTP 401: no such mailbox"),
    ]
    assert untold == [Receipt(Fate.REFUSED, "HTTP 422")]


def test_why_a_provider_cannot_be_reached_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "ATTEMPTS", 1)
    with providing() as provider:
        address = provider.address
    (nobody,) = Webhook(address).hand_over("b1", [message("c1")])
    with providing() as provider:
        (no_tls,) = Webhook(provider.address.replace("http", "https")).hand_over("b1", [message("c1")])

    assert nobody == Receipt(Fate.WAITING, "ConnectError: [Errno 111] Connection refused")
    assert str(no_tls.note).startswith("ConnectError: [SSL: ")


def test_messages_wait_for_a_provider_whose_answers_cannot_be_read() -> None:
    with providing() as provider:
        provider.garbled = True
        receipts = Webhook(provider.address).hand_over("b1", [message("c1"), message("c2")])

    assert {receipt.fate for receipt in receipts} == {Fate.WAITING}
    assert "DecodingError" in {receipt.note for receipt in receipts}


def test_messages_wait_for_a_provider_whose_answer_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "ATTEMPTS", 1)
    with providing() as provider:
        provider.endless = True
        receipts = Webhook(provider.address, timeout_seconds=1).hand_over("b1", [message("c1")])

    assert receipts == [Receipt(Fate.WAITING, "its answer does not end")]


@pytest.mark.parametrize("at_once", [AT_ONCE, 3, 30])
def test_a_provider_that_takes_long_gets_what_can_begin_in_time_and_the_others_wait(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    clock = Clock()
    monkeypatch.setattr(webhook, "time", clock)

    def slowly(_: dict[str, object]) -> int:
        wait_for(lambda: len(provider.came) == at_once)
        clock.now = 1.0
        return 200

    with providing(slowly) as provider:
        made = channels({"SMS": provider.address}, {} if at_once == AT_ONCE else {"SMS": at_once, "EMAIL": 1})
        messages = [message(f"c{number}") for number in range(at_once + 1)]
        receipts = made["SMS"].hand_over("b1", messages, until=1.0)

    assert receipts[:at_once] == [Receipt(Fate.HANDED_OVER)] * at_once
    assert receipts[at_once:] == [Receipt(Fate.WAITING, "not tried: the provider takes long")]


def test_a_provider_that_is_away_is_left_alone_after_the_first_messages() -> None:
    with providing(lambda _: 503) as provider:
        receipts = Webhook(provider.address).hand_over("b1", [message(f"c{number}") for number in range(40)])

    assert {receipt.fate for receipt in receipts} == {Fate.WAITING}
    assert receipts[0].note == "HTTP 503"
    assert receipts[-1].note == "not tried: the provider was away"


def test_addresses_say_which_way_it_goes(tmp_path: Path) -> None:
    made = channels({"EMAIL": f"file:{tmp_path}", "SMS": "https://user:secret@provider.example/send"}, {})

    assert [type(channel) for channel in made.values()] == [Folder, Webhook]


@pytest.mark.parametrize(
    "address",
    [
        "ftp://secret@host/x",
        "file://host/x",
        "mail",
        "https:///x",
        "https://user:se/cret@host/x",
        "https://host:99999/x",
        "https://[::1/x",
    ],
)
def test_an_address_that_leads_nowhere_is_refused_without_being_told(address: str) -> None:
    with pytest.raises(ChannelAddressRefused) as raised:
        channels({"SMS": address}, {})

    assert str(raised.value) == "the address of SMS must be file:PATH or https://HOST/PATH"
