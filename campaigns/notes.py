"""Why a message was not taken, as its row has it, in the reader's language. Pure."""

from collections.abc import Mapping

from channels.message import Note
from rules.sentence import Language

WORDS: Mapping[Language, Mapping[str, str]] = {
    Language.ENGLISH: {note: note.value for note in Note},
    Language.CHINESE: {
        Note.AWAY: "未尝试：服务商当时不可用",
        Note.SLOW: "未尝试：服务商响应太慢",
        Note.ENDLESS: "服务商的应答没有结束",
        Note.QUIET: "未尝试：静默时段",
        Note.UNADDRESSED: "未尝试：该渠道没有配置地址（TIERWISE_CHANNELS）",
        Note.STOPPED: "未尝试：已被紧急开关停止",
        Note.OVER: "未尝试：活动已结束",
        Note.UNWANTED: "未尝试：收件人已不再同意",
    },
}


def in_words(note: str, language: Language) -> str:
    """What a machine answered, such as HTTP 503, is the same in each."""
    return WORDS[language].get(note, note)
