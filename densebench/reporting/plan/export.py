"""A plan for machines and for papers: CSV, JSON, Markdown, LaTeX."""

from typing import Any

from densebench.comparison.statistics import mean
from densebench.prediction.values import Candidate, Plan
from densebench.reporting import rendering
from densebench.reporting.export import find_renderer
from densebench.reporting.grid import Grid, make_column
from densebench.reporting.plan.sentences import write_closing, write_heading
from densebench.reporting.plan.tables import make_plan_grid


def format_plan(plan: Plan, form: str) -> str:
    """A plan in any format but ``table``; raises :class:`InputError` for an unknown one."""
    if form == "json":
        return rendering.json_document("plan", _describe(plan))
    if form == "csv":
        return rendering.csv(make_values_grid(plan))
    render = find_renderer(form)
    notes = [*write_heading(plan), *write_closing(plan), *_list_commands(plan)]
    return render(make_plan_grid(plan)) + "".join(rendering.remark(note, form) for note in notes)


def make_values_grid(plan: Plan) -> Grid:
    """One row a network, the values in base units: seconds, bytes, joules, fractions."""
    found = plan.candidates
    rows = [_list_values(one, plan) for one in found]
    return Grid(name="plan", columns=tuple(make_column(name, name, [row[name] for row in rows]) for name in rows[0]))


def _list_values(candidate: Candidate, plan: Plan) -> dict[str, Any]:
    found, accuracy, seeds = candidate.prediction, candidate.accuracy, plan.workload.seeds
    return {
        "variant": candidate.variant,
        "batch_size": candidate.batch_size,
        "precision": candidate.precision,
        "backend": candidate.backend,
        "devices": candidate.devices,
        "implementation": found.implementation if found else None,
        "dataset": plan.dataset,
        "recipe": plan.recipe,
        "epochs": plan.workload.epochs,
        "seeds": seeds,
        "params": candidate.params,
        "forward_macs": candidate.forward_macs,
        "predicted_total_seconds": found.total_seconds if found else None,
        "predicted_total_seconds_low": found.total_interval.low if found else None,
        "predicted_total_seconds_high": found.total_interval.high if found else None,
        "predicted_peak_bytes": found.peak_bytes if found else None,
        "predicted_peak_bytes_low": found.peak_interval.low if found and found.peak_interval else None,
        "predicted_peak_bytes_high": found.peak_interval.high if found and found.peak_interval else None,
        "memory": ("gpu" if found.on_gpu else "host") if found else None,
        "energy_joules": found.energy_joules * seeds if found and found.energy_joules is not None else None,
        "price": found.price * seeds if found and found.price is not None else None,
        "measured": found.measured if found else False,
        "measured_by": found.source if found else None,
        **_list_target_values(candidate, plan),
        "expected_accuracy": accuracy.mean if accuracy else None,
        "expected_accuracy_low": accuracy.low if accuracy else None,
        "expected_accuracy_high": accuracy.high if accuracy else None,
        "accuracy_count": accuracy.count if accuracy else None,
        "accuracy_source": accuracy.source if accuracy else None,
        "fits": candidate.fits,
        "reason": candidate.problem or candidate.reason or None,
        "on_front": candidate.on_front,
        "command": candidate.command,
    }


def _list_target_values(candidate: Candidate, plan: Plan) -> dict[str, Any]:
    """``epochs_to_target`` is a mean, of which there is none where a run missed the target."""
    found = candidate.target_time
    interval = found.interval if found else None
    return {
        "target": plan.target,
        "predicted_time_to_target_seconds": found.seconds if found else None,
        "predicted_time_to_target_seconds_low": interval.low if interval else None,
        "predicted_time_to_target_seconds_high": interval.high if interval else None,
        "epochs_to_target": mean(found.epochs) if found and not found.missed else None,
        "target_reached": len(found.epochs) if found else None,
        "target_runs": found.count if found else None,
    }


def _describe(plan: Plan) -> dict[str, object]:
    choice = plan.choice
    return {
        "plan": rendering.values(make_values_grid(plan)),
        "budget": plan.budget,
        "target": plan.target,
        "chosen": choice.chosen.label if choice.chosen else None,
        "command": choice.chosen.command if choice.chosen else None,
        "nearest": choice.nearest.label if choice.nearest else None,
        "alternatives": [
            {
                "option": one.option,
                "predicted_total_seconds": one.prediction.total_seconds,
                "predicted_peak_bytes": one.prediction.peak_bytes,
                "measured": one.prediction.measured,
                "changes_training": one.changes_training,
            }
            for one in choice.alternatives
        ],
        "measured": list(plan.measured),
        "measuring_seconds": plan.measuring_seconds,
        "notes": write_closing(plan),
    }


def _list_commands(plan: Plan) -> list[str]:
    return [f"Start: {plan.choice.chosen.command}"] if plan.choice.chosen else []
