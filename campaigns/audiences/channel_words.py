"""By which channel somebody is reached, and why by this one, in the reader's language. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from campaigns.audiences.eligibility import ChannelReason
from campaigns.terms.campaign import Channel
from rules.sentence import Language


class _Phrases(NamedTuple):
    """What a language says of channels."""

    channels: Mapping[Channel, str]
    agreed: str
    free: str
    """Of channels that need no consent."""
    reasons: Mapping[ChannelReason, str]


PHRASES: Mapping[Language, _Phrases] = {
    Language.ENGLISH: _Phrases(
        channels={
            Channel.ON_SITE: "on the site", Channel.EMAIL: "by e-mail", Channel.SMS: "by text message",
            Channel.PUSH: "by push notification",
        },
        agreed=", agreed to it", free=", which needs no consent",
        reasons={
            ChannelReason.ORDER: "", ChannelReason.RESPONSES: ", and responded to it most often",
            ChannelReason.PREFERENCE: ", and says to prefer it",
        },
    ),
    Language.CHINESE: _Phrases(
        channels={
            Channel.ON_SITE: "在站内", Channel.EMAIL: "通过电子邮件", Channel.SMS: "通过短信",
            Channel.PUSH: "通过推送",
        },
        agreed="，已同意", free="，无需同意",
        reasons={
            ChannelReason.ORDER: "", ChannelReason.RESPONSES: "，响应次数最多",
            ChannelReason.PREFERENCE: "，且自称偏好此渠道",
        },
    ),
}  # fmt: skip


def chosen(channel: Channel, reason: ChannelReason, language: Language) -> str:
    """Such as: by e-mail, agreed to it, and responded to it most often."""
    phrases = PHRASES[language]
    consent = phrases.agreed if channel.needs_consent else phrases.free
    return phrases.channels[channel] + consent + phrases.reasons[reason]
