"""What may make a training fit into a budget: fewer epochs, another batch size, less memory, a smaller precision."""

import dataclasses
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from densebench.planning.plan.planner import Planner, Request
from densebench.prediction.budget import PlanFigure
from densebench.prediction.choice import Change
from densebench.prediction.values import Prediction, Prices, Workload
from densebench.recipes import RECIPES

_FEWEST_EPOCHS = 0.2  # of the recipe's: with a smaller share it is no longer that recipe
_BATCH_SIZES = (16, 512)  # the smallest and the largest that are proposed
_BFLOAT16 = "mixed_bfloat16"


@dataclass(frozen=True, kw_only=True)
class Changer:
    """The changes of one training that does not fit; ``fits`` says of a prediction whether it would."""

    planner: Planner
    request: Request
    workload: Workload
    prices: Prices
    has_fixed_epochs: bool  # whether the user said how many
    has_fixed_batch_size: bool
    fits: Callable[[Prediction], bool]

    def list_changes(self, exceeded: Collection[PlanFigure]) -> Iterator[Change]:
        """Those that reduce what there is too much of."""
        if any(figure.show == "bytes" for figure in exceeded):
            yield from self._list_smaller_batches()
            if self.request.config.can_recompute:
                yield self._change("--recompute", self._replace(recompute=True), changes_training=False)
        if any(figure.is_cost and figure.show != "bytes" for figure in exceeded):
            yield from self._list_larger_batches()
            yield from self._list_shorter_recipes()
            yield from self._list_fewer_epochs()
        if self.request.config.precision != _BFLOAT16:
            yield self._change(f"--precision {_BFLOAT16}", self._replace(precision=_BFLOAT16), changes_training=True)

    def _list_smaller_batches(self) -> Iterator[Change]:
        size = self.request.config.recipe.batch_size // 2
        while size >= _BATCH_SIZES[0] and size % self.request.config.replicas == 0:
            yield self._change(f"--batch-size {size}", self._replace_batch_size(size), changes_training=True)
            size //= 2

    def _list_larger_batches(self) -> Iterator[Change]:
        size = self.request.config.recipe.batch_size * 2
        if size <= min(_BATCH_SIZES[1], self.workload.train_images):
            yield self._change(f"--batch-size {size}", self._replace_batch_size(size), changes_training=True)

    def _list_shorter_recipes(self) -> Iterator[Change]:
        for name, recipe in RECIPES.items():
            size = self.request.config.recipe.batch_size if self.has_fixed_batch_size else recipe.batch_size
            can_share = size % self.request.config.replicas == 0
            if not self.has_fixed_epochs and recipe.epochs < self.workload.epochs and can_share:
                work = dataclasses.replace(self.workload, epochs=recipe.epochs)
                request = self._replace_batch_size(size).exchange_optimizer(recipe.optimizer)
                yield self._change(f"--recipe {name}", request, work, changes_training=True)

    def _list_fewer_epochs(self) -> Iterator[Change]:
        """The most that fit."""
        fewest, most = 0, self.workload.epochs
        while most - fewest > 1:
            middle = (fewest + most) // 2
            found = self._predict(self.request, dataclasses.replace(self.workload, epochs=middle))
            fewest, most = (middle, most) if found is not None and self.fits(found) else (fewest, middle)
        if fewest >= max(1, _FEWEST_EPOCHS * self.workload.epochs):
            work = dataclasses.replace(self.workload, epochs=fewest)
            yield self._change(f"--epochs {fewest}", self.request, work, changes_training=True)

    def _change(
        self, option: str, request: Request, workload: Workload | None = None, *, changes_training: bool
    ) -> Change:
        def predict() -> Prediction | None:
            return self._predict(request, workload or self.workload)

        return Change(option=option, predict=predict, changes_training=changes_training)

    def _predict(self, request: Request, workload: Workload) -> Prediction | None:
        """Measured first where nothing is known of such a training, and there is time."""
        found = self.planner.predict(request, workload, self.prices)
        if found is not None:
            return found
        self.planner.measure_one(request, like=self.request)
        return self.planner.predict(request, workload, self.prices)

    def _replace(self, **settings: Any) -> Request:
        return dataclasses.replace(self.request, config=dataclasses.replace(self.request.config, **settings))

    def _replace_batch_size(self, size: int) -> Request:
        return self._replace(recipe=dataclasses.replace(self.request.config.recipe, batch_size=size))
