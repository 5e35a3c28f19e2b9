"""What stands in the protos is what the code says, and the generated code is fresh."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from buf.validate import validate_pb2
from google.api import field_behavior_pb2
from google.protobuf import descriptor_pb2
from made.refusals import refusals_below, refusals_of_campaigns
from shops.valid_requests import METHODS
from tierwise.v1 import error_reason_pb2, event_pb2

import server
from campaigns.errors import Refusal
from campaigns.faults import Code
from events.event import EventType
from protos import generate
from server.wire.errors import FAILURES, REASONS

ROOT = Path(__file__).resolve().parent.parent.parent
REASON_NAMES = set(error_reason_pb2.ErrorReason.keys()) - {"ERROR_REASON_UNSPECIFIED"}


def every_refusal() -> set[type[Refusal]]:
    """The server's own included."""
    return refusals_of_campaigns() | refusals_below(server)


def test_every_refusal_has_a_reason_of_its_own_that_spells_its_name() -> None:
    raised = refusals_of_campaigns()

    assert len({kind.reason for kind in raised}) == len(raised) > 20
    assert all(kind.reason == kind.reason.upper() for kind in raised)
    assert all(kind.reason.replace("_", "").lower() == kind.__name__.lower() for kind in raised)


def test_the_enum_lists_exactly_the_reasons_that_exist() -> None:
    raised = {kind.reason for kind in every_refusal()}
    mapped = set(REASONS.values()) | {reason for _, reason, _ in FAILURES.values()} | {"INTERNAL"}

    assert raised | mapped | set(Code) == REASON_NAMES


def test_every_reason_comes_with_an_example() -> None:
    text = (ROOT / "protos/tierwise/v1/error_reason.proto").read_text()
    values = re.findall(r"((?:  //[^\n]*\n)+)  ([A-Z_]+) = ", text)

    assert {name for comment, name in values if "Example:" in comment} == REASON_NAMES


def test_event_types_have_the_numbers_that_are_stored() -> None:
    wire = {name: number for name, number in event_pb2.Event.Type.items() if number}

    assert wire == {kind.name: kind.value for kind in EventType}


@pytest.mark.parametrize("method", sorted(METHODS))
def test_fields_that_are_required_are_also_checked(method: str) -> None:
    """The annotation documents, the rule enforces: each needs the other."""
    for field in METHODS[method].input_type.fields:
        options = field.GetOptions()
        behaviour: list[int] = options.Extensions[field_behavior_pb2.field_behavior]  # type: ignore[index] # another stub's type
        required = field_behavior_pb2.REQUIRED in behaviour
        assert not required or options.HasExtension(validate_pb2.field), field.full_name


def test_generated_code_is_fresh_linted_and_breaks_nobody() -> None:
    command = [sys.executable, "-m", "protos.generate", "--check"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_message_of_today_that_changes_its_numbers_breaks_callers(tmp_path: Path) -> None:
    whole = descriptor_pb2.FileDescriptorSet.FromString(generate.RELEASED.read_bytes())
    (file,) = (each for each in whole.file if each.name == "tierwise/v1/offer_service.proto")
    (request,) = (each for each in file.message_type if each.name == "GetOffersRequest")
    image = tmp_path / "image.binpb"
    image.write_bytes(whole.SerializeToString())
    assert not generate.broken(image)

    request.field[0].number = 99
    image.write_bytes(whole.SerializeToString())

    assert generate.broken(image)
