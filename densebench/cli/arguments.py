"""The options that commands share, each declared once."""

from typing import Annotated

import typer

_DATA, _TRAINING, _MACHINE, _FILES = "Data", "Training", "Backend and machine", "Files and resuming"

Variants = Annotated[
    list[str] | None, typer.Argument(metavar="VARIANT...", help="Networks by name; 'densebench summary' lists them.")
]
Dataset = Annotated[
    str | None,
    typer.Option(help="cifar10 (default), cifar100, digits, synthetic or folder:PATH.", rich_help_panel=_DATA),
]
ImageSize = Annotated[int | None, typer.Option(help="Side of the images in pixels.", rich_help_panel=_DATA)]
Classes = Annotated[int | None, typer.Option(help="Number of classes.", rich_help_panel=_DATA)]
TrainLimit = Annotated[
    int | None, typer.Option(help="Train on this many images, balanced over the classes.", rich_help_panel=_DATA)
]
TestLimit = Annotated[
    int | None, typer.Option(help="Test on this many images, balanced over the classes.", rich_help_panel=_DATA)
]
Validation = Annotated[
    int | None, typer.Option(help="Training images to hold out for validation.", rich_help_panel=_DATA)
]
TestFraction = Annotated[
    float | None,
    typer.Option(help="For a folder without train/ and test/: fraction to test on.", rich_help_panel=_DATA),
]
DataDir = Annotated[
    str | None, typer.Option(help="Where the CIFAR archive lies, packed or unpacked.", rich_help_panel=_DATA)
]
Offline = Annotated[bool | None, typer.Option("--offline", help="Never download.", rich_help_panel=_DATA)]

RecipeName = Annotated[str | None, typer.Option("--recipe", help="blog (default) or short.", rich_help_panel=_TRAINING)]
Epochs = Annotated[int | None, typer.Option(help="Epochs; the schedule scales with them.", rich_help_panel=_TRAINING)]
ContinueSchedule = Annotated[
    str | None,
    typer.Option(
        "--schedule",
        metavar="hold|rescale",
        help="Learning rate of a resumed run that gets more --epochs: hold (default), the last one goes on; "
        "rescale, as in a run of that length from now on.",
        rich_help_panel=_TRAINING,
    ),
]
BatchSize = Annotated[int | None, typer.Option(help="Images a step.", rich_help_panel=_TRAINING)]
LearningRate = Annotated[float | None, typer.Option(help="Learning rate at the start.", rich_help_panel=_TRAINING)]
WeightDecay = Annotated[
    float | None, typer.Option(help="L2 coefficient, as in a Keras loss.", rich_help_panel=_TRAINING)
]
LabelSmoothing = Annotated[float | None, typer.Option(help="Label smoothing.", rich_help_panel=_TRAINING)]
Cutout = Annotated[int | None, typer.Option(help="Side of the erased square, in pixels.", rich_help_panel=_TRAINING)]
Seed = Annotated[int | None, typer.Option(help="Seed of weights, order and augmentation.", rich_help_panel=_TRAINING)]
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

Backend = Annotated[str | None, typer.Option(help="tensorflow (default), jax or torch.", rich_help_panel=_MACHINE)]
Precision = Annotated[
    str | None,
    typer.Option(help="float32 (default), mixed_float16 or mixed_bfloat16.", rich_help_panel=_MACHINE),
]
Implementation = Annotated[
    str | None,
    typer.Option(help="auto (default): the fastest proven; plain: ordinary Keras; fast.", rich_help_panel=_MACHINE),
]
Recompute = Annotated[
    bool | None,
    typer.Option("--recompute", help="Save memory: recompute activations backward.", rich_help_panel=_MACHINE),
]
Deterministic = Annotated[
    bool | None, typer.Option("--deterministic", help="Make the backend's results bit-exact.", rich_help_panel=_MACHINE)
]
Jit = Annotated[bool | None, typer.Option("--jit/--no-jit", help="Compile the step or not.", rich_help_panel=_MACHINE)]
Threads = Annotated[int | None, typer.Option(help="Threads that the framework may use.", rich_help_panel=_MACHINE)]

RunName = Annotated[str | None, typer.Option("--run", help="Name of the run.", rich_help_panel=_FILES)]
ResultsDir = Annotated[str | None, typer.Option(help="Where the CSVs go (results).", rich_help_panel=_FILES)]
RunsDir = Annotated[str | None, typer.Option(help="Where models and logs go (runs).", rich_help_panel=_FILES)]
CheckpointEvery = Annotated[
    int | None, typer.Option(help="Epochs between checkpoints (1); 0 for none.", rich_help_panel=_FILES)
]
Resume = Annotated[
    str | None,
    typer.Option(
        metavar="RUN|last",
        help="Continue an unfinished run, or a finished one with more --epochs.",
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

Format = Annotated[str, typer.Option("--format", metavar="FORMAT", help="table, csv, json or markdown.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would run, and run nothing.")]
FormatWithLatex = Annotated[
    str, typer.Option("--format", metavar="FORMAT", help="table, csv, json, markdown or latex.")
]
