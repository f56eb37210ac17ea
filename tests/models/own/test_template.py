import pytest

from densebench.errors import InputError
from densebench.models.own.checking import count_checked
from densebench.models.own.lookup import load
from densebench.models.own.template import write_template


@pytest.mark.parametrize(
    ("file", "function"),
    [("mynet.py", "mynet"), ("My Net-2.py", "my_net_2"), ("3d.py", "net_3d"), ("class.py", "net_class")],
)
def test_the_file_holds_a_network_of_its_name_that_can_be_trained(file, function, tmp_path):
    address = write_template(tmp_path / file)
    assert address == f"{tmp_path / file}:{function}"
    assert 10_000 < count_checked(load(address), classes=10, image_size=8).params < 100_000
    assert f"densebench train {file}:{function} --dataset digits" in (tmp_path / file).read_text()


def test_a_file_that_exists_is_kept(tmp_path):
    (tmp_path / "mynet.py").write_text("mine")
    with pytest.raises(InputError, match="exists and is kept"):
        write_template(tmp_path / "mynet.py")
    assert (tmp_path / "mynet.py").read_text() == "mine"


def test_a_name_that_is_no_python_file_or_a_folder_that_is_missing_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"ends in \.py, such as mynet\.py"):
        write_template(tmp_path / "mynet")
    with pytest.raises(InputError, match="cannot be written"):
        write_template(tmp_path / "none" / "mynet.py")
