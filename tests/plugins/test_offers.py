import subprocess
import sys

import pytest

from densebench.errors import InputError
from densebench.plugins.offers import describe_clashes, describe_offers, find_offer, list_offers


def test_what_a_package_offers_is_known_by_name_with_the_package_and_its_version(install):
    install({"variants": {"little": "fancynets:little"}, "recipes": {"quick": "fancynets:quick"}})
    offer = find_offer("variants", "little")
    assert (offer.name, offer.package) == ("little", "fancynets 1.2")
    assert callable(offer.load())
    assert find_offer("variants", "quick") is None
    assert find_offer("datasets", "little") is None


def test_nothing_of_a_package_is_loaded_before_it_is_asked_for(install):
    install({"variants": {"little": "fancynets:little"}}, code="raise RuntimeError('was loaded')")
    assert list(list_offers("variants")) == ["little"]
    with pytest.raises(InputError, match=r"network 'little' of the package fancynets 1\.2 cannot be loaded .*was load"):
        find_offer("variants", "little").load()


def test_a_name_that_densebench_has_itself_is_not_used_and_that_is_said(install):
    install({"recipes": {"blog": "fancynets:quick", "quick": "fancynets:quick"}})
    (clash,) = describe_clashes("recipes", ["blog"])
    assert clash.startswith("The recipe 'blog' of the package fancynets 1.2 is not used")
    assert describe_offers("recipes", but=["blog"]) == ["The recipe 'quick' is of the package fancynets 1.2."]


def test_of_two_packages_with_one_name_the_first_by_name_is_used(install):
    install({"recipes": {"quick": "one:quick"}}, package="one")
    install({"recipes": {"quick": "another:quick"}}, package="another")
    assert find_offer("recipes", "quick").package == "another 1.2"


def test_a_command_that_names_networks_of_the_table_looks_at_no_package():
    code = (
        "import sys\nfrom densebench.cli.app import run\nrun(['summary', 'resnet20'])\n"
        "from densebench.plugins.offers import list_offers\nprint(list_offers.cache_info().currsize, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "0"
