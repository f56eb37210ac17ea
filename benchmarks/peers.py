"""densebench's steps against what would be run instead: ``python benchmarks/peers.py --output peers.csv``.

``script``              the blog series' script: Keras's functional model with L2 losses, and ``fit``
``plain``, ``fast``     densebench's implementations on TensorFlow; ``fast-recompute``
``torch-eager``         a DenseNet-BC in plain PyTorch, channels last
``torch-eager-malloc``  the same, with large buffers kept as densebench keeps them
``torch-compile``       the same, compiled

All train the same network (the number of parameters is checked) on the same random images from memory.
"""

import paired


def main() -> None:
    """Measure, print and write."""
    contenders = "script,plain,fast,torch-eager,torch-eager-malloc"
    parser = paired.parser(__doc__, contenders=contenders, baseline="script", rounds=5, warm_up=2, steps=5)
    given = parser.parse_args()
    rows = paired.sit(paired.settings(given), given.output)
    paired.report(rows, given.baseline)
    fast = [name for name in given.contenders.split(",") if name == "fast" != given.baseline]
    for name in fast:  # the goals are ratios to fast's own speed
        print()
        paired.report([row for row in rows if row.contender != given.baseline], name)


if __name__ == "__main__":
    main()
