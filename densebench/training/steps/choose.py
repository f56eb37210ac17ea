"""Chooses the steps of the backend in use; each backend's are imported only when they are chosen."""

from typing import cast

from densebench.recipes import Recipe
from densebench.training.backends.backend import BackendFacts
from densebench.training.parallel.data_parallel import ONE_DEVICE, DataParallel
from densebench.training.steps.step import Steps
from densebench.training.trainee import Trainee


def make_steps(trainee: Trainee, recipe: Recipe, facts: BackendFacts, parallel: DataParallel = ONE_DEVICE) -> Steps:
    """The steps of the backend in use, on the devices of ``parallel``."""
    are_several = parallel.layout.replicas > 1
    if facts.name == "tensorflow":
        from densebench.training.steps.tensorflow import TensorFlowSteps

        if are_several:
            from densebench.training.parallel.tensorflow import TensorFlowDataParallel
            from densebench.training.steps.tensorflow_parallel import ParallelTensorFlowSteps

            return ParallelTensorFlowSteps(trainee, recipe, cast(TensorFlowDataParallel, parallel))
        return TensorFlowSteps(trainee, recipe, jit=facts.jit)
    if facts.name == "jax":
        from densebench.training.steps.jax import JaxSteps

        if are_several:
            from densebench.training.parallel.jax import JaxDataParallel
            from densebench.training.steps.jax_parallel import ParallelJaxSteps

            return ParallelJaxSteps(trainee, recipe, cast(JaxDataParallel, parallel))
        return JaxSteps(trainee, recipe)
    from densebench.training.steps.torch import TorchSteps

    settings = {"jit": facts.jit, "is_fast": facts.implementation == "fast"}
    if are_several:
        from densebench.training.parallel.torch import TorchDataParallel
        from densebench.training.steps.torch_parallel import ParallelTorchSteps

        return ParallelTorchSteps(trainee, recipe, cast(TorchDataParallel, parallel), **settings)
    return TorchSteps(trainee, recipe, **settings)
