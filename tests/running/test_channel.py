import os

import pytest

from densebench.events import EpochEnded, Message, from_line
from densebench.records import EpochRecord
from densebench.running.channel import Channel


@pytest.fixture
def ends():
    return os.pipe()


def test_events_arrive_one_a_line_in_order(ends):
    reading, writing = ends
    channel = Channel(writing)
    sent = [Message(text="first"), EpochEnded(record=EpochRecord(epoch=1))]
    for event in sent:
        channel.send(event)
    os.close(writing)
    with open(reading, "rb") as lines:
        assert [from_line(line) for line in lines] == sent


def test_a_child_whose_parent_dies_learns_it_from_its_channel(ends):
    reading, writing = ends
    channel = Channel(writing)
    channel.send(Message(text="heard"))
    assert not channel.parent_is_gone
    os.close(reading)
    channel.send(EpochEnded(record=EpochRecord(epoch=1)))
    assert channel.parent_is_gone


def test_a_process_that_the_framework_starts_does_not_keep_the_channel_open(ends):
    Channel(ends[1])
    assert not os.get_inheritable(ends[1])
