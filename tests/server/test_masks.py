"""A mask names the fields to change, and nothing that only the server fills."""

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from tierwise.v1 import customer_pb2

from server.wire.masks import changed_fields
from server.wire.refusals import InvalidRequest

FILLED = customer_pb2.Customer(name="customers/anna", country="France", etag="3")
ALL = {"country", "time_zone", "preferred_channel", "consented_channels"}


@pytest.mark.parametrize(
    ("paths", "fields"),
    [
        pytest.param([], {"country"}, id="no mask: what is filled"),
        pytest.param(["*"], ALL, id="star: everything"),
        pytest.param(["time_zone"], {"time_zone"}, id="named, though empty"),
        pytest.param(["country", "create_time", "name", "etag"], {"country"}, id="the server's own fields"),
    ],
)
def test_the_fields_to_change_are_named_or_filled(paths: list[str], fields: set[str]) -> None:
    assert changed_fields(FILLED, FieldMask(paths=paths)) == fields


@pytest.mark.parametrize("path", ["county", "country.name", ""])
def test_a_path_that_leads_nowhere_is_refused(path: str) -> None:
    with pytest.raises(InvalidRequest, match="update_mask"):
        changed_fields(FILLED, FieldMask(paths=[path]))


def test_a_change_of_nothing_is_refused_since_it_may_mean_to_empty_something() -> None:
    withdrawn = customer_pb2.Customer(name="customers/anna", consented_channels=[], etag="3")

    with pytest.raises(InvalidRequest, match="name what to empty, of consented_channels, country") as refused:
        changed_fields(withdrawn, FieldMask())

    assert [each.field for each in refused.value.violations] == ["update_mask"]
    assert changed_fields(withdrawn, FieldMask(), none_will_do=True) == set()
