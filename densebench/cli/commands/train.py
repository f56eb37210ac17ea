"""``densebench train``."""

import typer

from densebench.cli import arguments as option
from densebench.cli.parsing import parse_launch_options, parse_seconds, parse_train_options
from densebench.cli.printing import open_stderr, print_finished, print_grids, print_message
from densebench.running.launchers.options import LOOP, describe_place


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
    skip_bad_images: option.SkipBadImages = None,
    data_dir: option.DataDir = None,
    offline: option.Offline = None,
    recipe: option.RecipeName = None,
    epochs: option.Epochs = None,
    continue_schedule: option.ContinueSchedule = None,
    batch_size: option.BatchSizes = None,
    learning_rate: option.LearningRate = None,
    weight_decay: option.WeightDecay = None,
    label_smoothing: option.LabelSmoothing = None,
    cutout: option.Cutout = None,
    seed: option.Seed = None,
    seeds: option.Seeds = None,
    target: option.Target = None,
    stop_at_target: option.StopAtTarget = None,
    backend: option.Backends = None,
    precision: option.Precisions = None,
    implementation: option.Implementations = None,
    recompute: option.Recompute = None,
    deterministic: option.Deterministic = None,
    jit: option.Jit = None,
    threads: option.Threads = None,
    devices: option.SeveralDevices = None,
    hosts: option.Hosts = None,
    batch_norm: option.BatchNorm = None,
    run: option.RunName = None,
    results_dir: option.ResultsDir = None,
    runs_dir: option.RunsDir = None,
    checkpoint_every: option.CheckpointEvery = None,
    resume: option.Resume = None,
    skip_completed: option.SkipCompleted = False,
    time_limit: option.TimeLimit = None,
    launcher: option.Launcher = "loop",
    jobs: option.Jobs = None,
    gpus_per_run: option.GpusPerRun = None,
    cpus_per_run: option.CpusPerRun = None,
    retries: option.Retries = None,
    ray_address: option.RayAddress = None,
    partition: option.Partition = None,
    slurm: option.Slurm = None,
    no_wait: option.NoWait = False,
    dry_run: option.DryRun = False,
    format: option.Format = "table",
) -> int:
    """Train networks, one after another or many at a time, and record what each cost and reached."""
    from densebench import workflows
    from densebench.reporting.live.view import open_view

    options, launch = parse_train_options(context), parse_launch_options(context)
    limit = None if time_limit is None else parse_seconds(time_limit, "--time-limit")
    if dry_run:
        planned = workflows.list_planned(options, resume=resume, skip_completed=skip_completed)
        print_grids([workflows.make_planned_table(planned)], format, "plan")
        if launch != LOOP:
            print_message(describe_place(launch))
        for warning in dict.fromkeys(warning for each in planned for warning in each.facts.warnings):
            print_message(f"Note: {warning}.")
        return 0
    finished = workflows.train(
        options,
        open_view(open_stderr()),
        resume=resume,
        skip_completed=skip_completed,
        time_limit=limit,
        launch=launch,
    )
    return print_finished(finished, format)
