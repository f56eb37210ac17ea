"""Out of memory, as each framework reports it."""

from collections.abc import Iterator

from densebench.config import RunConfig
from densebench.errors import OutOfMemory

_KINDS = {"ResourceExhaustedError", "OutOfMemoryError", "MemoryError"}  # TensorFlow; PyTorch on CUDA; Python and NumPy
_MESSAGES = (
    "RESOURCE_EXHAUSTED",  # JAX
    "DefaultCPUAllocator: can't allocate memory",  # PyTorch on a CPU
    "CUDA out of memory",
    "CUDA_ERROR_OUT_OF_MEMORY",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether ``error``, or what it came from, says that memory ran out."""
    return any(
        any(kind.__name__ in _KINDS for kind in type(cause).__mro__)
        or any(message in str(cause) for message in _MESSAGES)
        for cause in _list_causes(error)
    )


def explain_out_of_memory(config: RunConfig, *, trains: bool) -> OutOfMemory:
    """The sentence for a run that did not fit; only one that trains can recompute."""
    batch_size = config.recipe.batch_size
    if batch_size > 1:
        advice = f"try --batch-size {batch_size // 2}, which is another measurement"
        may_recompute = trains and config.can_recompute and not config.recompute
        advice += ", or --recompute, which takes less memory and more time" if may_recompute else ""
    else:
        advice = "it needs a device with more"
    return OutOfMemory(f"{config.variant} at batch size {batch_size} does not fit into memory: {advice}.")


def _list_causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__
