import json

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions
from densebench.reporting.conclusion import conclude
from densebench.reporting.export import format_comparison
from densebench.reporting.frames import make_comparison_frame
from densebench.reporting.page.tables import sections
from densebench.reporting.scaling import EXPLAINED, conclude_scaling, format_efficiency


def sentences(*runs):
    return conclude_scaling(compare(runs, CompareOptions()))


def test_a_sentence_says_what_several_devices_give_and_what_share_of_the_ideal_that_is(trained):
    runs = [trained("a", devices=n, seconds=seconds) for n, seconds in ((1, 10.0), (2, 6.25), (4, 3.125))]
    (said,) = sentences(*runs)
    first, second = said.split("; ")
    assert first == "2 devices give 1.60 times the images a second of one, 80.0 % of twice"
    assert second == "4 devices 3.20 times, 80.0 % of 4 times."


def test_nothing_is_said_without_a_row_of_one_device(trained):
    assert sentences(trained("a", devices=2), trained("a", devices=4)) == []


def test_hosts_are_named_too(trained):
    hosts, both = trained("a", hosts=2, seconds=5.0), trained("a", hosts=2, devices=2, seconds=2.5)
    (said,) = sentences(trained("a"), hosts, both)
    assert said.startswith("2 hosts give 2.00 times the images a second of one, 100.0 % of twice; 4 devices of 2 hosts")


def test_several_networks_are_named_and_many_rows_are_summed_up(trained):
    runs = [trained(name, devices=n, seconds=10 / n + n / 10) for name in ("a", "b") for n in (1, 2)]
    first, second = sentences(*runs)
    assert (first[:20], second[:20]) == ("a: 2 devices give 1.", "b: 2 devices give 1.")
    many = [trained(name, devices=n, seconds=10 / n + n / 10) for name in "abc" for n in (1, 2, 4, 8)]
    (said,) = sentences(*many)
    assert said.startswith("Scaling efficiency of 9 rows on several devices: ")


def test_rows_of_as_many_devices_are_named_by_their_labels(trained):
    runs = [trained("a"), *(trained("a", devices=2, batch_norm=how, seconds=6.0) for how in ("global", "replica"))]
    (said,) = sentences(*runs)
    assert said.startswith("a · devices 2 · batch norm global gives 1.67 times the images a second of one, 83.3 % of")


def test_the_devices_of_a_cpu_are_said_to_share_its_cores(trained):
    runs = [trained("a", device_kind="cpu"), trained("a", device_kind="cpu", devices=2)]
    assert sentences(*runs) == [
        "2 devices give 1.00 times the images a second of one, 50.0 % of twice; the devices of a CPU share its cores."
    ]


def test_several_runs_give_the_sentence_an_interval(trained):
    runs = [trained("a", seed, devices=n, seconds=10 / n + seed / 10 / n**2) for n in (1, 2) for seed in range(3)]
    (said,) = sentences(*runs)
    assert "% of twice (95 % interval [" in said


def test_a_share_has_a_decimal_and_that_of_one_device_none():
    assert [format_efficiency(share) for share in (None, 1, 0.9154, 1.02)] == ["-", "100 %", "91.5 %", "102.0 %"]


def test_every_format_has_the_column_and_tables_only_where_there_is_something_to_say(trained):
    alone, both = trained("a", seconds=10.0), trained("a", devices=2, seconds=6.25)
    comparison, other = compare([alone, both], CompareOptions()), compare([alone], CompareOptions())
    assert "| Scaling |" in format_comparison(comparison, "markdown")
    assert EXPLAINED in format_comparison(comparison, "markdown")
    assert "Scaling" not in format_comparison(other, "markdown") + format_comparison(other, "latex")
    assert "80.0 \\%" in format_comparison(comparison, "latex")
    rows = json.loads(format_comparison(comparison, "json"))["rows"]
    (row,) = [row for row in rows if row["settings"]["devices"] == 2]
    assert row["scaling"]["efficiency"] == 0.8
    assert row["scaling"]["reference"] == "a · devices 1"
    frame = make_comparison_frame(comparison).set_index("devices")
    assert frame.loc[2, "scaling_efficiency"] == 0.8
    assert frame["scaling_efficiency_low"].isna().all()
    (section,) = sections(comparison)
    assert "Scaling" in [column.title for column in section.columns]
    assert conclude(comparison) == conclude_scaling(comparison) != []


def test_the_column_stays_in_a_table_of_80_characters(trained):
    from densebench.reporting.comparison_tables import fit_rows

    for phase in ("train", "speed"):
        rows = compare([trained("a", devices=n, seconds=10 / n, phase=phase) for n in (1, 2)], CompareOptions()).rows
        assert "scaling_efficiency" in {column.name for column in fit_rows(rows, None, 80).grid.columns}
