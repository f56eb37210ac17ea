"""Replaces a run's process by a stub: the same files, locks, events and signals, but no framework.

Python imports it when its folder is on PYTHONPATH. An epoch takes the seconds in the file ``seconds`` of the working
directory, or 0.1. Start and end each add a line to ``stub.log``: the run, its first epoch, CUDA_VISIBLE_DEVICES,
OMP_NUM_THREADS, the time. Seed 13 ends with a loss that is not finite, seed 99 once kills the process above it.
"""

import os
import sys

if "densebench.running.worker" in getattr(sys, "orig_argv", []):
    import dataclasses
    import signal
    import time
    from pathlib import Path

    from densebench.events import EpochEnded, Started
    from densebench.records import EpochRecord
    from densebench.running import worker
    from densebench.running.directory import mark_begun, run_directory

    def note(*values):
        with open("stub.log", "a") as log:
            log.write(" ".join(map(str, values)) + "\n")

    def do_job(task, run_file, channel, stopper, layout):
        config = task.config
        first = len(run_file.run.records) + 1
        cards = os.environ.get("CUDA_VISIBLE_DEVICES")
        note("start", config.run, first, repr(cards), os.environ.get("OMP_NUM_THREADS"), time.time())
        restarts = (run_file.run.restarts or 0) + task.is_restart
        run_file.update(dataclasses.replace(run_file.run, launcher=task.launcher, restarts=restarts))
        directory = run_directory(config.runs_dir, config.run)
        stopper.preparing = False
        mark_begun(directory)
        try:
            train(config, run_file, channel, stopper, first)
        finally:
            note("end", config.run, first, repr(cards), os.environ.get("OMP_NUM_THREADS"), time.time())

    def train(config, run_file, channel, stopper, first):
        epochs = config.recipe.epochs
        seconds = float(Path("seconds").read_text()) if Path("seconds").exists() else 0.1
        channel.send(Started(run=config.run, variant="stub", params=1, epochs=epochs, steps=1, first_epoch=first))
        for epoch in range(first, epochs + 1):
            time.sleep(seconds)
            stopper.check()
            if config.seed == 13:
                from densebench.errors import NonFiniteLoss

                raise NonFiniteLoss("The loss is not finite.")
            record = EpochRecord(epoch=epoch, train_loss=1 / epoch, elapsed_seconds=float(epoch))
            run_file.update(dataclasses.replace(run_file.run, records=(*run_file.run.records, record)))
            channel.send(EpochEnded(record=record))
            if config.seed == 99 and epoch == 2 and first == 1:
                os.kill(os.getppid(), signal.SIGKILL)
                while True:  # until it notices: how soon, and so in which epoch, would be the machine's
                    stopper.check()
                    time.sleep(0.01)

    worker._do_job = do_job
    worker._exit(worker.main())
