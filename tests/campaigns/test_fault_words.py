"""Why work failed is a value with words in each language, and words of before are shown as they are."""

from string import Formatter

import pytest

from campaigns.faults import WORDS, Code, Fault, Hopeless
from campaigns.life.refusals import CampaignNotFound
from channels.message import Note
from rules.sentence import Language


@pytest.mark.parametrize("code", list(Code))
def test_every_fault_has_words_in_each_language_that_name_the_same_facts(code: Code) -> None:
    named = {
        language: {name for _, name, _, _ in Formatter().parse(words[code]) if name}
        for language, words in WORDS.items()
    }

    assert set(named) == set(Language)
    assert named[Language.ENGLISH] == named[Language.CHINESE]
    assert any("\u4e00" <= symbol <= "\u9fff" for symbol in WORDS[Language.CHINESE][code])


def test_a_fault_is_read_from_its_row_in_each_language() -> None:
    fault = Hopeless(Code.MODEL_WITHOUT_NUMBERS, model="models/m2", customers=1500).fault

    read = Fault.read(fault.sentence(), fault.why)

    assert (read.code, read.facts) == ("MODEL_WITHOUT_NUMBERS", {"model": "models/m2", "customers": 1500})
    assert read.sentence() == "models/m2 says no number of any of 1,500 customers"
    assert read.sentence(Language.CHINESE) == "models/m2 对 1,500 位客户都没有给出数值"


def test_why_messages_wait_is_told_in_each_language_as_far_as_it_is_not_a_machines_word() -> None:
    chinese = [
        Fault(code=Code.MESSAGES_WAIT, facts={"note": note}).sentence(Language.CHINESE) for note in (*Note, "HTTP 503")
    ]

    assert chinese == [
        "消息在等待：未尝试：服务商当时不可用", "消息在等待：未尝试：服务商响应太慢",
        "消息在等待：服务商的应答没有结束", "消息在等待：未尝试：静默时段",
        "消息在等待：未尝试：该渠道没有配置地址（TIERWISE_CHANNELS）", "消息在等待：未尝试：已被紧急开关停止",
        "消息在等待：未尝试：活动已结束", "消息在等待：未尝试：收件人已不再同意", "消息在等待：HTTP 503",
    ]  # fmt: skip
    assert Fault(code=Code.MESSAGES_WAIT, facts={"note": Note.SLOW}).sentence() == (
        "messages wait: not tried: the provider takes long"
    )


def test_words_of_before_are_told_as_they_are() -> None:
    read = Fault.read("the disk is full", None)

    assert (read.code, read.facts, read.sentence()) == ("UNCODED", {}, "the disk is full")
    assert not read.in_full, "its Chinese needs the words beside it"


def test_a_refusal_and_a_code_of_a_later_version_are_told_in_their_own_words() -> None:
    refused = Fault.of_refusal(CampaignNotFound("there is no campaigns/spring", campaign="campaigns/spring"))
    later = Fault.read("the moon is full", {"code": "MOON_FULL", "facts": {}})

    assert (refused.code, refused.facts) == ("CAMPAIGN_NOT_FOUND", {"campaign": "campaigns/spring"})
    assert [each.sentence(Language.CHINESE) for each in (refused, later)] == [
        "there is no campaigns/spring", "the moon is full",
    ]  # fmt: skip
