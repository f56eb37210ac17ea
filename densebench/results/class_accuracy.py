"""The cell of a results file that holds the accuracy of each class."""

import json
from collections.abc import Sequence

from densebench.results.cells import LONGEST_TEXT

_DIGITS = 6  # a class with fewer than a million images needs no more


def format_class_accuracy(class_names: Sequence[str], accuracies: Sequence[float | None]) -> str | None:
    """JSON of class and accuracy; None where a cell could not hold all of it, for half of it would be no JSON."""
    rounded = [None if accuracy is None else round(accuracy, _DIGITS) for accuracy in accuracies]
    text = json.dumps(dict(zip(class_names, rounded, strict=True)), ensure_ascii=False)
    return text if len(text) <= LONGEST_TEXT else None
