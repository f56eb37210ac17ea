"""``densebench env``."""

from densebench.cli import arguments as option
from densebench.cli.printing import print_grids


def env(data_dir: option.DataDir = None, format: option.Format = "table") -> int:
    """Show the machine and the software that decide a figure, and what is missing."""
    from densebench import workflows

    print_grids(workflows.describe_environment(data_dir), format, "environment")
    return 0
