"""From the events of a run's process to the view that the user sees."""

from densebench import events
from densebench.reporting.live.view import View


def show(event: events.Event, view: View) -> None:
    """Tell the view what the run's process says."""
    match event:
        case events.Started():
            view.run_started(
                event.run,
                variant=event.variant,
                params=event.params,
                epochs=event.epochs,
                steps=event.steps,
                finished=event.first_epoch - 1,
            )
        case events.Progress():
            view.progress(
                epoch=event.epoch,
                step=event.step,
                steps=event.steps,
                loss=event.loss,
                accuracy=event.accuracy,
                images_per_second=event.images_per_second,
            )
        case events.EpochEnded():
            view.epoch_ended(event.record)
        case events.Message():
            view.message(event.text)
        case events.Transfer():
            view.transfer(event.what, event.done, event.total)
        case events.Ended():
            pass  # the launcher says how the process really ended
