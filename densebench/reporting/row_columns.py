"""The columns of a comparison's tables: metrics, their intervals, settings, and what is said of a row as a whole."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from densebench.columns import Show
from densebench.comparison.comparability import get_terms, is_across_hardware
from densebench.comparison.display import Shown, clocked
from densebench.comparison.formats import BASELINE_RATIO, format_interval, format_ratio, format_setting, format_summary
from densebench.comparison.metric import Metric
from densebench.comparison.metrics import ALIASES, METRICS
from densebench.comparison.values import Row, get_settings
from densebench.errors import unknown
from densebench.records import COLUMNS, Phase
from densebench.reporting import prediction_columns
from densebench.reporting.grid import GridColumn, Value, make_column, make_results_column
from densebench.reporting.scaling import format_efficiency
from densebench.units import UNKNOWN, find_typical, fixed_unit

_INTERVAL = "_interval"
RATIO = "_ratio"  # of a metric to the baseline's, beside it
SCALING = "scaling_efficiency"
PARETO = "pareto"
GROUPS = {"prediction": prediction_columns.PREDICTION}  # names that stand for several columns


@dataclass(frozen=True, kw_only=True)
class _RowFact:
    """What is said of a row as a whole; ``is_telling`` says whether the column says anything of these rows."""

    title: str
    shown: Shown
    show: Show
    value: Callable[[Row], Value]
    is_telling: Callable[[Sequence[Row]], bool]
    on_page: bool = True
    write: Callable[[float | None], str] | None = None  # None: in the form of ``show``


def _make_predicted(title: str, show: Show, value: Callable[[Row], float | None]) -> _RowFact:
    """A fact of a prediction, which is shown where it is asked for; plain numbers are ratios."""
    write = format_ratio if show == "number" else None
    return _RowFact(title=title, shown=Shown(keep=20), show=show, value=value, is_telling=lambda _: True, write=write)


_ROW_FACTS = {
    "runs": _RowFact(
        title="Runs",
        shown=Shown({"train": 10, "eval": 10, **clocked(10)}, keep=21),
        show="count",
        value=lambda row: len(row.runs),
        is_telling=lambda rows: any(len(row.runs) > 1 for row in rows),
    ),
    PARETO: _RowFact(
        title="Pareto",
        shown=Shown({"train": 160}, keep=17),
        show="text",
        value=lambda row: "front" if row.on_front else "",
        is_telling=lambda rows: any(row.dominated_by is not None for row in rows),
        on_page=False,  # its rows are marked there
    ),
    "budget": _RowFact(
        title="Budget",
        shown=Shown({"train": 170}, keep=16),
        show="text",
        value=lambda row: "within" if row.within_budget else UNKNOWN,
        is_telling=lambda rows: any(row.within_budget for row in rows) and not all(row.within_budget for row in rows),
    ),
    SCALING: _RowFact(
        title="Scaling",
        shown=Shown({"train": 75, **clocked(45)}, keep=29),
        show="percent",
        value=lambda row: row.scaling.efficiency if row.scaling else None,
        is_telling=lambda rows: any(row.scaling is not None for row in rows),
        write=format_efficiency,
    ),
    "predicted_total_seconds": _make_predicted("Predicted time", "seconds", prediction_columns.find_predicted_seconds),
    "total_against_prediction": _make_predicted("Time / predicted", "number", prediction_columns.compare_seconds),
    "predicted_peak_bytes": _make_predicted("Predicted memory", "bytes", prediction_columns.find_predicted_bytes),
    "peak_bytes": _make_predicted("Peak memory", "bytes", prediction_columns.find_peak_bytes),
    "peak_against_prediction": _make_predicted("Memory / predicted", "number", prediction_columns.compare_bytes),
}
# A setting is shown where rows differ in it; of these, place or priority is not the usual.
_SETTINGS = {
    "dataset": Shown({"published": 10}, keep=27),
    "epochs": Shown({"published": 20}, keep=13),
    "device": Shown({"published": 70}, keep=4),
    "recipe": Shown({"published": 80}, keep=3),
    "source": Shown({"published": 90}, keep=14),
}
_OTHER_SETTING = Shown(keep=27)
_LEADING = 30  # of the metric that orders the rows
# Of what is equal in all rows, what a reader wants to see; --format json has all of it.
SHARED = (
    "dataset", "train_images", "test_images", "recipe", "epochs", "batch_size", "base_learning_rate", "weight_decay",
    "backend", "backend_version", "precision", "implementation", "device", "threads",
    "devices", "hosts", "batch_norm",
)  # fmt: skip


def expand_columns(names: Sequence[str] | None) -> list[str] | None:
    """The columns of names as ``--columns`` takes them, each once; None for None. Raises :class:`InputError`."""
    if names is None:
        return None
    single = (each for name in names for each in GROUPS.get(name, (name,)))
    return list(dict.fromkeys(find_column(name) for name in single))


def find_column(name: str) -> str:
    """The column of a name or of its short form; raises :class:`InputError` with the nearest names."""
    full = ALIASES.get(name, name)
    intervals = [f"{metric.name}{_INTERVAL}" for metric in METRICS.values() if not metric.exact]
    allowed = [*METRICS, *intervals, *_all_ratios(), *_ROW_FACTS]
    allowed += [column for column, entry in COLUMNS.items() if entry.level != "epoch" and column not in METRICS]
    if full not in allowed:
        raise unknown("column for --columns", name, [*allowed, *ALIASES, *GROUPS])
    return full


def list_figures(phase: Phase, rows: Sequence[Row]) -> list[str]:
    """The columns that the table of a phase has unless others are asked for, of which at least one row has a value."""
    places = {name: shown.places[phase] for name, shown in _all_shown().items() if phase in shown.places}
    return [name for name in sorted(places, key=places.__getitem__) if _is_known(name, rows)]


def make_row_column(name: str, rows: Sequence[Row]) -> GridColumn:
    """The column of a full name, as :func:`find_column` gives it."""
    if name in METRICS:
        return _metric_column(METRICS[name], rows)
    if name.endswith(_INTERVAL):
        return _interval_column(METRICS[name.removesuffix(_INTERVAL)], rows)
    if name in _all_ratios():
        return _ratio_column(name, rows)
    if name in _ROW_FACTS:
        fact = _ROW_FACTS[name]
        found = [fact.value(row) for row in rows]
        texts = None if fact.write is None else [fact.write(_as_number(value)) for value in found]
        return make_column(name, fact.title, found, show=fact.show, texts=texts, keep=_keep(name))
    texts = [format_setting(row, name) for row in rows]
    values = [_number(row, name) for row in rows] if COLUMNS[name].type in (int, float) else texts
    return make_results_column(name, values, texts=texts, keep=_keep(name))


def is_replaced(metric: Metric, row: Row) -> bool:
    """Whether a metric is shown only in place of one that the row has, as host memory is in place of GPU memory."""
    return metric.stands_in_for is not None and row.summary(metric.stands_in_for).n > 0


def is_on_page(column: GridColumn) -> bool:
    """Whether the page has a column for it; it shows intervals below their means, marks the front, and has verdicts."""
    if column.name in _ROW_FACTS:
        return _ROW_FACTS[column.name].on_page
    return not column.name.endswith((_INTERVAL, RATIO))


def is_figure(column: GridColumn) -> bool:
    """Whether it is no setting."""
    return column.name in METRICS or column.name not in COLUMNS


def _all_shown() -> dict[str, Shown]:
    intervals = {f"{name}{_INTERVAL}": metric.display.interval for name, metric in METRICS.items()}
    return {
        **_SETTINGS,
        **{name: fact.shown for name, fact in _ROW_FACTS.items()},
        **{name: metric.display.table for name, metric in METRICS.items()},
        **{name: shown for name, shown in intervals.items() if shown is not None},
        **_all_ratios(),
    }


def _all_ratios() -> dict[str, Shown]:
    """Each right of its metric."""
    tables = {name: metric.display.table for name, metric in METRICS.items()}
    return {
        f"{name}{RATIO}": Shown({phase: place + 1 for phase, place in table.places.items()}, table.ratio)
        for name, table in tables.items()
        if table.ratio is not None
    }


def _keep(name: str) -> int:
    return _all_shown().get(name, _OTHER_SETTING if name in COLUMNS else Shown()).keep


def _is_known(name: str, rows: Sequence[Row]) -> bool:
    if name in METRICS:
        metric = METRICS[name]
        return any(row.summary(name).n for row in rows) and not all(is_replaced(metric, row) for row in rows)
    if name.endswith(_INTERVAL):
        return any(row.summary(name.removesuffix(_INTERVAL)).interval is not None for row in rows)
    if name in _all_ratios():
        metric = METRICS[name.removesuffix(RATIO)]
        compared = any(_find_ratio(metric, row) is not None and not row.is_baseline for row in rows)
        return compared and _is_known(metric.name, rows)
    if name in _ROW_FACTS:
        return _ROW_FACTS[name].is_telling(rows)
    return any(get_settings(row, name) != (None,) for row in rows)


def _metric_column(metric: Metric, rows: Sequence[Row]) -> GridColumn:
    unit = fixed_unit(metric.show)
    summaries = [row.summary(metric.name) for row in rows]
    like = find_typical(summary.mean for summary in summaries)
    across = any(is_across_hardware(metric, rows[0], row) for row in rows)
    sign = "≠" if across and rows[0].phase != "published" else ""
    return make_column(
        metric.name,
        " ".join(part for part in (metric.title, unit, sign) if part),
        [summary.figure for summary in summaries],
        show=metric.show,
        texts=[format_summary(metric, summary, unit=not unit, like=like) for summary in summaries],
        keep=_LEADING if rows[0].phase in metric.display.table.orders else _keep(metric.name),
        best=_best_rows(metric, rows),
    )


def _interval_column(metric: Metric, rows: Sequence[Row]) -> GridColumn:
    unit = fixed_unit(metric.show)
    summaries = [row.summary(metric.name) for row in rows]
    like = find_typical(summary.mean for summary in summaries)
    texts = [format_interval(metric.show, summary.interval, unit=not unit, like=like) for summary in summaries]
    name = f"{metric.name}{_INTERVAL}"
    title = f"95 % interval of {metric.title.lower()} {unit}".strip()
    return make_column(name, title, texts, show=metric.show, texts=texts, keep=_keep(name))


def _ratio_column(name: str, rows: Sequence[Row]) -> GridColumn:
    metric = METRICS[name.removesuffix(RATIO)]
    ratios = [_find_ratio(metric, row) for row in rows]
    texts = [
        BASELINE_RATIO if row.is_baseline and ratio == 1 else format_ratio(ratio)
        for row, ratio in zip(rows, ratios, strict=True)
    ]
    return make_column(name, "Ratio", ratios, show="number", texts=texts, keep=_keep(name))


def _find_ratio(metric: Metric, row: Row) -> float | None:
    """The estimate of the verdict; None where the figures may not be compared, or only across different hardware."""
    if row.is_baseline:
        return 1.0 if row.summary(metric.name).figure is not None else None
    verdict = row.verdict(metric.name)
    return None if verdict is None or verdict.marked else verdict.estimate


def _best_rows(metric: Metric, rows: Sequence[Row]) -> set[int]:
    """Places of the rows that are best of those they may be compared with, and better than one of them."""
    together: dict[tuple[object, ...], dict[int, float]] = {}
    for index, row in enumerate(rows):
        figure = row.summary(metric.name).figure
        if figure is not None and row.phase != "published":
            together.setdefault(get_terms(metric, row), {})[index] = figure
    found: set[int] = set()
    for figures in together.values():
        best = (min if metric.best == "low" else max)(figures.values())
        if len(set(figures.values())) > 1:
            found |= {index for index, figure in figures.items() if figure == best}
    return found


def _number(row: Row, column: str) -> float | None:
    """The first value of a setting that is a number."""
    return _as_number(get_settings(row, column)[0])


def _as_number(value: object) -> float | None:
    return value if isinstance(value, int | float) else None
