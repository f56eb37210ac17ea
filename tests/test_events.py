import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from densebench.events import (
    Ended,
    Entered,
    EpochEnded,
    Message,
    Progress,
    Ready,
    Started,
    Transfer,
    Warned,
    from_line,
    to_line,
)
from densebench.records import EpochRecord

EVENTS = [
    Started(run="a", variant="100x12", params=793150, epochs=300, steps=782, first_epoch=1),
    Progress(epoch=1, step=2, steps=782, loss=2.3, accuracy=0.1, images_per_second=None),
    Ready(build_seconds=0.5, trace_seconds=None, compile_seconds=0.25, first_step_seconds=1.5),
    EpochEnded(record=EpochRecord(epoch=1, train_loss=0.1 + 0.2, test_accuracy=None)),
    Entered(stage="evaluating"),
    Warned(text="the card is shared"),
    Message(text="line\nbreak, \x1b[31mcolour and \u2028"),
    Transfer(what="cifar-10-binary.tar.gz", done=1, total=None),
    Ended(status="failed", reason="no", exit_code=1),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_arrives_as_it_was_sent_and_is_one_line(event):
    line = to_line(event)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert from_line(line) == event


@given(st.binary(max_size=200))
def test_a_line_that_is_no_event_is_quoted_in_a_message(line):
    assert "not an event" in from_line(line).text


@given(st.recursive(st.none() | st.booleans() | st.text() | st.integers(), st.lists, max_leaves=5))
def test_json_that_is_no_event_is_quoted_too(value):
    assert "not an event" in from_line(json.dumps({"event": "progress", "epoch": value}).encode()).text


def test_an_unknown_kind_and_an_unknown_field_are_no_event():
    for values in ({"event": "launch"}, {"event": "message", "text": "hello", "more": 1}):
        assert "not an event" in from_line(json.dumps(values).encode()).text


def test_an_end_by_a_signal_says_which():
    ends = [Ended(status="interrupted", reason=None, exit_code=code) for code in (0, 1, 3, 130, 143)]
    assert [end.signal_number for end in ends] == [0, 0, 0, 2, 15]
