from densebench.events import Ended
from densebench.running.launchers.loop import Loop


def test_runs_are_made_one_by_one_up_to_a_signal(queue, heard, monkeypatch):
    codes = [1, 0, 130, 0]

    def make_run(queued, on_event):
        ended = Ended(status="failed", reason=None, exit_code=codes.pop(0))
        on_event(ended)
        return queued.task.config, ended

    monkeypatch.setattr("densebench.running.launchers.loop.make_run", make_run)
    outcomes = list(Loop().launch(queue(4), heard.report))
    assert [(outcome.config.run, outcome.ended.exit_code) for outcome in outcomes] == [("a", 1), ("b", 0), ("c", 130)]
    assert [run for _, run in heard] == ["a", "b", "c"]
