"""The story: a shop is loaded, learned, scored, offered to and asked, and every step shows what came of it."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeVar

from rich.console import Console
from rich.panel import Panel
from tierwise.v1 import campaign_pb2, coupon_pb2, event_pb2, score_pb2, tier_pb2

from admin.demo import effect, figures
from admin.demo.client import ShopClient
from admin.demo.plan import discount_words, spring_plan
from admin.running.first_shop import FIRST_HOUR, FirstShop
from admin.running.processes import INSECURE, Processes
from admin.running.stages import Stages
from admin.shell.output import emit
from database.embedded import free_port
from tierwise_client import TierwiseError, instant, money

console = Console()
SCORING = "tierwise.v1.ScoringService"
START_SECONDS = 180
CAMPAIGN = "spring"
MARKETER, APPROVER = "marie", "arthur"
ORDER = 80
"""Major units of the order that the coupon is used on."""
CENT = 10_000_000
"""Nanos."""
METRICS = ("auc", "average_precision", "log_loss", "gini", "hybrid_hit_rate_10", "popular_hit_rate_10")
Answer = TypeVar("Answer")


class Seen(NamedTuple):
    """What the server said of everybody, and the titles of the items."""

    scores: Sequence[score_pb2.Score]
    titles: Mapping[str, str]


def tell(processes: Processes, shop_of: Callable[[Stages], FirstShop], currency: str) -> None:
    """The whole story on running processes; raises when a step fails."""
    address = f"127.0.0.1:{free_port()}"
    # Else beat's nightly rescoring would come before the story's own, when it is told soon after its time.
    another_time = (datetime.now(UTC) + timedelta(hours=12)).time().isoformat("minutes")
    processes.environment |= {"TIERWISE_LISTEN": address, "TIERWISE_RESCORE_AT": another_time, **INSECURE}
    stages = Stages(environment=processes.environment)
    shop = shop_of(stages)
    tell_shop(shop)
    with stages.stage("Server, worker and beat start"):
        processes.start_all()
        client = ShopClient(address)
        client.wait_until_serving(SCORING, START_SECONDS)
    with client:
        seen = score_everyone(stages, client, shop, currency)
        chosen = launch(stages, client, shop, currency)
        ask(stages, client, shop, chosen, seen.titles)
        redeem(stages, client, chosen, currency)
        measure(stages, client, seen.scores, currency)
    audit(stages)
    processes.check()
    emit(list(stages.rows()), as_json=False, title="How long each stage took")


def tell_shop(shop: FirstShop) -> None:
    """What came in, what cleaning kept from it, and how well the network did in its rehearsal."""
    imported, trained = shop.imported, shop.trained
    refused = Counter[str]()
    for step in imported["steps"]:
        refused.update(step["rejected"])
    cleaning = {
        "rows read": imported["rows_in"],
        **{f"  rejected: {reason.lower().replace('_', ' ')}": count for reason, count in refused.most_common()},
        "events kept": imported["rows_out"],
        "customers": imported["after"]["customers"],
        "items": imported["after"]["items"],
        "from, to": f"{imported['after']['first_time'][:10]} to {imported['after']['last_time'][:10]}",
    }
    emit(cleaning, as_json=False, title=f"{shop.source}, cleaned")
    learned = {
        "model": trained["model_id"],
        "before": f"{shop.as_of:%Y-%m-%d}",
        "events": trained["events"],
        "customers": trained["customers"],
        **{name: trained[name] for name in METRICS},
    }
    emit(learned, as_json=False, title="The network, on a rehearsal forward in time")


def score_everyone(stages: Stages, client: ShopClient, shop: FirstShop, currency: str) -> Seen:
    """Bulk rescoring through the worker, then what the tiers were worth in the time that was hidden."""
    with stages.stage("Everyone is scored by the worker"):
        client.score_everyone(shop.as_of)
    with stages.stage("What the hidden 90 days brought"):
        seen = figures.hindsight(shop, currency)
        outcomes = seen.outcomes
        answers = client.scores(outcomes["customer_id"].to_list(), as_of=shop.as_of)
        told = [answer for answer in answers if not isinstance(answer, TierwiseError)]
        scores = figures.scores_frame(told)
        emit(figures.by_tier(scores, outcomes), as_json=False, title="Tiers: predicted before, seen after")
        auc = figures.ranking_quality(scores, outcomes)
        console.print(f"  who will buy: AUC [bold]{auc:.3f}[/] over {scores.height:,} customers (0.5 is chance)")
    return Seen(told, seen.titles)


def launch(stages: Stages, client: ShopClient, shop: FirstShop, currency: str) -> Mapping[str, str]:
    """A campaign from tier to discount to channel; a coupon of its best tier to go on with."""
    with stages.stage("A campaign is planned by one, approved by another, and launched"):
        plan = spring_plan(datetime.now(UTC), currency, consented=shop.consented)
        submitted = client.plan(CAMPAIGN, plan, MARKETER)
        decided = {who: client.approve(submitted, who, "the budget is agreed") for who in (MARKETER, APPROVER)}
        emit(
            [{"who": who, "answer": _decision(answer)} for who, answer in decided.items()],
            as_json=False, title=f"Version {submitted.version} is submitted; who approves?",
        )  # fmt: skip
        expected = effect.foreseen(client.preview(submitted, MARKETER))
        emit(expected, as_json=False, title="Preview: what 30 days would bring, with 80 % intervals")
        campaign = client.launch(submitted, MARKETER)
        emit(
            [
                {
                    "tier": tier_pb2.Tier.Name(offer.tier), "discount": discount_words(offer.discount),
                    "channel": campaign_pb2.Channel.Name(offer.channel),
                }
                for offer in campaign.offers
            ],
            as_json=False,
            title=f"{campaign.display_name}: {campaign.issued_count:,} coupons, one for each customer; "
            f"{campaign.held_out_count:,} held out to compare with",
        )  # fmt: skip
        coupons: list[Mapping[str, str]] = stages.tierwise("coupon", "list", CAMPAIGN, "--limit", "200")
    return min(coupons, key=lambda coupon: list(tier_pb2.Tier.keys()).index(coupon["tier"]))


def ask(
    stages: Stages, client: ShopClient, shop: FirstShop, coupon: Mapping[str, str], titles: Mapping[str, str]
) -> None:
    """What a shop's own services would ask: a score, why, and what to show; then what a fresh event changes."""
    customer = coupon["customer_id"]
    soon = shop.as_of + FIRST_HOUR
    with stages.stage("A service asks about one customer"):
        before, answer_ms = timed(lambda: client.score(customer, as_of=soon))
        console.print(_card(before, f"Score({customer}) in {answer_ms:.0f} ms"))
        explanation = client.explain(customer, soon)
        emit(
            [{"points": round(each.points, 1), "because": each.description} for each in explanation.contributions],
            as_json=False,
            title="ExplainScore: percentage points on the chance to buy within 90 days",
        )
        recommended = client.recommend_as_of(customer, 5, soon).recommendations
        emit(
            [{"item": each.item_id, "title": titles.get(each.item_id), "because": each.reason} for each in recommended],
            as_json=False,
            title="Recommend",
        )
        viewed = [
            _seen(shop.as_of + timedelta(minutes=number), item.item_id) for number, item in enumerate(recommended)
        ]
        client.record(customer, viewed)
        after = client.score(customer, as_of=soon)
        console.print(
            f"  {len(viewed)} items are seen and put into the cart: "
            f"[bold]{_chance(before):.1%} → {_chance(after):.1%}[/] within 90 days"
        )


def redeem(stages: Stages, client: ShopClient, coupon: Mapping[str, str], currency: str) -> None:
    """A coupon is used; the same order again gets the same answer, another order is refused."""
    with stages.stage("The coupon is redeemed"):
        code, amount = coupon["code"], money(ORDER, currency)

        def answer(order_id: str) -> str:
            try:
                return _saving(client.redeem(code, order_id, amount, customer=coupon["customer_id"]))
            except TierwiseError as refused:
                return _refusal(refused)

        tries = {"first use": "order-1", "the same order again": "order-1", "another order": "order-2"}
        rows = [{"attempt": name, "answer": answer(order_id)} for name, order_id in tries.items()]
        emit(rows, as_json=False, title=code)


def measure(stages: Stages, client: ShopClient, scores: Sequence[score_pb2.Score], currency: str) -> None:
    """Orders that are made up on a known law, and what the campaign's results make of them."""
    with stages.stage("A month of orders is made up, more of them with a coupon"):
        month = effect.live_a_month(client, scores, client.codes(CAMPAIGN), currency)
    with stages.stage("What the campaign earned"):
        results = client.results(CAMPAIGN)
        title = f"{results.offered_count:,} customers with an offer against {results.held_out_count:,} held out"
        emit(effect.measured(results), as_json=False, title=title)
        found = effect.buyers(results)
        console.print(
            f"  {month.orders:,} orders, {month.redeemed:,} coupons used, {month.refused:,} refused; built in: "
            f"[bold]{month.caused:+,.0f}[/] buyers, measured: [bold]{found.total:+,.0f}[/]"
        )


def audit(stages: Stages) -> None:
    """Who did what: the trail that all of this left."""
    with stages.stage("The audit log kept every change"):
        rows = stages.tierwise("audit", "list", "--of", f"campaigns/{CAMPAIGN}", "--limit", "8")
        names = ("time", "actor", "action", "object", "outcome")
        emit([{name: row[name] for name in names} for row in rows], as_json=False, title="Latest first")


def timed(ask_for: Callable[[], Answer]) -> tuple[Answer, float]:
    """An answer and the milliseconds it took."""
    began = time.perf_counter()
    answer = ask_for()
    return answer, 1000 * (time.perf_counter() - began)


def _card(score: score_pb2.Score, title: str) -> Panel:
    spend = score.expected_spend
    chances = "   ".join(
        f"{each.horizon_days} days [bold]{each.probability:.1%}[/]" for each in score.purchase_probabilities
    )
    return Panel.fit(
        f"buys within   {chances}\n"
        f"spends        [bold]{spend.expected.units:,}[/] {spend.expected.currency_code} "
        f"(80 % between {spend.low.units:,} and {spend.high.units:,})\n"
        f"orders        {score.expected_orders:.1f} times\n"
        f"leaves        {score.churn_probability:.1%}\n"
        f"tier          [bold]{tier_pb2.Tier.Name(score.tier)}[/]   by {score.model}",
        title=title, title_align="left",
    )  # fmt: skip


def _chance(score: score_pb2.Score) -> float:
    return score.purchase_probabilities[-1].probability


def _seen(when: datetime, item_id: str) -> event_pb2.Event:
    return event_pb2.Event(event_time=instant(when), type=event_pb2.Event.CART, item_id=item_id, quantity=1)


def _decision(answer: campaign_pb2.Campaign | TierwiseError) -> str:
    return _refusal(answer) if isinstance(answer, TierwiseError) else campaign_pb2.Campaign.State.Name(answer.state)


def _refusal(refused: TierwiseError) -> str:
    return f"{refused.code} {refused.reason}: {refused}"


def _saving(used: coupon_pb2.Redemption) -> str:
    off = used.discount_amount
    return f"{off.units}.{off.nanos // CENT:02} {off.currency_code} off order {used.order_id}"
