"""A backend as a run on a CPU finds it; tests replace what they are about."""

from densebench.training.backends.backend import BackendFacts

FACTS = BackendFacts(
    name="tensorflow",
    version="1",
    keras="3",
    precision="float32",
    implementation="fast",
    jit=False,
    tf32=False,
    deterministic=False,
    threads=2,
    device_kind="cpu",
    device_name=None,
    cuda=None,
    cudnn=None,
)
