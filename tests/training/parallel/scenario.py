"""One backend on two devices, with every network, implementation and batch normalisation; prints what it saw as JSON.

``scenario.py BACKEND DEVICES HOSTS``: the processes that the devices need are started here, and each prints a line.
"""

import dataclasses
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import psutil

from densebench.config import RunConfig
from densebench.models import variants
from densebench.recipes import RECIPES
from densebench.training.parallel.hosts import Host
from densebench.training.parallel.layout import list_layouts

SIDE, CLASSES, BATCH, UNEVEN = 8, 6, 8, 5
STEPS = (BATCH, BATCH, BATCH, UNEVEN)
NETWORKS = [f"{precision} {kind}" for precision in ("float32", "mixed_bfloat16") for kind in ("plain", "fast")]
ON_HOSTS = ["float32 fast", "float32 plain"]  # which exchange the same by another way
MORE = {"tensorflow": {"loss scale": {"precision": "mixed_float16"}, "recompute": {"recompute": True}}}
RANK = "SCENARIO_RANK"  # which process this is
PLACE = "SCENARIO_PLACE"  # where they meet: a file, or ports


def both(nn, image, classes):
    """What normalises in a residual and in a dense network: a sum, and concatenations that share their statistics."""
    x = nn.bn_relu(nn.conv(image, 8, 3))
    y = nn.bn(nn.conv(nn.bn_relu(nn.conv(x, 12, 3, stride=2)), 12, 3))
    x = nn.relu(nn.add(y, nn.pad_channels(x, 12, stride=2)))
    for _ in range(2):
        x = nn.concat(x, nn.conv(nn.bn_relu(x), 4, 3))
    x = nn.average_pool(nn.conv(nn.bn_relu(x), 12, 1), 2)
    x = nn.concat(x, nn.conv(nn.bn_relu(x), 4, 3))
    return nn.dense(nn.global_average_pool(nn.bn_relu(x)), classes)


variants.VARIANTS["both"] = variants.Variant(name="both", family="densenet", depth=8, build=both, source="")


def make_config(**changes):
    recipe = dataclasses.replace(RECIPES["blog"], batch_size=BATCH, learning_rate=0.002)
    return RunConfig(variant="both", run="x", threads=1, recipe=recipe, deterministic=True, **changes)


def start_processes(backend, devices, hosts):
    """Every process of the run; returns what each printed."""
    count = hosts * (devices if backend == "torch" else 1)
    with tempfile.TemporaryDirectory() as folder:
        place = json.dumps([str(Path(folder) / "store"), find_free_ports(hosts)])
        ranks = [
            subprocess.Popen(
                [sys.executable, __file__, *sys.argv[1:4]],
                env=os.environ | {RANK: str(rank), PLACE: place},
                stdout=subprocess.PIPE,
            )
            for rank in range(count)
        ]
        return [json.loads(rank.communicate()[0].splitlines()[-1]) for rank in ranks]


def find_free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def see(backend, devices, hosts, rank):
    """What one process sees."""
    received = []
    signal.signal(signal.SIGTERM, lambda number, frame: received.append(number))
    store, ports = json.loads(os.environ[PLACE])
    config = make_config(backend=backend, devices=devices, hosts=hosts)
    a_host = devices if backend == "torch" else 1
    host = Host(index=rank // a_host, count=hosts, addresses=tuple(f"127.0.0.1:{port}" for port in ports if hosts > 1))
    layout = list_layouts(config, host, store=store if hosts == 1 else None)[rank % a_host]
    from densebench.training.backends.backend import prepare

    facts = prepare(config, layout)
    if backend == "tensorflow":
        leave_graphs_alone()
    from densebench.training.parallel.data_parallel import gather_texts, join, share_state

    parallel = join(backend, layout, facts.device_kind)
    seen = {"rank": rank, "texts": gather_texts(parallel, "x" * rank), "networks": {}}
    ways = list_ways(parallel)
    shared = {name: chosen for name, chosen in ways.items() if rank == 0 or name != "one"}
    for network in ON_HOSTS if hosts > 1 else NETWORKS:
        precision, implementation = network.split()
        changed = dataclasses.replace(config, precision=precision)
        setting = dataclasses.replace(facts, precision=precision, implementation=implementation)
        seen["networks"][network] = {name: train(changed, setting, chosen) for name, chosen in shared.items()}
    seen["more"] = {}
    for name, changes in MORE.get(backend, {}).items() if hosts == 1 else ():
        changed = dataclasses.replace(config, **changes)
        setting = dataclasses.replace(facts, precision=changed.precision, implementation="fast")
        seen["more"][name] = {way: train(changed, setting, ways[way])["losses"] for way in ("one", "global")}
    one, several = ways["one"], ways["global"]
    setting = dataclasses.replace(facts, implementation="plain")
    seen["moved"] = [go_elsewhere(config, setting, *both) for both in ((one, several), (several, one))]
    trainee, _ = build(config, facts, parallel)
    if layout.rank > 0:
        for variable in trainee.model.variables:
            variable.assign(np.zeros(variable.shape))
    seen["text"] = share_state(parallel, [*trainee.model.variables, *trainee.optimizer.variables], f"rank {rank}")
    seen["shared"] = digest(trainee.model.variables)
    listening = [each for each in psutil.Process().net_connections() if each.status == psutil.CONN_LISTEN]
    seen["listens"] = sorted({each.laddr.ip for each in listening})
    os.kill(os.getpid(), signal.SIGTERM)
    seen["signals"] = received
    parallel.leave()
    print(json.dumps(seen), flush=True)
    os._exit(0)


def leave_graphs_alone():
    """To improve TensorFlow's graphs of a tiny network takes longer than to train it."""
    import tensorflow as tf

    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


def list_ways(parallel):
    """One device, and all of them with either batch normalisation."""
    from densebench.training.parallel.data_parallel import Alone

    joined = parallel.layout
    ways = {"one": Alone()}
    for batch_norm in ("global", "replica"):
        parallel.layout = dataclasses.replace(joined, batch_norm=batch_norm)
        ways[batch_norm] = type(parallel).__new__(type(parallel))
        ways[batch_norm].__dict__.update(parallel.__dict__)
    parallel.layout = joined
    return ways


def build(config, facts, parallel):
    import keras

    from densebench.training.steps.choose import make_steps
    from densebench.training.trainee import build_trainee

    keras.config.set_dtype_policy(config.precision)
    with parallel.scope():
        trainee = build_trainee(config, facts, classes=CLASSES, image_size=SIDE)
    return trainee, make_steps(trainee, config.recipe, facts, parallel)


def train(config, facts, parallel):
    """Some steps on random images, the last on too few to be shared equally, and an evaluation."""
    trainee, steps = build(config, facts, parallel)
    steps.compile(BATCH, UNEVEN)
    steps.begin(config.recipe.learning_rate)
    losses, correct = [], []
    for number, images in enumerate(STEPS):
        x, y = draw(number, images)
        result = steps.train(steps.place(x), steps.place(y))
        losses.append(result.loss)
        correct.append(result.correct)
    steps.end()
    logits = steps.logits(steps.place(draw(0, BATCH)[0]))
    return {
        "losses": losses,
        "correct": correct,
        "logits": np.asarray(logits, np.float64).ravel().tolist(),
        "trained": digest([*trainee.model.trainable_variables, *trainee.optimizer.variables]),
        "moving": digest(trainee.model.non_trainable_variables),
        "moving_values": [float(each) for each in to_numpy(trainee.model.non_trainable_variables[0])],
    }


def go_elsewhere(config, facts, first, second):
    """The losses of some steps, and of those that go on from their checkpoint on other devices."""
    from densebench.data.identity import DataIdentity, SplitIdentity
    from densebench.records import EpochRecord
    from densebench.training.checkpoints import checkpoint

    split = SplitIdentity(images=1, sha256="")
    data = DataIdentity(
        class_names=("a",), mean=(0.0,) * 3, deviation=(1.0,) * 3, train=split, validation=None, test=split
    )
    losses = []
    with tempfile.TemporaryDirectory() as folder:
        for parallel, numbers in ((first, (0,)), (second, (1, 2))):
            trainee, steps = build(config, facts, parallel)
            checkpoint.restore(Path(folder), trainee, config=config, facts=facts)
            steps.compile(BATCH)
            steps.begin(config.recipe.learning_rate)
            for number in numbers:
                x, y = draw(number, STEPS[number])
                losses.append(steps.train(steps.place(x), steps.place(y)).loss)
            steps.end()
            records = [EpochRecord(epoch=1)]
            checkpoint.save(Path(folder), trainee, config=config, facts=facts, data=data, records=records)
    return losses


def draw(number, images):
    random = np.random.default_rng([7, number])
    y = random.integers(0, CLASSES, images).astype(np.int32)
    return (random.normal(size=(images, SIDE, SIDE, 3)) + y[:, None, None, None] / 5).astype(np.float32), y


def digest(variables):
    return hashlib.sha256(b"".join(np.ascontiguousarray(to_numpy(each)).tobytes() for each in variables)).hexdigest()


def to_numpy(variable):
    import keras

    return keras.ops.convert_to_numpy(variable)


if __name__ == "__main__":
    backend, devices, hosts = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    if RANK in os.environ:
        see(backend, devices, hosts, int(os.environ[RANK]))
    else:
        print(json.dumps(start_processes(backend, devices, hosts)))
