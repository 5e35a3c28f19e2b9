"""The registry: every fact that a rule may ask about.

Facts are of an as-of time: days are whole days before it, windows end at it, and only events strictly before it count.
A count of something that never happened is 0 and known; the days since it, or the mean of it, are not known.
"""

from collections.abc import Mapping

from rules.fact import Fact, Kind, Spelling, Unit, Words


def _fact(
    name: str, kind: Kind, english: tuple[str, str], chinese: tuple[str, str], *,
    unit: Unit = Unit.NONE, choices: tuple[str, ...] = (), spelling: Spelling = Spelling.ANY,
) -> Fact:  # fmt: skip
    return Fact(
        name=name, kind=kind, unit=unit, choices=choices, spelling=spelling,
        english=Words(name=english[0], phrase=english[1]), chinese=Words(name=chinese[0], phrase=chinese[1]),
    )  # fmt: skip


def _share(name: str, english: tuple[str, str], chinese: tuple[str, str]) -> Fact:
    return _fact(name, Kind.NUMBER, english, chinese, unit=Unit.SHARE)


def _money(name: str, english: tuple[str, str], chinese: tuple[str, str]) -> Fact:
    return _fact(name, Kind.WHOLE, english, chinese, unit=Unit.MONEY)


def _times(name: str, english: tuple[str, str], chinese: tuple[str, str]) -> Fact:
    return _fact(name, Kind.WHOLE, english, chinese, unit=Unit.TIMES)


def _days(name: str, english: tuple[str, str], chinese: tuple[str, str]) -> Fact:
    return _fact(name, Kind.WHOLE, english, chinese, unit=Unit.DAYS)


def _probability(days: int) -> Fact:
    return _share(
        f"purchase_{days}",
        (
            f"the probability to buy within {days} days",
            f"[has|does not have] a probability of {{}} to buy within {days} days",
        ),
        (f"{days}天内购买的概率", f"{days}天内购买的概率[|并非]{{}}"),
    )


def _orders(days: int) -> Fact:
    return _times(
        f"orders_{days}",
        (f"the number of orders in the last {days} days", f"[bought|did not buy] {{}} in the last {days} days"),
        (f"最近{days}天的下单次数", f"最近{days}天[下单|并非下单]{{}}"),
    )


def _spend(days: int) -> Fact:
    return _money(
        f"spend_{days}",
        (f"the money spent in the last {days} days", f"[spent|did not spend] {{}} in the last {days} days"),
        (f"最近{days}天的消费额", f"最近{days}天[消费|并非消费]{{}}"),
    )


def _responses(channel: str, english: str, chinese: str) -> Fact:
    return _times(
        f"{channel}_responses",
        (f"the number of responses {english} in the last 365 days",
         f"[responded|did not respond] {english} {{}} in the last 365 days"),
        (f"最近365天{chinese}响应次数", f"最近365天{chinese}[响应|并非响应]{{}}"),
    )  # fmt: skip


def _fifth(name: str, english: str, chinese: str) -> Fact:
    return _fact(
        f"rfm_{name}", Kind.WHOLE,
        (f"the RFM score of {english}", f"[has|does not have] an RFM score of {english} of {{}}"),
        (f"RFM{chinese}得分", f"RFM{chinese}得分[为|并非]{{}}"), unit=Unit.FIFTHS,
    )  # fmt: skip


_SCORES = (
    *map(_probability, (30, 60, 90)),
    _share(
        "churn",
        ("the probability to leave", "[has|does not have] a probability of {} to leave"),
        ("流失概率", "流失概率[|并非]{}"),
    ),
    _money(
        "expected_spend",
        ("the spend expected within 90 days", "[is|is not] expected to spend {} within 90 days"),
        ("90天预期消费额", "90天预期消费额[|并非]{}"),
    ),
    _fact(
        "expected_orders", Kind.NUMBER,
        ("the number of orders expected within 90 days", "[is|is not] expected to buy {} within 90 days"),
        ("90天预期下单次数", "90天预期下单次数[|并非]{}"), unit=Unit.TIMES,
    ),
    _fact(
        "expected_uplift", Kind.NUMBER,
        (
            "the chance to buy that an offer is expected to add",
            "[is|is not] expected to gain {} of chance to buy by an offer",
        ),
        ("优惠预期提升的购买概率", "优惠预期提升的购买概率[|并非]{}"), unit=Unit.POINTS,
    ),
    _fact(
        "tier", Kind.TEXT, ("the tier", "[is|is not] in tier {}"), ("层级", "层级[为|并非]{}"),
        choices=("HIGH", "MID", "LOW"),
    ),
    _days("days_in_tier", ("the days in the tier", "[has|has not] been in the tier for {}"),
          ("处于当前层级的天数", "处于当前层级[已|并非已]{}")),
    _days("days_below_tier",
          ("the days below the tier's margin", "[has|has not] been worth less than the tier for {}"),
          ("低于当前层级的天数", "价值低于当前层级[已|并非已]{}")),
    _days("days_since_score", ("the age of the score", "[was|was not] scored {} ago"),
          ("评分距今天数", "评分[在|并非在]{}前")),
)  # fmt: skip
_PURCHASES = (
    _fact("has_bought", Kind.FLAG, ("whether anything was bought", "[has bought before|has never bought]"),
          ("是否购买过", "[购买过|从未购买过]")),
    _times("orders", ("the number of orders so far", "[bought|did not buy] {} so far"),
           ("累计下单次数", "累计[下单|并非下单]{}")),
    *map(_orders, (30, 90, 365)),
    _money("spend", ("the money spent so far", "[spent|did not spend] {} so far"),
           ("累计消费额", "累计[消费|并非消费]{}")),
    *map(_spend, (30, 90, 365)),
    _money("average_order", ("the average value of an order", "[has|does not have] an average order of {}"),
           ("平均每单金额", "平均每单金额[|并非]{}")),
    _share("returned_share", ("the share of spend that was returned", "[returned|did not return] {} of what was spent"),
           ("退货金额占比", "退货金额占比[|并非]{}")),
    _days("days_since_purchase", ("the days since the last purchase", "[last bought|did not last buy] {} ago"),
          ("距上次购买天数", "上次购买[在|并非在]{}前")),
    _fifth("recency", "recency", "最近消费"),
    _fifth("frequency", "frequency", "消费频率"),
    _fifth("monetary", "money spent", "消费金额"),
    _fact("first_purchase_time", Kind.TIME, ("the time of the first purchase", "[first bought|did not first buy] {}"),
          ("首次购买时间", "首次购买时间[|并非]{}")),
    _fact("last_purchase_time", Kind.TIME, ("the time of the last purchase", "[last bought|did not last buy] {}"),
          ("最近购买时间", "最近购买时间[|并非]{}")),
    _fact("last_category", Kind.TEXT,
          ("the category last bought", "[last bought|did not last buy] from the category {}"),
          ("最近购买的品类", "最近购买的品类[为|并非]{}")),
    _fact("categories", Kind.TEXTS, ("the categories bought", "[has|has not] bought from the category {}"),
          ("购买过的品类", "[购买过|未购买过]品类{}")),
)  # fmt: skip
_ACTIVITY = (
    _times("views_30", ("the number of views in the last 30 days",
                        "[viewed items|did not view items] {} in the last 30 days"),
           ("最近30天浏览次数", "最近30天[浏览|并非浏览]{}")),
    _times("carts_30", ("the number of items put into the cart in the last 30 days",
                        "[filled the cart|did not fill the cart] {} in the last 30 days"),
           ("最近30天加购次数", "最近30天[加购|并非加购]{}")),
    _days("days_since_view", ("the days since the last view", "[last viewed|did not last view] an item {} ago"),
          ("距上次浏览天数", "上次浏览[在|并非在]{}前")),
    _days("days_since_cart",
          ("the days since the cart was last filled", "[last filled|did not last fill] the cart {} ago"),
          ("距上次加购天数", "上次加购[在|并非在]{}前")),
    _days("days_since_seen", ("the days since the last activity", "[was|was not] last active {} ago"),
          ("距上次活跃天数", "上次活跃[在|并非在]{}前")),
    _times("reviews", ("the number of reviews", "[wrote reviews|did not write reviews] {}"),
           ("评价次数", "[评价|并非评价]{}")),
    _fact("average_rating", Kind.NUMBER, ("the average rating given", "[rates|does not rate] {} on average"),
          ("平均评分", "平均评分[|并非]{}"), unit=Unit.STARS),
)  # fmt: skip
_PROFILE = (
    _fact("country", Kind.TEXT, ("the country", "[lives|does not live] in country {}"), ("国家", "国家[为|并非]{}"),
          spelling=Spelling.CODES),
    _fact("zone", Kind.TEXT, ("the time zone", "[lives|does not live] in time zone {}"), ("时区", "时区[为|并非]{}")),
    _fact("preferred_channel", Kind.TEXT, ("the preferred channel", "[prefers|does not prefer] the channel {}"),
          ("偏好渠道", "偏好渠道[为|并非]{}"), spelling=Spelling.LOWER),
    _fact("consented_channels", Kind.TEXTS, ("the channels consented to", "[consents|does not consent] to {}"),
          ("同意的渠道", "[同意|不同意]通过{}接收"), spelling=Spelling.LOWER),
    _fact("customer_since", Kind.TIME, ("the time of the first event", "[became|did not become] a customer {}"),
          ("成为客户的时间", "成为客户的时间[|并非]{}")),
    _days("days_as_customer", ("the days since the first event", "[has|has not] been a customer for {}"),
          ("成为客户的天数", "成为客户[已|并非已]{}")),
)  # fmt: skip
_CONTACTS = (
    _times("coupons_issued", ("the number of coupons issued", "[received|did not receive] coupons {}"),
           ("获得优惠券次数", "[获得|并非获得]优惠券{}")),
    _times("coupons_redeemed", ("the number of coupons redeemed", "[redeemed|did not redeem] coupons {}"),
           ("使用优惠券次数", "[使用|并非使用]优惠券{}")),
    _days("days_since_coupon",
          ("the days since the last coupon", "[last received|did not last receive] a coupon {} ago"),
          ("距上次获得优惠券天数", "上次获得优惠券[在|并非在]{}前")),
    _days("days_since_redemption",
          ("the days since the last redemption", "[last redeemed|did not last redeem] a coupon {} ago"),
          ("距上次使用优惠券天数", "上次使用优惠券[在|并非在]{}前")),
    _fact("campaigns", Kind.TEXTS, ("the campaigns taken part in", "[took|did not take] part in campaign {}"),
          ("参与过的活动", "[参与过|未参与过]活动{}")),
    _times("campaigns_30", ("the number of campaigns of the last 30 days",
                            "[took|did not take] part in campaigns {} in the last 30 days"),
           ("最近30天参与活动次数", "最近30天[参与|并非参与]活动{}")),
    _times("messages_30",
           ("the number of messages of the last 30 days", "[was|was not] addressed {} in the last 30 days"),
           ("最近30天收到消息次数", "最近30天[收到|并非收到]消息{}")),
    _days("days_since_message", ("the days since the last message", "[was|was not] last addressed {} ago"),
          ("距上次消息天数", "上次收到消息[在|并非在]{}前")),
    _responses("on_site", "on the shop's pages", "站内"),
    _responses("email", "by e-mail", "电子邮件"),
    _responses("sms", "by text message", "短信"),
    _responses("push", "by push notification", "推送"),
)  # fmt: skip
TOPICS: Mapping[str, tuple[Fact, ...]] = {
    "scores": _SCORES,
    "purchases": _PURCHASES,
    "activity": _ACTIVITY,
    "profile": _PROFILE,
    "contacts": _CONTACTS,
}
"""Facts by what they are about."""
FACTS: Mapping[str, Fact] = {fact.name: fact for facts in TOPICS.values() for fact in facts}
"""Every fact by its name."""
