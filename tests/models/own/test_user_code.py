import sys

import pytest

from densebench.errors import InputError, RunFailed
from densebench.models.own.user_code import Misuse, explained, run_file


def run(tmp_path, source):
    path = tmp_path / "mynets.py"
    path.write_text(source)
    return run_file(path, path.read_bytes(), "densebench_test_network")


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("x = 1\ny = x + nothing\n", "mynets.py, line 2: NameError: name 'nothing' is not defined."),
        ("def x(nn image): pass\n", "mynets.py, line 1: invalid syntax: correct the line."),
        ("raise SystemExit(3)\n", "mynets.py, line 1: SystemExit: 3."),
        ("import json\n\njson.loads('{')\n", "mynets.py, line 3: JSONDecodeError:"),
    ],
)
def test_an_error_is_one_sentence_with_the_line_of_the_file(source, sentence, tmp_path):
    with pytest.raises(InputError) as caught:
        run(tmp_path, source)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


def test_a_module_beside_the_file_is_not_imported_because_no_hash_stands_for_it(tmp_path, monkeypatch):
    (tmp_path / "helper.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InputError, match=r"line 1: helper.py beside it cannot be imported.*into one file"):
        run(tmp_path, "import helper\n")
    assert str(tmp_path) in sys.path


def test_what_a_file_prints_is_no_result(tmp_path, capsys):
    run(tmp_path, "print('hello')\n")
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "hello\n")


def test_errors_of_densebench_pass_and_misuse_is_said_as_it_is():
    with pytest.raises(RunFailed), explained(None, "net"):
        raise RunFailed("It failed.")
    with pytest.raises(InputError, match=r"^net: nn\.add takes two feature maps\.$"), explained(None, "net"):
        raise Misuse("nn.add takes two feature maps")
