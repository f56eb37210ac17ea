"""Two devices against one: the same losses, weights and statistics, on every backend that is installed."""

import json
import signal
from functools import cache
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace

import pytest
from background import Background

from densebench.errors import RunFailed

# backend, devices of each host, hosts; two devices of a CPU share its cores
_ALL = ("jax 2 1", "jax 1 2", "tensorflow 2 1", "tensorflow 1 2", "torch 2 1", "torch 1 2")
CHOICES = [choice for choice in _ALL if find_spec(choice.split()[0])]
SCENARIO = Background.in_turn(Path(__file__).with_name("scenario.py"), CHOICES)
BACKGROUND = [SCENARIO]
each_choice = pytest.mark.parametrize("choice", CHOICES)


@cache
def ranks(choice):
    """What each process saw."""
    return json.loads(SCENARIO.read(choice).splitlines()[-1])


def networks(choice):
    """Of rank 0: what was seen of each network, by the way it was trained."""
    return ranks(choice)[0]["networks"].items()


def tolerance(network):
    return {"rel": 2e-3, "abs": 2e-3} if "bfloat16" in network else {"rel": 2e-5, "abs": 2e-5}


@each_choice
def test_normalised_over_the_whole_batch_two_devices_train_as_one(choice):
    for network, ways in networks(choice):
        one, two = ways["one"], ways["global"]
        assert two["losses"] == pytest.approx(one["losses"], **tolerance(network)), network
        assert two["moving_values"] == pytest.approx(one["moving_values"], **tolerance(network)), network
        if "bfloat16" in network:  # of two classes that are nearly as likely, rounding decides
            assert two["correct"] == pytest.approx(one["correct"], abs=1), network
        else:
            assert two["correct"] == one["correct"], network
            assert two["logits"] == pytest.approx(one["logits"], rel=1e-3, abs=1e-3), network


@each_choice
def test_normalising_each_part_alone_is_another_experiment(choice):
    for network, ways in networks(choice):
        assert abs(ways["replica"]["losses"][0] - ways["one"]["losses"][0]) > 1e-3, network


@pytest.mark.parametrize("choice", [choice for choice in CHOICES if choice.endswith(" 1")])
def test_both_implementations_agree_on_several_devices(choice):
    seen = dict(networks(choice))
    for way in ("global", "replica"):
        fast, plain = (seen[f"float32 {implementation}"][way] for implementation in ("fast", "plain"))
        assert fast["losses"] == pytest.approx(plain["losses"], rel=1e-4), way


@each_choice
def test_every_process_ends_with_the_same_weights_and_statistics(choice):
    first, *others = ranks(choice)
    for network, ways in first["networks"].items():
        together = {way: seen for way, seen in ways.items() if way != "one"}  # which the first alone does
        assert len(together) == 2
        assert all(other["networks"][network] == together for other in others)


@each_choice
def test_processes_exchange_texts_and_take_the_state_of_the_first(choice):
    seen = ranks(choice)
    assert [each["rank"] for each in seen] == list(range(len(seen)))
    assert all(each["texts"] == ["x" * rank for rank in range(len(seen))] for each in seen)
    assert {each["text"] for each in seen} == {"rank 0"}
    assert len({each["shared"] for each in seen}) == 1


@each_choice
def test_a_run_goes_on_from_its_checkpoint_on_more_and_on_fewer_devices(choice):
    expected = dict(networks(choice))["float32 plain"]["one"]["losses"]
    for losses in ranks(choice)[0]["moved"]:
        assert losses == pytest.approx(expected[: len(losses)], **tolerance("float32"))


@each_choice
def test_a_framework_leaves_the_run_its_signals(choice):
    assert [each["signals"] for each in ranks(choice)] == [[signal.SIGTERM]] * len(ranks(choice))


@each_choice
def test_loss_scaling_and_recomputing_work_on_several_devices(choice):
    for name, ways in ranks(choice)[0]["more"].items():
        near = {"rel": 2e-3} if name == "loss scale" else tolerance("float32")
        assert ways["global"] == pytest.approx(ways["one"], **near), name


@pytest.mark.parametrize("choice", [choice for choice in CHOICES if choice.startswith("torch")])
def test_processes_of_this_machine_alone_listen_to_nobody_else(choice):
    for each in ranks(choice):
        assert all(ip_address(ip.removeprefix("::ffff:")).is_loopback for ip in each["listens"]), each["listens"]


@pytest.mark.skipif(len({choice.split()[0] for choice in CHOICES}) < 2, reason="needs two backends")
@pytest.mark.parametrize("way", ["global", "replica"])
def test_all_backends_agree_on_several_devices(way):
    first, *others = CHOICES
    for other in others:
        for network, ways in networks(other):
            if "bfloat16" not in network:
                expected = dict(networks(first))[network][way]["losses"]
                assert ways[way]["losses"] == pytest.approx(expected, rel=1e-4), (other, network)


def test_settings_that_differ_between_hosts_are_named(monkeypatch):
    from densebench.training.parallel import data_parallel

    others = iter([{"recipe.label_smoothing": 0.3, "seed": 0}, {"seed": 0}])
    parallel = SimpleNamespace(layout=SimpleNamespace(ranks=2))
    monkeypatch.setattr(data_parallel, "gather_texts", lambda _, text: [text, json.dumps(next(others))])
    with pytest.raises(RunFailed, match=r"0 and 1 of the run differ \(recipe.label_smoothing default and 0.3\)"):
        data_parallel.require_same_settings(parallel, {"seed": 0})
    data_parallel.require_same_settings(parallel, {"seed": 0})
