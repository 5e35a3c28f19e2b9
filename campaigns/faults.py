"""Why work failed or waits, a launch was missed or a canary set aside, as a value; and the same in a sentence. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from campaigns import notes
from campaigns.errors import Refusal
from rules.sentence import Language

Fact = str | int


class Code(StrEnum):
    """What happened. A refusal that ended work has its own reason in the place of such a code."""

    UNEXPECTED = "UNEXPECTED"
    """Anything else: the kind of the exception, and where the log says more; its words may hold secrets."""
    UNCODED = "UNCODED"
    """In English, by who wrote it before faults were values."""
    ATTEMPTS_LOST = "ATTEMPTS_LOST"
    WORK_UNKNOWN = "WORK_UNKNOWN"
    MODEL_REJECTED = "MODEL_REJECTED"
    MODEL_WITHOUT_NUMBERS = "MODEL_WITHOUT_NUMBERS"
    TRAINING_REFUSED = "TRAINING_REFUSED"
    TRAINING_WITHOUT_MODEL = "TRAINING_WITHOUT_MODEL"
    FOLDER_NOT_WRITABLE = "FOLDER_NOT_WRITABLE"
    LESSON_UNREADABLE = "LESSON_UNREADABLE"
    CAMPAIGN_NOT_BEGUN = "CAMPAIGN_NOT_BEGUN"
    MESSAGES_WAIT = "MESSAGES_WAIT"
    QUIET_HOURS = "QUIET_HOURS"
    QUIET_UNTIL_OVER = "QUIET_UNTIL_OVER"
    CANARY_SILENT = "CANARY_SILENT"
    CANARY_FAILED = "CANARY_FAILED"
    REPLICAS_DIED = "REPLICAS_DIED"
    LAUNCH_TOO_LATE = "LAUNCH_TOO_LATE"


WORDS: Mapping[Language, Mapping[Code, str]] = {
    Language.ENGLISH: {
        Code.UNEXPECTED: "{type}; the worker's log says more, by the id {log_id}",
        Code.UNCODED: "it failed",
        Code.ATTEMPTS_LOST: "the last {lost} attempts came to no end: their processes were killed, for want of "
        "memory or because a chunk took longer than {seconds} s (TIERWISE_REDELIVER_SECONDS)",
        Code.WORK_UNKNOWN: "{kind}: waits for a worker that knows it",
        Code.MODEL_REJECTED: "the model cannot be used",
        Code.MODEL_WITHOUT_NUMBERS: "{model} says no number of any of {customers:,} customers",
        Code.TRAINING_REFUSED: "there is nothing to learn from",
        Code.TRAINING_WITHOUT_MODEL: "training ended {starts} times without a model; the worker's log says why",
        Code.FOLDER_NOT_WRITABLE: "{place} cannot be written: {why}; make room there, or give the worker the right to "
        "write there",
        Code.LESSON_UNREADABLE: "what {campaign} taught cannot be asked",
        Code.CAMPAIGN_NOT_BEGUN: "messages wait: {campaign} begins at {start_time}",
        Code.MESSAGES_WAIT: "messages wait: {note}",
        Code.QUIET_HOURS: "messages of {channel} wait until {until} ({zone}): quiet hours",
        Code.QUIET_UNTIL_OVER: "messages of {channel} are not sent: quiet hours last until {until} ({zone}), and "
        "{campaign} is over before",
        Code.CANARY_SILENT: "it gave no answer at all for so long that its replica was killed",
        Code.CANARY_FAILED: "it failed at {failed} of its last {asked} questions",
        Code.REPLICAS_DIED: "{replicas} replicas died with its questions within {seconds} seconds",
        Code.LAUNCH_TOO_LATE: "it was not launched within {hours} hours of its time",
    },
    Language.CHINESE: {
        Code.UNEXPECTED: "{type}，详见工作进程日志，编号 {log_id}",
        Code.UNCODED: "失败原因：",
        Code.ATTEMPTS_LOST: "最近 {lost} 次尝试均未完成：其进程因内存不足，或因一批处理超过 {seconds} 秒"
        "（TIERWISE_REDELIVER_SECONDS）而被终止",
        Code.WORK_UNKNOWN: "{kind}：等待认识该任务的工作进程",
        Code.MODEL_REJECTED: "模型无法使用：",
        Code.MODEL_WITHOUT_NUMBERS: "{model} 对 {customers:,} 位客户都没有给出数值",
        Code.TRAINING_REFUSED: "无法训练：",
        Code.TRAINING_WITHOUT_MODEL: "训练 {starts} 次都没有得到模型，原因见工作进程日志",
        Code.FOLDER_NOT_WRITABLE: "无法写入 {place}：{why}，请在该处留出空间，或授予工作进程写入权限",
        Code.LESSON_UNREADABLE: "无法使用从 {campaign} 学到的内容：",
        Code.CAMPAIGN_NOT_BEGUN: "消息在等待：{campaign} 于 {start_time} 开始",
        Code.MESSAGES_WAIT: "消息在等待：{note}",
        Code.QUIET_HOURS: "{channel} 消息等待至 {until}（{zone}）：静默时段",
        Code.QUIET_UNTIL_OVER: "{channel} 消息不会发出：静默时段持续至 {until}（{zone}），而 {campaign} 在此之前结束",
        Code.CANARY_SILENT: "长时间完全没有回答，其副本已被终止",
        Code.CANARY_FAILED: "最近 {asked} 个问题中有 {failed} 个失败",
        Code.REPLICAS_DIED: "{seconds} 秒内有 {replicas} 个副本在处理它的问题时终止",
        Code.LAUNCH_TOO_LATE: "未能在预定时间后的 {hours} 小时内启动",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happened, with what its sentence names."""

    code: str
    """A `Code`, or the reason of a refusal."""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    said: str | None = None
    """Its English words, where they say more than those of the code."""

    @classmethod
    def of_refusal(cls, refusal: Refusal) -> Self:
        return cls(code=refusal.reason, facts=refusal.metadata, said=refusal.message)

    @classmethod
    def read(cls, said: str | None, why: Mapping[str, Any] | None) -> Self:
        """From a row: its English words, and the value, of which it has at least one."""
        return cls(code=Code.UNCODED, said=said) if why is None else cls(**why, said=said)

    @property
    def why(self) -> dict[str, Any]:
        """For a row, beside the English words."""
        return {"code": str(self.code), "facts": dict(self.facts)}

    @property
    def known(self) -> bool:
        """Whether the code has words here; a refusal's stand with the refusals."""
        return self.code in WORDS[Language.ENGLISH]

    @property
    def in_full(self) -> bool:
        """Whether the words of the code say all, in each language."""
        return self.known and self.code not in TOLD_FURTHER

    def sentence(self, language: Language = Language.ENGLISH) -> str:
        """Without a full stop; in English where a refusal, or a later version, has no words here."""
        words = WORDS[language]
        if self.said is not None and (language is Language.ENGLISH or self.code not in words):
            return self.said
        facts = dict(self.facts)
        if isinstance(note := facts.get("note"), str):
            facts["note"] = notes.in_words(note, language)
        return words[Code(self.code)].format(**facts)


class Hopeless(Exception):
    """Work has met what another attempt would meet again."""

    def __init__(self, code: Code, said: str | None = None, **facts: Fact) -> None:
        self.fault = Fault(code=code, facts=facts, said=said)
        super().__init__(self.fault.sentence())


TOLD_FURTHER = frozenset({Code.UNCODED, Code.MODEL_REJECTED, Code.TRAINING_REFUSED, Code.LESSON_UNREADABLE})
"""What is the matter stands in the English words alone."""
