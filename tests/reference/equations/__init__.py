"""Plain functions written from the published equations, independent of the package.

Nothing here but `test_every_quantity`, which compares the two, imports the package
under test: a quantity computed by it and the same quantity computed here share only the
literature they were taken from.

Conventions of every module:

- Units are SI (s, byte, byte/s, FLOP/s, W) and tokens, unless a name says otherwise.
- Arguments are scalars or arrays and broadcast against each other; the result has
  the broadcast shape (zero-dimensional for scalars).
- NaN, infinite and out-of-domain arguments raise ``ValueError``; a docstring gives the
  domain of each argument, and names errors and shapes only where they differ from this.

Sources are quoted in short form: "arXiv 2603.17280" is the paper "The 1/W Law",
version 1; "reproduction" is vllm-project/semantic-router, src/fleet-sim, a86f4a281.
"""
