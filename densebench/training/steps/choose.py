"""Chooses the steps of the backend in use; each backend's are imported only when they are chosen."""

from densebench.recipes import Recipe
from densebench.training.backends.backend import BackendFacts
from densebench.training.steps.step import Steps
from densebench.training.trainee import Trainee


def make_steps(trainee: Trainee, recipe: Recipe, facts: BackendFacts) -> Steps:
    """The steps of the backend in use."""
    if facts.name == "tensorflow":
        from densebench.training.steps.tensorflow import TensorFlowSteps

        return TensorFlowSteps(trainee, recipe, jit=facts.jit)
    if facts.name == "jax":
        from densebench.training.steps.jax import JaxSteps

        return JaxSteps(trainee, recipe)
    from densebench.training.steps.torch import TorchSteps

    return TorchSteps(trainee, recipe, jit=facts.jit)
