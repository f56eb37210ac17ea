"""Everything that densebench raises on purpose.

    DensebenchError            exit 2
    ├── InputError             exit 2   what was given cannot be used: a name, an option, a file
    │   ├── DatasetError       exit 2   a dataset is missing, damaged or malformed
    │   └── ResultsError       exit 2   a results file or directory cannot be read or written
    ├── RunFailed              exit 1   a run began and could not be finished
    │   ├── NonFiniteLoss      exit 1   the loss became NaN or infinite
    │   ├── OutOfMemory        exit 1   the device's or the host's memory did not suffice
    │   └── CheckpointError    exit 1   a checkpoint cannot be written, or none is left that can be trusted
    └── Interrupted            exit 130 or 143   a signal ended the run

A message is one sentence that says what was given, what is wrong with it, and what to do.
"""

from collections.abc import Iterable, Sequence

_LONGEST_LINE = 200  # characters of what others say
_MOST_CHOICES = 50  # names that a sentence lists
LOST_CONTACT = "Another process of the run was lost"  # how the reason of one begins that waited for it


class DensebenchError(Exception):
    """The root: caught once, in the command line, and printed as one sentence."""

    exit_code = 2


class InputError(DensebenchError):
    """What the user gave cannot be used."""


class DatasetError(InputError):
    """A dataset is missing, damaged or malformed."""


class ResultsError(InputError):
    """A results file or directory cannot be read or written."""


class RunFailed(DensebenchError):
    """A run began and could not be finished."""

    exit_code = 1


class NonFiniteLoss(RunFailed):
    """The loss became NaN or infinite."""


class OutOfMemory(RunFailed):
    """The device's or the host's memory did not suffice."""


class CheckpointError(RunFailed):
    """A checkpoint cannot be written, or none is left that can be trusted."""


class Interrupted(DensebenchError):
    """A signal ended the run; ``exit_code`` is 128 plus the signal's number."""

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number


def first_line(said: object) -> str:
    """The first line of what an error or a program says, of 200 characters at most; empty if it says nothing."""
    line = str(said).strip().split("\n")[0]
    if len(line) <= _LONGEST_LINE:
        return line
    return f"{line[: _LONGEST_LINE - 2].rsplit(' ', 1)[0]} \N{HORIZONTAL ELLIPSIS}"


def join_names(names: Sequence[str], word: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return f" {word} ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def count_noun(number: int, noun: str) -> str:
    """``1 epoch``, ``2 epochs``, ``1,000 epochs``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def unknown(kind: str, given: str, choices: Iterable[str]) -> InputError:
    """The error for a name that is not in a table, with the nearest names that are."""
    from difflib import get_close_matches

    names = list(dict.fromkeys(choices))
    near = get_close_matches(given, names, n=3)
    if near:
        advice = f"did you mean {' or '.join(near)}?"
    elif len(names) <= _MOST_CHOICES:
        advice = f"choose from {', '.join(names)}."
    else:
        advice = f"choose one of {len(names)}, such as {join_names(names[:10], 'or')}."
    return InputError(f"Unknown {kind} {given!r}: {advice}")
