"""Opens the launcher that was chosen: the only place that loads one of them."""

from densebench.running.launchers.options import LaunchOptions, check_launch
from densebench.running.launchers.protocol import Launcher


def open_launcher(options: LaunchOptions) -> Launcher:
    """The launcher; raises :class:`densebench.errors.InputError` where it cannot be used as asked."""
    check_launch(options)
    if options.launcher == "ray":
        from densebench.running.launchers.ray.launcher import RayLauncher

        return RayLauncher(options)
    if options.launcher == "slurm":
        from densebench.running.launchers.slurm.launcher import SlurmLauncher

        return SlurmLauncher(options)
    from densebench.running.launchers.loop import Loop

    return Loop()
