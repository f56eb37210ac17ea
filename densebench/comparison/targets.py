"""What must be said of the times to a target: which rows have none, and which may not be compared."""

from collections.abc import Sequence

from densebench.comparison.formats import format_setting
from densebench.comparison.metric import Metric
from densebench.comparison.values import TIME_TO_TARGET, Row, get_settings
from densebench.errors import join_names
from densebench.units import format_value


def note_targets(rows: Sequence[Row], cost: Metric) -> list[str]:
    """Sentences on trainings that missed their target and, if it is the ``cost``, on those without or with others."""
    trained = [row for row in rows if row.phase == "train" and row.completed]
    notes = [_describe_missed(row) for row in trained if row.summary(TIME_TO_TARGET.name).missed]
    return [*notes, *_note_unlike(trained)] if cost is TIME_TO_TARGET else notes


def _describe_missed(row: Row) -> str:
    """A mean over those that reached it would be too short, so there is none."""
    summary = row.summary(TIME_TO_TARGET.name)
    target = format_setting(row, "target")
    if summary.missed < summary.n:
        what = f"{row.label} reached its target of {target} in {summary.n - summary.missed} of {summary.n} runs only"
    else:
        what = f"{row.label} never reached its target of {target}{f' in {summary.n} runs' if summary.n > 1 else ''}"
    return f"{what}: it has no time to it, and lies on no front and within no budget of that time."


def _note_unlike(rows: Sequence[Row]) -> list[str]:
    """Who asks for the cost learns why a row is missing, and that fronts are several."""
    without = [row.label for row in rows if None in get_settings(row, "target")]
    targets = sorted({target for row in rows for target in get_settings(row, "target") if isinstance(target, float)})
    notes = []
    if without:
        notes.append(
            f"{join_names(without)}: trained without a target, so there is no time to one: --target 0.94 of train "
            "records the time to 94 %."
        )
    if len(targets) > 1:
        names = join_names([format_value("percent", target) for target in targets])
        notes.append(f"Times to different targets ({names}) are not compared with one another.")
    return notes
