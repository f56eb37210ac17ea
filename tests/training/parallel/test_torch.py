"""How processes of PyTorch find each other; what they do then is in test_data_parallel.py."""

import socket
from datetime import timedelta

import pytest

from densebench.errors import RunFailed
from densebench.training.parallel.layout import Layout

pytest.importorskip("torch", reason="PyTorch is not installed")


@pytest.mark.parametrize("host", [0, 1])
def test_hosts_that_do_not_come_are_said_in_a_sentence(host, monkeypatch):
    from densebench.training.parallel import torch

    monkeypatch.setattr(torch, "_PATIENT", timedelta(seconds=1))
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    layout = Layout(hosts=2, ranks=2, host=host, rank=host, addresses=(address,))
    with pytest.raises(RunFailed, match="Not all 2 hosts came within 1 s"):
        torch._open_store(layout)
