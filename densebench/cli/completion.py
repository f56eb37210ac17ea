"""What the shell offers for a word that is being typed. Nothing heavy is loaded for it."""

from collections.abc import Iterable
from pathlib import Path

import typer

from densebench.config import BACKENDS, DATASETS, IMPLEMENTATIONS, PRECISIONS, RESULTS_DIR, RUNS_DIR


def complete_variants(incomplete: str) -> list[str]:
    """Those of packages too; files and their functions once a letter was typed."""
    from densebench.models.variants import VARIANTS
    from densebench.plugins.offers import list_offers

    return [*_select(dict.fromkeys((*VARIANTS, *list_offers("variants"))), incomplete), *_list_functions(incomplete)]


def _list_functions(incomplete: str) -> list[str]:
    """``mynets.py:tiny`` for ``my``: the functions of Python files that may be networks. None of their code is run."""
    if not incomplete:
        return []
    typed = Path(incomplete.partition(":")[0])
    files = [typed] if ":" in incomplete else sorted(typed.parent.glob("*.py"))
    return _select((f"{file}:{name}" for file in files for name in _read_functions(file)), incomplete)


def _read_functions(file: Path) -> list[str]:
    import ast

    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, ValueError, SyntaxError):
        return []
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]


def complete_speed_variants(incomplete: str) -> list[str]:
    return [*_select(("all", "blog"), incomplete), *complete_variants(incomplete)]


def complete_datasets(incomplete: str) -> list[str]:
    """The folder of a ``folder:`` is completed too."""
    kind, colon, path = incomplete.partition(":")
    if not colon:
        return _select((*DATASETS, "folder:"), incomplete)
    parent, _, begin = path.rpartition("/")
    places = Path(f"{parent}/" if "/" in path else ".")
    folders = [entry for entry in places.iterdir() if entry.is_dir()] if places.is_dir() else []
    return sorted(f"{kind}:{places / folder.name}" for folder in folders if folder.name.startswith(begin))


def complete_recipes(incomplete: str) -> list[str]:
    """Files once a letter was typed."""
    from densebench.planning.recipe_file import SUFFIX
    from densebench.plugins.offers import list_offers
    from densebench.recipes import RECIPES

    files = sorted(map(str, Path().glob(f"*{SUFFIX}"))) if incomplete else []
    return _select(dict.fromkeys((*RECIPES, *list_offers("recipes"), *files)), incomplete)


def complete_backends(incomplete: str) -> list[str]:
    return _select_last(BACKENDS, incomplete)


def complete_precisions(incomplete: str) -> list[str]:
    return _select_last(PRECISIONS, incomplete)


def complete_implementations(incomplete: str) -> list[str]:
    return _select_last(IMPLEMENTATIONS, incomplete)


def complete_launchers(incomplete: str) -> list[str]:
    from densebench.running.launchers.protocol import LAUNCHERS

    return _select(LAUNCHERS, incomplete)


def complete_formats(incomplete: str) -> list[str]:
    from densebench.reporting.export import FORMATS

    return _select([name for name in FORMATS if name != "latex"], incomplete)


def complete_paper_formats(incomplete: str) -> list[str]:
    from densebench.reporting.export import FORMATS

    return _select(FORMATS, incomplete)


def complete_metrics(incomplete: str) -> list[str]:
    from densebench.comparison.metrics import METRICS

    return _select(METRICS, incomplete)


def complete_columns(incomplete: str) -> list[str]:
    """The last of a list of columns; a ``-`` before a name, as in ``--sort``, is kept."""
    from densebench.comparison.metrics import ALIASES, METRICS
    from densebench.records import COLUMNS
    from densebench.reporting.row_columns import GROUPS

    before, comma, last = incomplete.rpartition(",")
    sign = "-" if last.startswith("-") else ""
    names = [*METRICS, *ALIASES, *GROUPS, *(name for name, column in COLUMNS.items() if column.level != "epoch")]
    return [f"{before}{comma}{sign}{name}" for name in _select(dict.fromkeys(names), last.removeprefix("-"))]


def complete_runs(ctx: typer.Context, incomplete: str) -> list[str]:
    """The runs that have a folder in the directory of runs."""
    folder = Path(ctx.params.get("runs_dir") or RUNS_DIR)
    names = sorted(path.parent.name for path in folder.glob("*/checkpoint*.npz"))
    return _select(["last", *names] if ctx.info_name == "train" else names, incomplete)


def complete_baselines(ctx: typer.Context, incomplete: str) -> list[str]:
    """The variants, and the CSVs of the results."""
    paths = [*(ctx.params.get("paths") or ()), RESULTS_DIR]
    files = sorted({str(file) for path in paths for file in Path(path).glob("*.csv")})
    return [*complete_variants(incomplete), *_select(files, incomplete)]


def _select_last(names: Iterable[str], incomplete: str) -> list[str]:
    """The last of a list with commas."""
    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in _select(names, last)]


def _select(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
