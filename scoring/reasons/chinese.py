"""Features and events in Chinese, for a reader in marketing."""

import math
from collections.abc import Callable, Mapping

import numpy as np

from events.event import EventType
from scoring.reasons.deed import Deed
from scoring.score import Change
from scoring.seen.feature_registry import ABOUT_THE_SAME, Feature, amount, rounded

NAMES: Mapping[str, str] = {
    "days_since_event": "距最近一次活动", "days_since_order": "距最近一次下单",
    "days_since_view": "距最近一次浏览商品",
    "days_since_cart": "距最近一次加入购物车", "days_since_return": "距最近一次退货",
    "days_since_review": "距最近一次评价",
    "days_since_coupon": "距最近一次收到优惠券", "days_since_message": "距最近一次收到消息",
    "days_known": "首次出现至今",
    "days_as_buyer": "首次下单至今", "seen_early": "在店铺记录开始时即已出现的程度",
    "orders": "累计订单数", "orders_30": "近 30 天订单数", "orders_90": "近 90 天订单数",
    "orders_180": "近 180 天订单数",
    "orders_365": "近 365 天订单数", "orders_per_month": "每月订单数", "events_7": "近 7 天活动次数",
    "events_30": "近 30 天活动次数", "events_90": "近 90 天活动次数",
    "spend": "累计消费", "spend_30": "近 30 天消费", "spend_90": "近 90 天消费", "spend_365": "近 365 天消费",
    "spend_per_month": "每月消费", "mean_basket": "平均每单金额", "last_basket": "最近一单金额",
    "largest_basket": "最大一单金额", "basket_spread": "订单金额通常相差",
    "mean_gap": "平均下单间隔", "gap_spread": "下单间隔的波动幅度（占平均间隔）", "longest_gap": "最长下单间隔",
    "last_gap": "最近两单的间隔", "overdue": "沉默时间为平时间隔的倍数",
    "longer_pauses": "以往下单间隔长于目前沉默时间的占比",
    "order_trend": "近 90 天订单数与之前 90 天相比", "spend_trend": "近 90 天消费与之前 90 天相比",
    "basket_trend": "最近一单与平时金额之比", "event_trend": "近 30 天活动与近 90 天平均相比",
    "returns": "累计退货次数", "returns_90": "近 90 天退货次数", "returned_share": "退货金额占比",
    "returns_per_order": "每单退货次数",
    "distinct_items": "购买过的不同商品数", "distinct_categories": "购买过的不同类目数", "repeat_share": "重复购买占比",
    "lines_per_order": "每单商品行数", "last_lines": "最近一单商品行数", "units_per_order": "每单件数",
    "units_per_line": "每种商品件数", "unit_price": "平均单价",
    "views": "累计浏览次数", "views_7": "近 7 天浏览次数", "views_30": "近 30 天浏览次数", "carts": "累计加购件数",
    "carts_30": "近 30 天加购件数", "views_since_order": "最近一次下单后的浏览次数",
    "carts_since_order": "最近一次下单后的加购件数", "carts_per_view": "每次浏览的加购件数",
    "orders_per_cart": "每件加购的订单数", "mean_dwell": "商品页平均停留秒数", "dwell_30": "近 30 天商品页停留秒数",
    "visits_30": "近 30 天有浏览的天数", "visits_90": "近 90 天有浏览的天数", "visits_per_month": "每月有浏览的天数",
    "visit_overdue": "未来访时间为平时间隔的倍数", "missed_visits": "按平时节奏此后应有的来访次数",
    "reviews": "评价次数", "mean_rating": "平均评分", "last_rating": "最近一次评分",
    "rating_since_order": "最近一次下单后的评分",
    "coupons": "累计收到优惠券", "coupons_30": "近 30 天收到优惠券", "messages_30": "近 30 天收到消息",
    "orders_after_coupon": "收到优惠券后 14 天内下单的占比",
    "weekend_share": "周末下单占比", "evening_share": "夜间下单占比", "orders_last_year": "去年同期订单数",
    "spend_last_year": "去年同期消费",
    "alive": "按下单节奏仍是客户的概率", "chance_90": "按下单节奏 90 天内下单的概率",
    "expected_orders_90": "按下单节奏 90 天内的预期订单数", "expected_basket": "典型一单金额",
    "expected_spend_90": "按节奏和金额 90 天内的预期消费", "order_days": "有订单的天数",
}  # fmt: skip
"""Of every feature of the registry."""
GROUPS: Mapping[EventType, str] = {
    EventType.VIEW: "更早的 {} 次浏览", EventType.CART: "更早的 {} 件加购", EventType.PURCHASE: "更早的 {} 个订单",
    EventType.RETURN: "更早的 {} 次退货", EventType.REVIEW: "更早的 {} 次评价", EventType.COUPON: "更早的 {} 张优惠券",
    EventType.MESSAGE: "更早的 {} 条消息",
}  # fmt: skip

CHANGES: Mapping[Change, str] = {
    Change.MESSAGE: "再收到 {} 条消息", Change.COUPON: "再收到 {} 张优惠券", Change.VIEW: "再浏览 {} 次商品",
    Change.CART: "再加购 {} 件商品", Change.ORDER: "再下 {} 单",
}  # fmt: skip


def feature_words(feature: Feature, value: float, currency: str) -> str:
    """'近 90 天订单数：3'."""
    return f"{NAMES[feature.name]}：{_value(feature, value, currency)}"


def meaning(feature: Feature) -> str:
    """'近 90 天订单数'."""
    return NAMES[feature.name]


def group_words(kind: EventType, count: int) -> str:
    """'更早的 4 个订单'."""
    return GROUPS[kind].format(count)


def change_words(change: Change, count: int, basket: float, currency: str) -> str:
    """'再下 2 单，每单 45.20 GBP'."""
    what = CHANGES[change].format(count)
    return f"{what}，每单 {amount(basket, currency)}" if change is Change.ORDER else what


def season_words(logit: float) -> str:
    """'时节：按去年同期来看，现在购买的客户比单看历史预计的多'."""
    return f"时节：按去年同期来看，现在购买的客户比单看历史预计的{'多' if logit > 0 else '少'}"


def action_words(deed: Deed) -> str:
    """'2011年6月3日下单 3 件商品，45.20 GBP'."""
    title = "一件商品" if deed.title is None else f"“{deed.title}”"
    what = title if deed.lines == 1 else f" {deed.lines} 件商品"
    paid = f"，{deed.paid}" if deed.paid else ""
    by = f"（{deed.channel}）" if deed.channel else ""
    stars = "" if deed.stars is None else f"，{deed.stars:.0f} 星"
    words = {
        EventType.VIEW: f"浏览{title}",
        EventType.CART: f"将{title}加入购物车",
        EventType.PURCHASE: f"下单{what}{paid}",
        EventType.RETURN: f"退货{what}{paid}",
        EventType.REVIEW: f"评价{title}{stars}",
        EventType.COUPON: f"收到优惠券{by}",
        EventType.MESSAGE: f"收到消息{by}",
    }[deed.kind]
    return f"{deed.time.year}年{deed.time.month}月{deed.time.day}日{words}"


def _value(feature: Feature, value: float, currency: str) -> str:
    if not np.isfinite(value):
        return "无"
    form = FORMS.get(feature.name) or FORMS.get(feature.unit.split()[0], _plain)
    return form(value, currency)


def _plain(value: float, _: str) -> str:
    return f"{value:,.0f}" if value == round(value) else rounded(value, "不到 0.01")


def _days(value: float, _: str) -> str:
    return "不到 1 天" if 0 < value < 1 else f"{value:,.0f} 天"


def _share(value: float, _: str) -> str:
    return f"{value:.0%}"


def _factor(value: float, _: str) -> str:
    """Of a logarithm, what it stands for."""
    return f"{rounded(math.exp(value))} 倍"


def _times(value: float, _: str) -> str:
    return f"{math.exp(value):,.0%}"


def _trend(value: float, _: str) -> str:
    return "差不多" if abs(value) < ABOUT_THE_SAME else ("更多" if value > 0 else "更少")


FORMS: Mapping[str, Callable[[float, str], str]] = {
    "days": _days, "minor": amount, "share": _share, "probability": _share, "log": _factor,
    "visits_per_month": _plain, "gap_spread": _share, "basket_trend": _times, "order_trend": _trend,
    "spend_trend": _trend, "event_trend": _trend,
}  # fmt: skip
"""By the name of a feature, else by the first word of its unit."""
