"""How much ``gpu.py`` measures, and what it was asked for."""

from dataclasses import dataclass
from pathlib import Path

from densebench.models.variants import BLOG_VARIANTS
from densebench.recipes import RECIPES


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How much is measured."""

    network: str = "100x12"
    networks: tuple[str, ...] = BLOG_VARIANTS
    precisions: tuple[str, ...] = ("float32", "mixed_bfloat16")
    implementations: tuple[str, ...] = ("plain", "fast")
    batch_sizes: tuple[int, ...] = (64, 256)
    too_large: tuple[str, ...] = ("resnet20", "--batch-size", "131072")  # soon compiled; the batch fits no card
    seconds: float = 3.0  # of a contender's timed steps
    contender_seconds: float = 500.0  # that all contenders of a size and a precision may take, compiled side by side
    part_seconds: float = 240.0  # the longest that compiling and measuring may take
    compiled_seconds: float = 520.0  # the same on JAX, whose compiler takes longer than the others
    speed: tuple[str, ...] = ()  # options; without a time limit, as much as the part has
    data: tuple[str, ...] = ()
    epochs: int = RECIPES["short"].epochs
    within: str = "3m"
    checks: tuple[str, ...] = ("facts", "memory", "tf32", "energy", "step_memory")
    is_tiny: bool = False


REHEARSAL = Scale(
    network="10x4",
    networks=("10x4",),
    precisions=("mixed_bfloat16",),
    implementations=("fast",),
    batch_sizes=(8,),
    too_large=("10x4", "--batch-size", "1000000", "--image-size", "1024"),  # refused before a framework loads
    seconds=0.1,
    speed=("--time-limit", "1s", "--threads", "1"),
    data=("--train-limit", "64", "--test-limit", "20", "--threads", "1"),
    epochs=2,
    checks=("facts,memory,tf32,step_memory,energy",),
    is_tiny=True,
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What ``gpu.py`` was asked for."""

    output: Path
    backends: tuple[str, ...]
    data_dir: Path | None
    scale: Scale

    @property
    def trained_on(self) -> str:
        """The backend of the training: PyTorch's is the fastest on a GPU, and JAX compiles for minutes."""
        return "torch" if "torch" in self.backends else self.backends[0]

    def places(self, results: str) -> list[str]:
        """Where densebench writes: results into a folder of the output, runs into one for all."""
        return ["--results-dir", str(self.output / results), "--runs-dir", str(self.output / "runs")]
