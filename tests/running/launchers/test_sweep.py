import pytest

from densebench.errors import ResultsError
from densebench.running.launchers.sweep import open_sweep, read_sweeps


def test_a_sweep_is_on_disk_while_it_goes_on_and_after(queue, in_tmp):
    with open_sweep("slurm", queue(2)) as (sweep, owned):
        assert [run.owner for run in owned] == [f"{sweep.name}/a", f"{sweep.name}/b"]
        noted = sweep.note_job("12")
        assert read_sweeps("runs") == [noted]
        assert noted.is_attended
        noted.stop()
    (found,) = read_sweeps("runs")
    assert (found.job, found.is_attended, found.is_stopped) == ("12", False, True)
    assert [run.find_directory() for run in found.runs] == [None, None]


def test_two_sweeps_of_one_second_have_two_names(queue, in_tmp):
    with open_sweep("ray", queue(1)), open_sweep("ray", queue(1)):
        assert len({sweep.name for sweep in read_sweeps("runs")}) == 2


def test_a_damaged_file_is_named(queue, in_tmp):
    with open_sweep("ray", queue(1)) as (sweep, _):
        (sweep.folder / "sweep.json").write_text("{}")
        with pytest.raises(ResultsError, match=r"sweep.json is not the file of a sweep"):
            read_sweeps("runs")
