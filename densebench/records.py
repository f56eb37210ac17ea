"""The record of a run: :class:`Run`, its :class:`EpochRecord` rows, and ``COLUMNS``.

The annotations of the three dataclasses define every column. The CSV header, tables, JSON keys and the column
reference come from them. An unknown value is ``None`` and an empty cell; never 0, never an estimate.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from densebench.columns import About, Column, Count, Flag, Level, Log, Number, Text, list_columns
from densebench.machine import Environment

SCHEMA = 1  # history: 1 is the first
Status = Literal["running", "completed", "interrupted", "failed"]
Phase = Literal["train", "eval", "speed", "inference", "trial", "published"]
WITH_EPOCHS: tuple[Phase, ...] = ("train", "trial")
WITH_UPDATES: tuple[Phase, ...] = (*WITH_EPOCHS, "speed")  # whose steps train the network
BY_THE_CLOCK: tuple[Phase, ...] = ("speed", "inference", "trial")  # on random images, until enough is known


@dataclass(frozen=True, kw_only=True)
class EpochRecord:
    """One epoch of a run; an evaluation or a speed measurement has exactly one."""

    epoch: Annotated[Count, About("Epoch", "count", "Number of the epoch, counted from 1.", exact=True)] = None
    replicas: Annotated[
        Count, About("Replicas", "count", "Devices of all hosts that trained the epoch.", exact=True)
    ] = None
    learning_rate: Annotated[
        Number,
        About("Learning rate", "number", "Learning rate in this epoch.", exact=True),
        Log("schedule/learning_rate"),
    ] = None
    epoch_seconds: Annotated[
        Number,
        About("Epoch time", "seconds", "Training time of the epoch, without evaluation and checkpoint.", "s", "low"),
        Log("time/epoch_seconds"),
    ] = None
    eval_seconds: Annotated[
        Number,
        About("Eval time", "seconds", "Time of the evaluation on the test images after the epoch.", "s", "low"),
        Log("time/eval_seconds"),
    ] = None
    cpu_seconds: Annotated[
        Number, About("CPU time", "seconds", "Processor time of the process during epoch_seconds.", "s", "low")
    ] = None
    data_wait_seconds: Annotated[
        Number,
        About("Data wait", "seconds", "Part of epoch_seconds spent waiting for the next batch.", "s", "low"),
        Log("time/data_wait_seconds"),
    ] = None
    elapsed_seconds: Annotated[
        Number,
        About("Elapsed", "seconds", "Wall time of the run to the end of this epoch, summed over resumptions.", "s"),
    ] = None
    images_per_second: Annotated[
        Number,
        About("Images/s", "number", "Training images per second, without the first step.", "1/s", "high"),
        Log("time/images_per_second", compared=True),
    ] = None
    step_ms_p5: Annotated[Number, About("Step p5", "milliseconds", "5th percentile of the step time.", "ms", "low")] = (
        None
    )
    step_ms_p50: Annotated[
        Number,
        About("Step", "milliseconds", "Median step time, without the first step.", "ms", "low"),
        Log("time/step_ms_p50"),
    ] = None
    step_ms_p95: Annotated[
        Number,
        About("Step p95", "milliseconds", "95th percentile of the step time.", "ms", "low"),
        Log("time/step_ms_p95"),
    ] = None
    gpu_peak_bytes: Annotated[
        Count,
        About("GPU memory", "bytes", "Peak GPU memory in use by the framework's allocator so far.", "bytes", "low"),
        Log("memory/gpu_peak_bytes"),
    ] = None
    gpu_reserved_peak_bytes: Annotated[
        Count,
        About("GPU reserved", "bytes", "Peak GPU memory that the allocator reserved from the driver.", "bytes", "low"),
    ] = None
    gpu_process_peak_bytes: Annotated[
        Count,
        About("GPU process", "bytes", "Peak GPU memory of the process (NVML).", "bytes", "low"),
        Log("memory/gpu_process_peak_bytes"),
    ] = None
    gpu_device_peak_bytes: Annotated[
        Count,
        About("GPU device", "bytes", "Peak memory of the whole GPU, all processes included (NVML).", "bytes", "low"),
    ] = None
    gpu_memory_source: Annotated[
        Text, About("GPU memory from", "text", "How GPU memory was measured, or why it is empty.")
    ] = None
    host_peak_bytes: Annotated[
        Count,
        About("Host memory", "bytes", "Peak resident memory of the process so far.", "bytes", "low"),
        Log("memory/host_peak_bytes"),
    ] = None
    gpu_clock_mhz: Annotated[
        Number, About("GPU clock", "number", "Median clock of the GPU's multiprocessors in this epoch.", "MHz")
    ] = None
    energy_joules: Annotated[
        Number,
        About("Energy", "joules", "Energy of the whole GPU during epoch_seconds.", "J", "low"),
        Log("energy/epoch_joules"),
    ] = None
    energy_source: Annotated[
        Text,
        About(
            "Energy from",
            "text",
            "counter, also over less than 10 s; sampled power; or why there is none.",
        ),
    ] = None
    train_loss: Annotated[
        Number,
        About("Train loss", "number", "Mean cross-entropy over the epoch's batches, penalty excluded.", best="low"),
        Log("loss/train"),
    ] = None
    train_accuracy: Annotated[
        Number,
        About("Train acc.", "percent", "Top-1 accuracy over the epoch's augmented batches.", best="high"),
        Log("accuracy/train"),
    ] = None
    penalty: Annotated[
        Number, About("L2 penalty", "number", "L2 loss of the weights at the end of the epoch."), Log("loss/penalty")
    ] = None
    validation_loss: Annotated[
        Number,
        About("Val. loss", "number", "Mean cross-entropy on the held-out training images.", best="low"),
        Log("loss/validation"),
    ] = None
    validation_accuracy: Annotated[
        Number,
        About("Val. acc.", "percent", "Top-1 accuracy on the held-out training images.", best="high"),
        Log("accuracy/validation"),
    ] = None
    test_loss: Annotated[
        Number,
        About("Test loss", "number", "Mean cross-entropy on the test images.", best="low"),
        Log("loss/test", compared=True),
    ] = None
    test_accuracy: Annotated[
        Number,
        About("Test acc.", "percent", "Top-1 accuracy on the test images.", best="high"),
        Log("accuracy/test", compared=True),
    ] = None
    test_top5_accuracy: Annotated[
        Number, About("Top-5", "percent", "Top-5 accuracy on the test images.", best="high"), Log("accuracy/test_top5")
    ] = None
    class_accuracy: Annotated[Text, About("By class", "text", "Accuracy of each class as JSON; evaluations only.")] = (
        None
    )
    latency_ms_p50: Annotated[
        Number, About("Latency", "milliseconds", "Median inference time of one batch.", "ms", "low")
    ] = None
    latency_ms_p95: Annotated[
        Number, About("Latency p95", "milliseconds", "95th percentile of the inference time of one batch.", "ms", "low")
    ] = None


@dataclass(frozen=True, kw_only=True)
class Run:
    """One training, evaluation or speed measurement of one variant with one seed and one configuration."""

    run: Annotated[str, About("Run", "text", "Name of the run and of its results file.")]
    schema: Annotated[int, About("Schema", "count", "Version of the columns.", exact=True)] = SCHEMA
    status: Annotated[Status, About("Status", "text", "running, completed, interrupted or failed.")] = "running"
    reason: Annotated[Text, About("Reason", "text", "Why the run was interrupted or failed.")] = None
    warnings: Annotated[Text, About("Warnings", "text", "What may distort the measurements; separated by '; '.")] = None
    phase: Annotated[
        Phase, About("Phase", "text", "train, eval, speed, inference, trial (of plan), or published (by others).")
    ] = "train"
    source: Annotated[
        Text, About("Source", "text", "The publication of a published figure, or the run that was evaluated.")
    ] = None
    source_sha256: Annotated[
        Text,
        About("Source SHA-256", "text", "Of what was evaluated: its settings but the seed, and epoch; or its file."),
    ] = None
    started: Annotated[Text, About("Started", "text", "Start time of the run, ISO 8601 with time zone.")] = None
    command: Annotated[Text, About("Command", "text", "Command line that started the run.")] = None
    fingerprint: Annotated[Text, About("Fingerprint", "text", "Hash of every setting that affects the results.")] = None

    variant: Annotated[str, About("Variant", "text", "Name of the network.")]
    variant_sha256: Annotated[Text, About("Network hash", "text", "Hash of the code of a network of one's own.")] = None
    dataset: Annotated[Text, About("Dataset", "text", "Name of the dataset.")] = None
    dataset_sha256: Annotated[Text, About("Dataset hash", "text", "Hash of the images and labels that were used.")] = (
        None
    )
    classes: Annotated[Count, About("Classes", "count", "Number of classes.", exact=True)] = None
    image_size: Annotated[
        Count, About("Image size", "count", "Height and width of the images.", "pixels", exact=True)
    ] = None
    train_images: Annotated[Count, About("Train images", "count", "Number of training images.", exact=True)] = None
    validation_images: Annotated[
        Count, About("Val. images", "count", "Number of images used for validation.", exact=True)
    ] = None
    test_images: Annotated[Count, About("Test images", "count", "Number of test images.", exact=True)] = None
    preprocessing: Annotated[
        Text, About("Images", "text", "How images were prepared for the network; evaluations only.")
    ] = None
    recipe: Annotated[Text, About("Recipe", "text", "Name of the training recipe.")] = None
    recipe_text: Annotated[
        Text, About("Recipe text", "text", "Every setting of a recipe from a file, as an inline table of TOML.")
    ] = None
    epochs: Annotated[Count, About("Epochs", "count", "Number of epochs requested.", exact=True)] = None
    batch_size: Annotated[Count, About("Batch", "count", "Images per step.", exact=True)] = None
    seed: Annotated[
        Count, About("Seed", "count", "Random seed of the initial weights, image order and augmentation.", exact=True)
    ] = None
    base_learning_rate: Annotated[Number, About("Base rate", "number", "Highest learning rate.", exact=True)] = None
    schedule: Annotated[Text, About("Schedule", "text", "Learning rate schedule.")] = None
    optimizer: Annotated[Text, About("Optimizer", "text", "sgd, or muon on the kernels of convolutions.")] = None
    momentum: Annotated[Number, About("Momentum", "number", "Momentum of the optimizer.", exact=True)] = None
    weight_decay: Annotated[
        Number, About("Weight decay", "number", "Coefficient c of the L2 loss c * sum(w²).", exact=True)
    ] = None
    label_smoothing: Annotated[Number, About("Smoothing", "number", "Label smoothing factor.", exact=True)] = None
    augmentation: Annotated[Text, About("Augmentation", "text", "Flips, shifts and cutout that were applied.")] = None
    backend: Annotated[Text, About("Backend", "text", "tensorflow, jax or torch.")] = None
    precision: Annotated[Text, About("Precision", "text", "Keras dtype policy.")] = None
    implementation: Annotated[Text, About("Implementation", "text", "plain or fast, as resolved.")] = None
    recompute: Annotated[
        Flag, About("Recompute", "flag", "Whether activations are recomputed in the backward pass.")
    ] = None
    jit: Annotated[Flag, About("Compiled", "flag", "Whether the step was compiled by XLA or torch.compile.")] = None
    tf32: Annotated[Flag, About("TF32", "flag", "Whether float32 matrix products may use TF32.")] = None
    deterministic: Annotated[Flag, About("Deterministic", "flag", "Whether deterministic mode was on.")] = None
    threads: Annotated[Count, About("Threads", "count", "Threads that the framework may use.", exact=True)] = None
    devices: Annotated[Count, About("Devices", "count", "Devices of each host that share a batch.", exact=True)] = None
    hosts: Annotated[Count, About("Hosts", "count", "Hosts that share every batch.", exact=True)] = None
    batch_norm: Annotated[
        Text, About("Batch norm", "text", "global: by the whole batch; replica: by each device's part of it.")
    ] = None
    launcher: Annotated[Text, About("Launcher", "text", "What started the run: loop, ray or slurm.")] = None
    restarts: Annotated[
        Count, About("Restarts", "count", "How often the launcher started the run again after it was lost.", exact=True)
    ] = None
    checkpoint_every: Annotated[
        Count, About("Checkpoint every", "count", "Epochs between checkpoints; 0: none was written.", exact=True)
    ] = None
    target: Annotated[Number, About("Target", "percent", "Test accuracy for time_to_target_seconds.", exact=True)] = (
        None
    )

    params: Annotated[Count, About("Params", "count", "Number of parameters.", "", "low", True)] = None
    trainable_params: Annotated[Count, About("Trainable", "count", "Trainable parameters.", "", "low", True)] = None
    non_trainable_params: Annotated[
        Count, About("Non-trainable", "count", "Number of moving means and variances.", "", "low", True)
    ] = None
    forward_macs: Annotated[
        Count, About("MACs", "count", "Multiply-adds of convolutions and dense layers for one image.", "", "low", True)
    ] = None
    weights_bytes: Annotated[Count, About("Weights", "bytes", "Size of all parameters.", "bytes", "low", True)] = None
    model_file_bytes: Annotated[
        Count, About("Model file", "bytes", "Size of model.keras, without optimizer state.", "bytes", "low", True)
    ] = None
    checkpoint_file_bytes: Annotated[
        Count, About("Checkpoint", "bytes", "Size of the checkpoint, with optimizer state.", "bytes", "low", True)
    ] = None

    build_seconds: Annotated[Number, About("Build", "seconds", "Time to build model and optimizer.", "s", "low")] = None
    trace_seconds: Annotated[
        Number, About("Trace", "seconds", "Time to trace the step in Python, if the backend reports it.", "s", "low")
    ] = None
    compile_seconds: Annotated[
        Number, About("Compile", "seconds", "Time to compile the step, if the backend reports it.", "s", "low")
    ] = None
    first_step_seconds: Annotated[
        Number, About("First step", "seconds", "Time of the first step, tracing and compilation included.", "s", "low")
    ] = None
    resumed: Annotated[Count, About("Resumed", "count", "Number of times the run was resumed.", exact=True)] = None
    predicted_total_seconds: Annotated[
        Number,
        About("Predicted time", "seconds", "total_seconds as predicted from earlier measurements on the machine.", "s"),
    ] = None
    predicted_peak_bytes: Annotated[
        Number,
        About("Predicted memory", "bytes", "Peak memory, of the GPU or else of the process, as predicted.", "bytes"),
    ] = None
    total_seconds: Annotated[
        Number,
        About("Total time", "seconds", "Wall time of the run in its process, summed over resumptions.", "s", "low"),
    ] = None
    time_to_target_seconds: Annotated[
        Number,
        About("Time to target", "seconds", "elapsed_seconds when test_accuracy first reached the target.", "s", "low"),
    ] = None

    environment: Environment = field(default_factory=Environment)
    records: Sequence[EpochRecord] = ()


_LEVELS: dict[Level, type] = {"run": Run, "epoch": EpochRecord, "environment": Environment}
COLUMNS: dict[str, Column] = {
    column.name: column for level, owner in _LEVELS.items() for column in list_columns(owner, level)
}
