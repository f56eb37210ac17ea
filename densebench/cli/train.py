"""``densebench train``."""

import typer

from densebench.cli import arguments as option
from densebench.cli.parsing import exit_code, seconds, train_options
from densebench.cli.printing import errors, print_grids, print_result, say


def train(
    context: typer.Context,
    variants: option.Variants = None,
    dataset: option.Dataset = None,
    image_size: option.ImageSize = None,
    classes: option.Classes = None,
    train_limit: option.TrainLimit = None,
    test_limit: option.TestLimit = None,
    validation: option.Validation = None,
    test_fraction: option.TestFraction = None,
    data_dir: option.DataDir = None,
    offline: option.Offline = None,
    recipe: option.RecipeName = None,
    epochs: option.Epochs = None,
    batch_size: option.BatchSize = None,
    learning_rate: option.LearningRate = None,
    weight_decay: option.WeightDecay = None,
    label_smoothing: option.LabelSmoothing = None,
    cutout: option.Cutout = None,
    seed: option.Seed = None,
    seeds: option.Seeds = None,
    target: option.Target = None,
    stop_at_target: option.StopAtTarget = None,
    backend: option.Backend = None,
    precision: option.Precision = None,
    implementation: option.Implementation = None,
    recompute: option.Recompute = None,
    deterministic: option.Deterministic = None,
    jit: option.Jit = None,
    threads: option.Threads = None,
    run: option.RunName = None,
    results_dir: option.ResultsDir = None,
    runs_dir: option.RunsDir = None,
    checkpoint_every: option.CheckpointEvery = None,
    resume: option.Resume = None,
    skip_completed: option.SkipCompleted = False,
    time_limit: option.TimeLimit = None,
    dry_run: option.DryRun = False,
    format: option.Format = "table",
) -> int:
    """Train networks, one after another, and record what each cost and reached."""
    from densebench import workflows
    from densebench.planning.training import plan, plan_resumed
    from densebench.reporting.live.view import open_view
    from densebench.reporting.run_tables import runs_tables, runs_text

    options = train_options(context)
    planned = [plan_resumed(resume, options)] if resume else plan(options, skip_completed=skip_completed)
    if dry_run:
        print_grids([workflows.describe_plan(planned)], format, "plan")
        return 0
    made = workflows.train(planned, open_view(errors()), time_limit=seconds(time_limit, "--time-limit"))
    runs = [one.run for one in made]
    print_result(lambda width: runs_tables(runs, width=width), lambda: runs_text(runs, format), format)
    for one in made:
        if one.outcome.status == "interrupted":
            say(f"Go on with: {workflows.resume_command(one)}")
    return exit_code(made)
