"""A mapping that is wrong says which field is, and what to write instead."""

from pathlib import Path

import pytest

from events import currency
from events.formats import FileFormat, FormatNotUsable, mapping, preset, preset_names

GOOD = """
columns: {Who: customer_id, When: time, What: event_type}
zone: Europe/London
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "shop.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_preset_is_whole() -> None:
    assert preset_names() == ["canonical", "online-retail"]
    assert {name: preset(name).zone for name in preset_names()} == {"canonical": "UTC", "online-retail": "UTC"}


def test_an_unknown_preset_is_refused_with_those_that_exist() -> None:
    with pytest.raises(FormatNotUsable, match=r"preset: there is no 'shopify'; there are canonical, online-retail"):
        preset("shopify")


def test_a_mapping_is_read(tmp_path: Path) -> None:
    found = mapping(written(tmp_path, GOOD))
    assert found.zone == "Europe/London"
    assert found.columns["Who"] == "customer_id"
    assert found.cleaning.outliers.action == "flag"


@pytest.mark.parametrize(
    ("addition", "words"),
    [
        ("zone: Europe/Londno", "zone: .*'Europe/Londno' is no IANA time zone; write one such as"),
        ("currency: pounds", "currency: .*'pounds' is no ISO 4217 code; write one such as GBP"),
        ("time_formats: ['%H:%M']", "time_formats.0: .*'%H:%M' does not tell the day; write one such as"),
        ("time_formats: ['%d/%m/%Y %H:%M %Z']", "a zone's name is not read; write %z for an offset"),
        ("separator: ';;'", "separator: .*';;' cannot stand between fields; write one symbol"),
        ("numbers: {decimal: ',', thousands: ','}", "numbers: .*decimal and thousands are both ','"),
        ("cleaning: {non_products: {product: '('}}", "product: .*'\\(' is no regular expression: unclosed group"),
        ("colour: red", "colour: Extra inputs are not permitted"),
        ("cleaning: {outliers: {action: delete}}", "cleaning.outliers.action: Input should be 'keep', 'flag'"),
        ("cleaning: {missing_values: {fields: {customer_id: keep}}}", "customer_id: an event cannot be without it"),
        ("cleaning: {missing_values: {fields: {order_id: mean}}}", "order_id: mean works for quantity, unit_price"),
        ("cleaning: {missing_values: {fields: {size: mean}}}", "cleaning.missing_values.fields.size"),
        ("event_type: {constant: purchase}", "event_type: map one column to event_type, or give event_type.constant"),
        (
            "event_type: {words: {kauf: buy}}",
            "event_type.words.kauf: .*'buy' is no event type; use one of cart, coupon",
        ),
    ],
)
def test_a_wrong_mapping_names_the_field(tmp_path: Path, addition: str, words: str) -> None:
    text = GOOD.replace("zone: Europe/London\n", "") if addition.startswith("zone") else GOOD
    with pytest.raises(FormatNotUsable, match=words):
        mapping(written(tmp_path, text + addition))


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ("{Who: customer_id}", "no column is mapped to time; every event needs it"),
        ("{Who: customer_id, When: time, At: time}", "columns: time is given by more than one column; keep one"),
    ],
)
def test_columns_must_make_an_event(tmp_path: Path, columns: str, words: str) -> None:
    with pytest.raises(FormatNotUsable, match=words):
        mapping(written(tmp_path, f"columns: {columns}\nevent_type: {{constant: view}}"))


@pytest.mark.parametrize("text", ["columns: [", "just words", "", "- " * 50_000, "x: [" + "a," * 50_000 + "]"])
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(FormatNotUsable, match=r"shop\.yaml"):
        mapping(written(tmp_path, text))


def test_a_mapping_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatNotUsable, match=r"none\.yaml cannot be read"):
        mapping(tmp_path / "none.yaml")


def test_a_file_without_a_mapped_column_is_refused_with_what_it_has() -> None:
    with pytest.raises(
        FormatNotUsable, match=r"no column StockCode, .*it has InvoiceNo, Colour\. Choose another --preset"
    ):
        preset("online-retail").columns_in(["InvoiceNo", "Colour"])


def test_the_canonical_format_asks_only_for_what_an_event_cannot_be_without() -> None:
    canonical = preset("canonical")
    present = ["customer_id", "time", "event_type", "colour"]
    assert list(canonical.columns_in(present)) == ["customer_id", "time", "event_type"]
    with pytest.raises(FormatNotUsable, match=r"the file has no column time, event_type; it has customer_id"):
        canonical.columns_in(["customer_id"])


def test_a_currency_given_beside_the_file_must_be_a_code() -> None:
    canonical: FileFormat = preset("canonical")
    assert canonical.with_currency(None).currency is None
    assert canonical.with_currency("EUR").currency == "EUR"
    with pytest.raises(FormatNotUsable, match="'euro' is no ISO 4217 code"):
        canonical.with_currency("euro")


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        *(("GPB", "GBP"), ("ERU", "EUR"), ("UDS", "USD"), ("eur", "EUR"), ("CHD", "CHF")),
        *(("RMB", "CNY"), ("UKP", "GBP")),
        *((nothing, None) for nothing in ("", "€", "XXX", "pounds")),
    ],
)
def test_what_is_no_currency_is_told_with_the_nearest_one(written: str, advice: str | None) -> None:
    told = f"did you mean {advice}?" if advice else "write one such as GBP"
    assert currency.problem(written) == f"{written!r} is no ISO 4217 code; {told}"


def test_currencies_of_old_orders_are_known() -> None:
    assert currency.problem("GBP") is currency.problem("DEM") is None
