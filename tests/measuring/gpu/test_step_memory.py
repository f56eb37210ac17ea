import pytest

from densebench.measuring.gpu.allocator import NO_GPU, GpuMemory, NoGpuMemory
from densebench.measuring.gpu.step_memory import StepMemory

AFTER = "fake after the first step on each shape"
INCLUDED = "fake, the search for algorithms included"


class FakeAllocator:
    """Between steps 100 bytes are in use; ``step`` takes more for a moment."""

    def __init__(self, *, can_reset: bool = True) -> None:
        self.highest, self.can_reset, self.resets = 100, can_reset, 0

    def use(self, peak: int) -> None:
        self.highest = max(self.highest, peak)

    def reset(self) -> bool:
        self.resets += 1
        if self.can_reset:
            self.highest = 100
        return self.can_reset

    def peak(self) -> GpuMemory:
        return GpuMemory(peak_bytes=self.highest, reserved_bytes=2 * self.highest, source="fake")


@pytest.fixture
def allocator() -> FakeAllocator:
    return FakeAllocator()


def do_steps(memory, allocator, *steps) -> None:
    """Each step: on how many images, and the bytes it takes."""
    for images, peak in steps:
        memory.begin_step(images)
        allocator.use(peak)
        memory.end_step(images)


def test_the_search_in_the_first_step_is_not_in_the_peak(allocator) -> None:
    memory = StepMemory(allocator)
    do_steps(memory, allocator, (64, 30_000), (64, 5_000), (64, 4_000))
    assert memory.peak() == GpuMemory(peak_bytes=5_000, reserved_bytes=10_000, source=AFTER)


def test_the_search_for_a_smaller_last_batch_is_not_either_and_the_steps_before_it_count(allocator) -> None:
    memory = StepMemory(allocator)
    do_steps(memory, allocator, (64, 30_000), (64, 5_000), (16, 20_000))
    assert memory.peak().peak_bytes == 5_000
    do_steps(memory, allocator, (64, 6_000), (16, 2_000))
    assert memory.peak() == GpuMemory(peak_bytes=6_000, reserved_bytes=12_000, source=AFTER)


def test_what_the_evaluation_takes_after_the_steps_counts(allocator) -> None:
    memory = StepMemory(allocator)
    do_steps(memory, allocator, (64, 30_000), (64, 5_000))
    allocator.use(7_000)
    assert memory.peak().peak_bytes == 7_000


def test_an_epoch_of_first_steps_alone_has_a_peak_that_says_what_is_in_it(allocator) -> None:
    memory = StepMemory(allocator)
    do_steps(memory, allocator, (64, 30_000))
    assert memory.peak().source == INCLUDED
    do_steps(memory, allocator, (64, 5_000))
    assert memory.peak() == GpuMemory(peak_bytes=5_000, reserved_bytes=10_000, source=AFTER)


def test_an_allocator_that_cannot_begin_a_new_peak_says_that_the_search_is_included() -> None:
    allocator = FakeAllocator(can_reset=False)
    memory = StepMemory(allocator)
    do_steps(memory, allocator, (64, 30_000), (64, 5_000))
    assert memory.peak() == GpuMemory(peak_bytes=30_000, reserved_bytes=60_000, source=INCLUDED)


def test_only_the_first_step_on_each_shape_asks_the_allocator(allocator) -> None:
    memory = StepMemory(allocator)
    do_steps(memory, allocator, *[(64, 5_000), (16, 5_000)] * 100)
    assert allocator.resets == 2


def test_where_the_peak_includes_the_compilers_trials_the_compilers_own_figure_is_taken() -> None:
    allocator = FakeAllocator(can_reset=False)
    memory = StepMemory(allocator, compiled_bytes=4_000)
    do_steps(memory, allocator, (64, 30_000))
    found = memory.peak()
    assert (found.peak_bytes, found.reserved_bytes) == (4_000, 60_000)
    assert found.source == "memory_analysis() of the compiled step, because fake counts the compiler's trials"


def test_an_allocator_that_saw_less_than_the_compiler_said_is_believed() -> None:
    allocator = FakeAllocator(can_reset=False)
    memory = StepMemory(allocator, compiled_bytes=4_000)
    do_steps(memory, allocator, (64, 3_000))
    assert memory.peak() == GpuMemory(peak_bytes=3_000, reserved_bytes=6_000, source="fake")


def test_on_a_cpu_the_compilers_figure_is_no_gpu_memory() -> None:
    memory = StepMemory(NoGpuMemory(), compiled_bytes=4_000)
    memory.begin_step(64)
    memory.end_step(64)
    assert memory.peak() == GpuMemory(peak_bytes=None, reserved_bytes=None, source=NO_GPU)


def test_a_step_that_the_device_repeats_by_itself_takes_what_it_took_when_it_was_recorded(allocator):
    recorded = []
    memory = StepMemory(allocator, None, lambda: max(recorded, default=None))
    do_steps(memory, allocator, (64, 500))
    assert memory.peak() == GpuMemory(peak_bytes=100, reserved_bytes=200, source=INCLUDED)
    recorded.append(400)
    do_steps(memory, allocator, (64, 100), (64, 100))
    assert memory.peak().peak_bytes == 400
    assert memory.peak().source == f"{AFTER}, when the step was recorded as a CUDA graph"
    do_steps(memory, allocator, (64, 450))
    assert memory.peak() == GpuMemory(peak_bytes=450, reserved_bytes=900, source=AFTER)


def test_without_a_gpu_a_recorded_step_has_no_memory():
    found = StepMemory(NoGpuMemory(), None, lambda: 400).peak()
    assert (found.peak_bytes, found.source) == (None, NO_GPU)
