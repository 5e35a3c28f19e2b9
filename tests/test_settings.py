"""Settings come from the environment alone, are documented, and keep their secrets."""

import json
import re
from pathlib import Path

import pytest

from settings import PREFIX, Settings, SettingsRefused, settings

ROOT = Path(__file__).resolve().parent.parent


def test_every_setting_is_documented_with_its_default_and_nothing_else() -> None:
    page = (ROOT / "docs" / "operating.md").read_text()

    documented = dict(re.findall(rf"^\| `{PREFIX}([A-Z_]+)` \|.*\| (.*?) \|$", page, re.MULTILINE))

    assert documented.keys() == {name.upper() for name in Settings.model_fields}
    said = {name.lower(): default.strip("`") for name, default in documented.items() if default.startswith("`")}
    usual = json.loads(Settings().model_dump_json())
    assert said == {name: _written(value) for name, value in usual.items() if value is not None}


def _written(value: object) -> str:
    match value:
        case str():
            return value
        case float():
            return f"{value:g}"
    return json.dumps(value)


def test_secrets_are_not_printed() -> None:
    chosen = Settings(database_url="postgresql://shop:hunter2@db.example.com/tierwise", jwt_secret="hunter2" * 5)

    assert "hunter2" not in str(chosen.masked())
    assert chosen.masked()["database_url"] == chosen.masked()["jwt_secret"] == "**********"


def test_a_variable_that_means_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIERWISE_DATABSE_URL", "postgresql://db.example.com/tierwise")
    settings.cache_clear()

    with pytest.raises(SettingsRefused, match="TIERWISE_DATABSE_URL: no such setting; there are TIERWISE_ACTOR"):
        settings()

    settings.cache_clear()


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"CHANNELS": "nojson"}, "TIERWISE_CHANNELS: must be JSON"),
        (
            {"RETRAIN_AT": "02:00+01:00"},
            "TIERWISE_RETRAIN_AT: is in UTC already: write it without a zone, such as 02:00",
        ),
        *(
            (
                {"QUIET_HOURS": json.dumps({"SMS": hours})},
                (
                    "TIERWISE_QUIET_HOURS: must be two different times of day for each channel, such as "
                    '{"SMS": "21:00-08:00"}'
                ),
            )
            for hours in ("21:00", "21:00-24:00", "21:00-21:00", "9:00-10:00", "21:00-08:00+01:00")
        ),
        (
            {"QUIET_HOURS": '{"ON_SITE": "21:00-08:00"}'},
            "TIERWISE_QUIET_HOURS: Input should be 'EMAIL', 'SMS' or 'PUSH'",
        ),
        ({"TASK_SECONDS": "400"}, "TIERWISE_TASK_SECONDS (400) must be below TIERWISE_REDELIVER_SECONDS (300)"),
        (
            {"DATABASE_URL": "mysql://shop:hunter2@db/x"},
            "TIERWISE_DATABASE_URL: must look like postgresql://user:password@host:port/database",
        ),
        (
            {"BROKER_URL": "kafka://shop:hunter2@x"},
            (
                "TIERWISE_BROKER_URL: must look like redis://host:6379/0 or amqp://user:password@host//; "
                "without it the database itself is the broker"
            ),
        ),
        ({"CURRENCY": "GPB"}, "TIERWISE_CURRENCY: 'GPB' is no ISO 4217 code; did you mean GBP?"),
        (
            {"RESCORE_AT": "25:00", "CERTIFICATE_ROLES": '{"hunter2": 2}'},
            (
                "TIERWISE_CERTIFICATE_ROLES: Input should be a valid string; "
                "TIERWISE_RESCORE_AT: Input should be in a valid time format, "
                "hour value is outside expected range of 0-23"
            ),
        ),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_variable_without_being_told(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], told: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"{PREFIX}{name}", value)
    settings.cache_clear()

    with pytest.raises(SettingsRefused) as raised:
        settings()

    assert str(raised.value) == told
    assert raised.value.__context__ is None, "a traceback would tell the value"
    settings.cache_clear()
