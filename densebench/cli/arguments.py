"""The options that commands share, each declared once."""

from typing import Annotated

import typer

from densebench.cli import completion
from densebench.cli.printing import explain_aliases
from densebench.config import BACKENDS, DATASETS, PRECISIONS, DataConfig, RunConfig
from densebench.errors import join_names

_DATA, _TRAINING, _MACHINE, _FILES = "Data", "Training", "Backend and machine", "Files and resuming"
_LAUNCHING = "Many runs"
_BACKENDS, _PRECISIONS = join_names(BACKENDS, "or"), join_names(PRECISIONS, "or")

Variants = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="VARIANT",
        callback=explain_aliases,
        autocompletion=completion.complete_variants,
        help="Networks by name ('densebench summary' lists them), FILE.py:FUNCTION or keras:NAME.",
    ),
]
SpeedVariants = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="VARIANT",
        callback=explain_aliases,
        autocompletion=completion.complete_speed_variants,
        help="Networks by name, FILE.py:FUNCTION, keras:NAME, 'blog' or 'all'; 'densebench summary' lists them.",
    ),
]
Dataset = Annotated[
    str | None,
    typer.Option(
        help=f"{', '.join(DATASETS)} or folder:PATH.",
        show_default=DataConfig.dataset,
        autocompletion=completion.complete_datasets,
        rich_help_panel=_DATA,
    ),
]
ImageSize = Annotated[
    int | None, typer.Option(help="Side of the images in pixels.", show_default="the dataset's", rich_help_panel=_DATA)
]
Classes = Annotated[
    int | None, typer.Option(help="Number of classes.", show_default="the dataset's", rich_help_panel=_DATA)
]
TrainLimit = Annotated[
    int | None,
    typer.Option(
        help="Train on this many images, balanced over the classes.", show_default="all", rich_help_panel=_DATA
    ),
]
TestLimit = Annotated[
    int | None,
    typer.Option(
        help="Test on this many images, balanced over the classes.", show_default="all", rich_help_panel=_DATA
    ),
]
Validation = Annotated[
    int | None,
    typer.Option(help="Training images to hold out for validation.", show_default="0", rich_help_panel=_DATA),
]
TestFraction = Annotated[
    float | None,
    typer.Option(help="Fraction to test on, for a folder without test images.", rich_help_panel=_DATA),
]
SkipBadImages = Annotated[
    bool | None,
    typer.Option("--skip-bad-images", help="Leave out images of a folder that cannot be read.", rich_help_panel=_DATA),
]
DataDir = Annotated[
    str | None,
    typer.Option(
        help="Where the dataset's files lie, packed or unpacked.",
        show_default="the user's cache",
        rich_help_panel=_DATA,
    ),
]
Offline = Annotated[bool | None, typer.Option("--offline", help="Never download.", rich_help_panel=_DATA)]

RecipeName = Annotated[
    str | None,
    typer.Option(
        "--recipe",
        help="blog, short, or a file such as mine.toml; 'densebench recipe' shows them.",
        show_default="blog",
        autocompletion=completion.complete_recipes,
        rich_help_panel=_TRAINING,
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option(help="Epochs; the schedule scales with them.", show_default="the recipe's", rich_help_panel=_TRAINING),
]
ContinueSchedule = Annotated[
    str | None,
    typer.Option(
        "--schedule",
        metavar="hold|rescale",
        help="Learning rate of a resumed run that gets more --epochs: hold, the last one goes on; "
        "rescale, as in a run of that length from now on.",
        show_default="hold",
        rich_help_panel=_TRAINING,
    ),
]
BatchSize = Annotated[
    int | None, typer.Option(help="Images a step.", show_default="the recipe's", rich_help_panel=_TRAINING)
]
BatchSizes = Annotated[
    str | None,
    typer.Option(
        "--batch-size",
        metavar="64,128",
        help="Images a step; several to compare.",
        show_default="the recipe's",
        rich_help_panel=_TRAINING,
    ),
]
LearningRate = Annotated[
    float | None,
    typer.Option(help="Highest learning rate.", show_default="the recipe's", rich_help_panel=_TRAINING),
]
WeightDecay = Annotated[
    float | None,
    typer.Option(help="L2 coefficient, as in a Keras loss.", show_default="the recipe's", rich_help_panel=_TRAINING),
]
LabelSmoothing = Annotated[
    float | None, typer.Option(help="Label smoothing.", show_default="the recipe's", rich_help_panel=_TRAINING)
]
Cutout = Annotated[
    int | None,
    typer.Option(help="Side of the erased square, in pixels.", show_default="the recipe's", rich_help_panel=_TRAINING),
]
Seed = Annotated[
    int | None,
    typer.Option(help="Seed of weights, order and augmentation.", show_default="0", rich_help_panel=_TRAINING),
]
Seeds = Annotated[
    str | None, typer.Option(metavar="0-4", help="One run for each of these seeds.", rich_help_panel=_TRAINING)
]
Target = Annotated[
    float | None,
    typer.Option(help="Record the time to this test accuracy, such as 0.94.", rich_help_panel=_TRAINING),
]
StopAtTarget = Annotated[
    bool | None, typer.Option("--stop-at-target", help="End the run at the target.", rich_help_panel=_TRAINING)
]

Backend = Annotated[
    str | None,
    typer.Option(
        help=f"{_BACKENDS}.",
        show_default=RunConfig.backend,
        autocompletion=completion.complete_backends,
        rich_help_panel=_MACHINE,
    ),
]
Precision = Annotated[
    str | None,
    typer.Option(
        help=f"{_PRECISIONS}.",
        show_default=RunConfig.precision,
        autocompletion=completion.complete_precisions,
        rich_help_panel=_MACHINE,
    ),
]
Backends = Annotated[
    str | None,
    typer.Option(
        "--backend",
        metavar="tensorflow,jax",
        help=f"{_BACKENDS}; several to compare.",
        show_default=RunConfig.backend,
        autocompletion=completion.complete_backends,
        rich_help_panel=_MACHINE,
    ),
]
Precisions = Annotated[
    str | None,
    typer.Option(
        "--precision",
        metavar="float32,mixed_bfloat16",
        help=f"{_PRECISIONS}; several to compare.",
        show_default=RunConfig.precision,
        autocompletion=completion.complete_precisions,
        rich_help_panel=_MACHINE,
    ),
]
Implementation = Annotated[
    str | None,
    typer.Option(
        help="auto: the fastest proven; plain: ordinary Keras; fast.",
        show_default=RunConfig.implementation,
        autocompletion=completion.complete_implementations,
        rich_help_panel=_MACHINE,
    ),
]
Implementations = Annotated[
    str | None,
    typer.Option(
        "--implementation",
        metavar="plain,fast",
        help="auto: the fastest proven; plain: ordinary Keras; fast; several to compare.",
        show_default=RunConfig.implementation,
        autocompletion=completion.complete_implementations,
        rich_help_panel=_MACHINE,
    ),
]
Recompute = Annotated[
    bool | None,
    typer.Option("--recompute", help="Save memory: recompute activations backward.", rich_help_panel=_MACHINE),
]
Deterministic = Annotated[
    bool | None, typer.Option("--deterministic", help="Make the backend's results bit-exact.", rich_help_panel=_MACHINE)
]
Jit = Annotated[
    bool | None,
    typer.Option(
        "--jit/--no-jit",
        help="Compile the step or not.",
        show_default="as the backend is fastest",
        rich_help_panel=_MACHINE,
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(
        help="Threads that the framework may use.", show_default="as the framework chooses", rich_help_panel=_MACHINE
    ),
]
Devices = Annotated[
    str | None,
    typer.Option(
        metavar="N|all",
        help="Devices of this host that share every batch; on a CPU they share its cores.",
        show_default="1",
        rich_help_panel=_MACHINE,
    ),
]
SeveralDevices = Annotated[
    str | None,
    typer.Option(
        "--devices",
        metavar="1,2,4",
        help="Devices that share every batch, or all; several numbers to compare.",
        show_default="1",
        rich_help_panel=_MACHINE,
    ),
]
Hosts = Annotated[
    str | None,
    typer.Option(
        metavar="auto|INDEX@HOST,HOST",
        help="Share every batch with other hosts: auto under srun and torchrun; else the number of this one, "
        "counted from 0, and the addresses of all.",
        show_default="this one alone",
        rich_help_panel=_MACHINE,
    ),
]
BatchNorm = Annotated[
    str | None,
    typer.Option(
        metavar="global|replica",
        help="Batch normalisation by the whole batch, or by each device's part of it.",
        show_default=RunConfig.batch_norm,
        rich_help_panel=_MACHINE,
    ),
]

RunName = Annotated[
    str | None,
    typer.Option("--run", help="Name of the run.", show_default="made of what the run is", rich_help_panel=_FILES),
]
ResultsDir = Annotated[
    str | None, typer.Option(help="Where the CSVs go.", show_default="results", rich_help_panel=_FILES)
]
RunsDir = Annotated[
    str | None, typer.Option(help="Where models and logs go.", show_default="runs", rich_help_panel=_FILES)
]
CheckpointEvery = Annotated[
    int | None, typer.Option(help="Epochs between checkpoints; 0 for none.", show_default="1", rich_help_panel=_FILES)
]
Resume = Annotated[
    str | None,
    typer.Option(
        metavar="RUN|last",
        help="Continue an unfinished run, or a finished one with more --epochs.",
        autocompletion=completion.complete_runs,
        rich_help_panel=_FILES,
    ),
]
SkipCompleted = Annotated[
    bool, typer.Option("--skip-completed", help="Train only what is not complete yet.", rich_help_panel=_FILES)
]
TimeLimit = Annotated[
    str | None,
    typer.Option(metavar="2h", help="Stop a run after this long; it can be resumed.", rich_help_panel=_FILES),
]

Launcher = Annotated[
    str,
    typer.Option(
        metavar="loop|ray|slurm",
        help="Who makes the runs: loop, one after another here; ray, a queue over cards or nodes; slurm, an array job.",
        autocompletion=completion.complete_launchers,
        rich_help_panel=_LAUNCHING,
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(help="Runs at a time at most.", show_default="as many as have room", rich_help_panel=_LAUNCHING),
]
GpusPerRun = Annotated[
    float | None,
    typer.Option(help="Cards of each run.", show_default="its devices, where cards exist", rich_help_panel=_LAUNCHING),
]
CpusPerRun = Annotated[
    int | None,
    typer.Option(help="Cores of each run.", show_default="--threads, or an equal share", rich_help_panel=_LAUNCHING),
]
Retries = Annotated[
    int | None,
    typer.Option(
        help="Ray: how often a run whose process or node was lost starts again.",
        show_default="3",
        rich_help_panel=_LAUNCHING,
    ),
]
RayAddress = Annotated[
    str | None,
    typer.Option(help="Ray: HOST:PORT of a cluster.", show_default="this machine", rich_help_panel=_LAUNCHING),
]
Partition = Annotated[
    str | None, typer.Option(help="SLURM: the partition.", show_default="SLURM's", rich_help_panel=_LAUNCHING)
]
Slurm = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY=VALUE", help="SLURM: any option of sbatch, repeatable.", rich_help_panel=_LAUNCHING),
]
NoWait = Annotated[
    bool, typer.Option("--no-wait", help="SLURM: leave the runs to themselves.", rich_help_panel=_LAUNCHING)
]

Format = Annotated[
    str,
    typer.Option(
        "--format", metavar="FORMAT", autocompletion=completion.complete_formats, help="table, csv, json or markdown."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would run, and run nothing.")]
FormatWithLatex = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="FORMAT",
        autocompletion=completion.complete_paper_formats,
        help="table, csv, json, markdown or latex.",
    ),
]
