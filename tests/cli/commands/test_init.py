from densebench.cli.app import run


def test_init_writes_a_network_that_summary_counts_and_keeps_a_file_that_exists(in_tmp, capfd):
    assert run(["init", "mynet.py"]) == 0
    assert capfd.readouterr().err == (
        "Wrote mynet.py.\nNext: densebench train mynet.py:mynet --dataset digits --epochs 5\n"
    )
    assert run(["summary", "mynet.py:mynet", "--format", "csv"]) == 0
    assert "mynet.py:mynet,,own,,,48578," in capfd.readouterr().out
    assert run(["init", "mynet.py"]) == 2
    assert "error: mynet.py exists and is kept" in capfd.readouterr().err
