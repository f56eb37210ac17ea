"""densebench's training steps, prepared as in a run's process."""

from dataclasses import replace
from typing import TYPE_CHECKING

from sitting import CLASSES, LEARNING_RATE, SIDE, Marks, Outcome, Setting, measure_outcome

from densebench.config import RunConfig
from densebench.measuring.gpu.allocator import open_allocator
from densebench.measuring.gpu.step_memory import StepMemory
from densebench.measuring.malloc import keep_large_buffers
from densebench.recipes import RECIPES
from densebench.training.backends import backend

if TYPE_CHECKING:
    from densebench.training.backends.backend import BackendFacts
    from densebench.training.steps.step import Steps
    from densebench.training.trainee import Trainee


def prepare(setting: Setting) -> "tuple[Steps, Trainee, BackendFacts]":
    """Build the network and the steps that the contender's name asks for; nothing is traced yet."""
    keep_large_buffers()
    words = setting.name.removeprefix("keras-").split("-")
    config = RunConfig(
        variant=setting.variant,
        run=setting.name,
        recipe=replace(RECIPES["blog"], batch_size=setting.batch_size),
        backend=words[0] if words[0] in ("jax", "torch") else "tensorflow",
        precision=setting.precision,
        implementation="fast" if "fast" in words else "plain",
        recompute="recompute" in words,
        jit=True if "compiled" in words else None,
        threads=setting.threads,
    )
    facts = backend.prepare(config)
    from densebench.training.steps.choose import make_steps
    from densebench.training.trainee import build_trainee

    trainee = build_trainee(config, facts, classes=CLASSES, image_size=SIDE)
    return make_steps(trainee, config.recipe, facts), trainee, facts


def run(setting: Setting) -> Outcome:
    """Build the network, trace and compile the step, run all steps."""
    steps, trainee, facts = prepare(setting)
    marks = Marks()
    marks.begin()
    times = steps.compile(setting.batch_size)
    steps.begin(LEARNING_RATE)
    if not (facts.name == "torch" and facts.jit):  # which makes a step to compile it, and keeps its buffers
        marks.traced()
    memory = StepMemory(open_allocator(facts.name), steps.step_bytes(), steps.recorded_bytes)
    setting.run(lambda x, y: steps.train(steps.place(x), steps.place(y)), marks, memory)
    return measure_outcome(
        facts,
        marks,
        memory,
        params=trainee.model.count_params(),
        framework=f"keras {facts.keras}, {facts.name} {facts.version}",
        build_seconds=trainee.build_seconds,
        trace_seconds=times.trace_seconds,
        traces=None if times.trace_seconds is None else 1,
        graph_nodes=_count_graph_nodes(steps) if facts.name == "tensorflow" else None,
    )


def _count_graph_nodes(steps: object) -> int:
    """Number of operations in TensorFlow's traced step and the functions it calls."""
    definition = steps._train_function.get_concrete_function().graph.as_graph_def()  # type: ignore[attr-defined]
    return len(definition.node) + sum(len(function.node_def) for function in definition.library.function)
