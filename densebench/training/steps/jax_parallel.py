"""Steps on JAX on several devices: the same step; only where its arrays lie changes.

XLA's partitioner makes every mean over a batch a mean over all devices, that of a batch normalisation too, and inserts
the collectives (Xu et al., "GSPMD", 2105.04663). Where each device normalises by its own part, ``shard_map`` runs the
step on each part instead, and what it gives is averaged.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import numpy as np
from jax.sharding import PartitionSpec
from numpy.typing import NDArray

from densebench.recipes import Recipe
from densebench.training.parallel.jax import AXIS, JaxDataParallel
from densebench.training.steps.jax import Arrays, Found, JaxSteps
from densebench.training.trainee import Trainee


class ParallelJaxSteps(JaxSteps):
    """The state lies whole on every device, each batch in parts."""

    def __init__(self, trainee: Trainee, recipe: Recipe, parallel: JaxDataParallel) -> None:
        self._parallel, self._layout = parallel, parallel.layout
        super().__init__(trainee, recipe)
        self._forward = jax.jit(self._infer, out_shardings=parallel.whole)

    def place(self, array: NDArray[Any]) -> jax.Array:
        sharding = self._parallel.choose(len(array))
        return jax.make_array_from_process_local_data(sharding, array[self._layout.rows(len(array))], array.shape)

    def end(self) -> None:
        for variables, values in zip(self._variables(), self._state, strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value.addressable_data(0))  # every process has a whole copy: nothing is exchanged

    def _read(self) -> tuple[Arrays, Arrays, Arrays]:
        trainable, non_trainable, optimizer = (
            [self._place_whole(variable.value) for variable in group] for group in self._variables()
        )
        return trainable, non_trainable, optimizer

    def _place_whole(self, value: jax.Array) -> jax.Array:
        return jax.make_array_from_process_local_data(self._parallel.whole, np.asarray(value))

    def _lower(self, batch_size: int) -> jax.stages.Lowered:
        sharding, whole = self._parallel.choose(batch_size), self._parallel.whole
        step: Callable[..., Any] = self._step
        if self._layout.batch_norm == "replica" and self._layout.is_shared(batch_size):
            part = PartitionSpec(AXIS)
            step = jax.shard_map(
                partial(self._step, combine=_average),
                mesh=self._parallel.mesh,
                in_specs=(PartitionSpec(), part, part),
                out_specs=PartitionSpec(),
                check_vma=False,  # it does not see that what was averaged is the same everywhere
            )
        return jax.jit(step, donate_argnums=0, out_shardings=whole).lower(
            self._state, *self._describe_batch(batch_size, sharding)
        )


def _average(found: Found) -> Found:
    """Of all devices' parts, which are of one size."""
    gradients, non_trainable, loss, correct = found
    means: tuple[Arrays, Arrays, jax.Array] = jax.lax.pmean((gradients, non_trainable, loss), AXIS)
    return *means, jax.lax.psum(correct, AXIS)
