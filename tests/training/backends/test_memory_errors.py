from dataclasses import replace

import pytest

from densebench.training.backends.memory_errors import explain_out_of_memory, is_out_of_memory


def named(name, base=Exception):
    return type(name, (base,), {})


@pytest.mark.parametrize(
    "error",
    [
        named("ResourceExhaustedError")("OOM when allocating tensor with shape[64,304,32,32]"),
        named("JaxRuntimeError", RuntimeError)("RESOURCE_EXHAUSTED: Out of memory allocating 400000000 bytes."),
        named("OutOfMemoryError", RuntimeError)("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate(handle)"),
        named("InternalError")("CUDA_ERROR_OUT_OF_MEMORY: out of memory"),
        MemoryError(),
        named("_ArrayMemoryError", MemoryError)("Unable to allocate 7.11 PiB"),
    ],
)
def test_each_frameworks_way_of_saying_it_is_understood(error):
    assert is_out_of_memory(error)


@pytest.mark.parametrize("error", [ValueError("shapes do not match"), RuntimeError("CUDA error: device-side assert")])
def test_other_errors_are_not_taken_for_it(error):
    assert not is_out_of_memory(error)


def test_an_error_that_came_from_it_counts():
    error = ValueError("the step failed")
    error.__cause__ = MemoryError()
    assert is_out_of_memory(error)


def test_the_sentence_names_the_batch_that_failed_and_a_smaller_one(config):
    big = replace(config, recipe=replace(config.recipe, batch_size=128))
    assert str(explain_out_of_memory(big, trains=True)) == (
        "10x2 at batch size 128 does not fit into memory: try --batch-size 64, which is another measurement, "
        "or --recompute, which takes less memory and more time."
    )


def test_a_single_image_that_does_not_fit_leaves_no_smaller_batch(config):
    one = replace(config, recipe=replace(config.recipe, batch_size=1))
    assert "--batch-size" not in str(explain_out_of_memory(one, trains=True))


def test_an_evaluation_has_nothing_to_recompute(config):
    assert "--recompute" in str(explain_out_of_memory(config, trains=True))
    assert "--recompute" not in str(explain_out_of_memory(config, trains=False))


def test_the_plain_implementation_is_not_told_to_recompute_which_it_cannot(config):
    assert "--recompute" not in str(explain_out_of_memory(replace(config, implementation="plain"), trains=True))
