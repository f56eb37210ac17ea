"""Tests of ``densebench/data/prefetch.py``."""

import threading
from collections.abc import Iterator
from functools import partial

import pytest

from densebench.data.prefetch import Prefetched, make_in_order


def running() -> int:
    return sum(thread.name == "densebench-prefetch" for thread in threading.enumerate())


def counting(made: list[int], limit: int = 1_000_000) -> Iterator[int]:
    for number in range(limit):
        made.append(number)
        yield number


@pytest.mark.parametrize("depth", [1, 2, 50])
def test_the_items_and_their_order_are_the_same(depth):
    assert list(Prefetched(range(100), depth)) == list(range(100))
    assert running() == 0


def test_nothing_is_made_before_the_first_item_is_asked_for():
    made: list[int] = []
    unused = Prefetched(counting(made))
    assert running() == 0
    unused.close()
    assert made == []


def test_only_so_many_items_are_made_ahead():
    made: list[int] = []
    ahead = Prefetched(counting(made), depth=3)
    for _ in range(20):
        next(ahead)
    assert len(made) <= 20 + 3 + 1
    ahead.close()


def test_an_error_comes_after_the_items_before_it_and_ends_the_thread():
    def failing():
        yield 1
        yield 2
        raise OSError("the disk is gone")

    items = Prefetched(failing())
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(OSError, match="the disk is gone"):
        next(items)
    assert running() == 0


def test_an_error_before_the_first_item_is_raised_too():
    def failing():
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        list(Prefetched(failing()))


def test_closing_ends_the_thread_even_while_it_waits_for_room():
    made: list[int] = []
    items = Prefetched(counting(made), depth=1)
    next(items)
    items.close()
    assert running() == 0
    assert len(made) < 10


def test_leaving_the_loop_ends_the_thread():
    for item in Prefetched(counting([])):
        if item == 5:
            break
    assert running() == 0


def test_the_source_is_closed_with_the_thread():
    closed = threading.Event()

    def source():
        try:
            yield from range(1000)
        finally:
            closed.set()

    items = Prefetched(source())
    next(items)
    items.close()
    assert closed.wait(timeout=5)


def test_many_iterators_leave_no_thread_behind():
    for _ in range(50):
        items = Prefetched(counting([]))
        next(items)
        items.close()
    assert running() == 0


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_what_several_threads_make_comes_in_the_order_of_the_makers(threads):
    waits = [threading.Event() for _ in range(20)]

    def make(number):
        if threads > 1 and number + 1 < len(waits):  # the later one is made first
            assert number % threads == threads - 1 or waits[number + 1].wait(10)
        waits[number].set()
        return number

    assert list(make_in_order((partial(make, number) for number in range(20)), threads)) == list(range(20))


def test_threads_make_only_so_many_items_ahead():
    asked: list[int] = []
    items = make_in_order((partial(int, number) for number in counting(asked)), 3)
    for _ in range(10):
        next(items)
    assert len(asked) == 10 + 3
    items.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("densebench-batches")]


@pytest.mark.parametrize("threads", [1, 3])
def test_what_a_maker_raises_comes_in_its_turn(threads):
    def make(number):
        return 1 // (number - 4)

    items = make_in_order((partial(make, number) for number in range(9)), threads)
    assert [next(items) for _ in range(4)] == [-1, -1, -1, -1]
    with pytest.raises(ZeroDivisionError):
        next(items)
