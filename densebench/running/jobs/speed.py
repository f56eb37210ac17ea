"""One speed measurement, in its own process."""

from densebench.events import Entered
from densebench.running.context import RunContext
from densebench.running.tasks import SpeedTask


def measure(task: SpeedTask, context: RunContext) -> None:
    """Measure until the median is known well enough; the result is one row."""
    from densebench.training.speed import count_tenths, measure_speed

    context.count_network()
    trainee = context.build_trainee()
    context.start(epochs=1, steps=count_tenths(task.time_limit))
    context.report(Entered(stage="compiling"))
    with context.open_watch() as watch:
        for event in measure_speed(
            config=task.config,
            facts=context.facts,
            parallel=context.parallel,
            trainee=trainee,
            inference=task.inference,
            precision_target=task.precision_target,
            time_limit=task.time_limit,
            energy=task.energy,
            watch=watch,
        ):
            context.report(event)
