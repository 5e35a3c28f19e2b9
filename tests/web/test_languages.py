"""Every text of the pages has its Chinese."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from made.refusals import refusals_of_campaigns

from admin.web import look
from admin.web.forms.typed import Fault
from admin.web.language import chosen, locale_of, translations
from campaigns.life.refusals import CampaignNotFound
from rules.sentence import Language

WEB = Path(look.__file__).parent


def texts() -> set[str]:
    found = extract_from_dir(
        WEB / "templates", [("**.html", "jinja2")], {"**.html": {"trimmed": "true", "silent": "false"}}
    )
    return {text if isinstance(text, str) else text[0] for _, _, text, _, _ in found}


def test_no_text_is_left_in_english() -> None:
    chinese = translations(Language.CHINESE)
    same_in_both = {"Tierwise"}

    assert {text for text in texts() - same_in_both if chinese.gettext(text) == text} == set()


def test_no_translation_is_left_over() -> None:
    catalogue = translations(Language.CHINESE)._catalog
    translated = {key if isinstance(key, str) else key[0] for key in catalogue if key}

    assert translated - texts() == set()
    assert {key for key, said in catalogue.items() if key and said.endswith("\n")} == set(), "the head of a catalogue"


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [(1250, "RSD", "RSD12.50"), (1234, "IQD", "IQD1.234"), (-500, "JPY", "-JP¥500"), (123_456, "GBP", "£1,234.56"),
     (1000, "RWF", "RWF1,000"), (10**15 - 1, "EUR", "€9,999,999,999,999.99")],
)  # fmt: skip
def test_amounts_are_written_to_the_last_minor_unit(minor: int, currency: str, written: str) -> None:
    assert look.written_money(minor, currency, locale_of(Language.ENGLISH)) == written


def test_chinese_has_one_form_for_one_and_many() -> None:
    chinese = translations(Language.CHINESE)

    assert {chinese.ngettext("customer", "customers", count) for count in (0, 1, 60)} == {"位客户"}


def test_the_choice_goes_before_what_the_browser_asks_for() -> None:
    assert chosen("en", "zh-CN,zh;q=0.9") is Language.ENGLISH
    assert chosen(None, "zh-CN,zh;q=0.9") is Language.CHINESE
    assert chosen("xx", "fr") is Language.ENGLISH
    assert chosen(None, None) is Language.ENGLISH


@pytest.mark.parametrize("language", list(Language))
def test_every_refusal_has_a_sentence_in_each_language(language: Language) -> None:
    parts = look.environment(language).get_template("refusal_parts.html").make_module({"language": language})
    reasons = [kind.reason for kind in refusals_of_campaigns()]
    said = {reason: str(parts.reason_sentence(reason)) for reason in reasons}  # type: ignore[attr-defined]  # a macro

    assert len(said) > 70
    assert [reason for reason, sentence in said.items() if sentence == reason] == []
    chinese = [any("\u4e00" <= symbol <= "\u9fff" for symbol in sentence) for sentence in said.values()]
    assert set(chinese) == {language is Language.CHINESE}


def test_a_refusal_keeps_its_exact_words_beside_the_sentence() -> None:
    parts = look.environment(Language.CHINESE).get_template("refusal_parts.html")
    refusal = CampaignNotFound("there is no campaigns/spring", campaign="campaigns/spring")

    said = str(parts.make_module({"language": Language.CHINESE}).told(refusal))  # type: ignore[attr-defined]  # a macro

    assert said == '没有这个活动。 <span lang="en">there is no campaigns/spring</span>'


def test_why_work_failed_is_told_by_its_value_and_in_english_where_that_says_more() -> None:
    parts = look.environment(Language.CHINESE).get_template("job_parts.html").module
    english = look.environment(Language.ENGLISH).get_template("job_parts.html").module
    value = {"code": "ATTEMPTS_LOST", "facts": {"lost": 20, "seconds": 300}}
    refused = {"code": "NO_ACTIVE_MODEL", "facts": {}}

    def told(said: str, why: Mapping[str, object] | None) -> str:
        return str(parts.fault_of(said, why))  # type: ignore[attr-defined]  # a macro

    assert told("the last 20 …", value).startswith("最近 20 次尝试均未完成：其进程因内存不足")
    assert "lang=" not in told("the last 20 …", value)
    assert told("no model", refused) == '没有在线的模型：请由运维人员启用一个。 <span lang="en">no model</span>'
    assert told("the <disk> is full", None) == '失败原因： <span lang="en">the &lt;disk&gt; is full</span>'
    assert str(english.fault_of("the disk is full", None)) == "the disk is full"  # type: ignore[attr-defined]  # a macro


@pytest.mark.parametrize(
    ("name", "chinese"),
    [("holdout_percent", "须在 0% 到 50% 之间。"), ("HIGH.amount", "须为 1% 到 100%，或大于零的金额。"),
     ("r.0", "须为已有的指标和允许的取值，或已构建的人群。"), ("reason", "此处内容不符合要求。")],
)  # fmt: skip
def test_what_the_engine_says_of_a_field_has_words_beside_it(name: str, chinese: str) -> None:
    parts = look.environment(Language.CHINESE).get_template("wizard_parts.html").module
    english = look.environment(Language.ENGLISH).get_template("wizard_parts.html").module

    said = str(parts.fault_words("does not fit", name))  # type: ignore[attr-defined]  # a macro

    assert said == f'{chinese} <span lang="en">does not fit</span>'
    assert str(english.fault_words("does not fit", name)) == "does not fit"  # type: ignore[attr-defined]  # a macro
    assert "lang=" not in str(parts.fault_words(Fault.EMPTY, name))  # type: ignore[attr-defined]  # a macro
