"""Time and memory of reading a trace of a million requests: python tests/bench/import_of_a_million_requests.py.

Measured in November 2026 on two shared cores: 5.5 s and 168 MB for CSV.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from workbook import import_trace

ROWS = 1_000_000
MOST_SECONDS, MOST_MEGABYTES = 20, 500


def main() -> int:
    """Write a trace, read it, print what that took; 1 where it took too much."""
    draw = random.Random(1)  # noqa: S311 no secret
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "million.csv"
        at = 0.0
        with file.open("w", encoding="utf-8") as stream:
            stream.write("Timestamp,Request tokens,Response tokens\n")
            for _ in range(ROWS):
                at += draw.expovariate(20)
                stream.write(f"{at:.6f},{int(draw.lognormvariate(6.5, 1)) + 1},{int(draw.lognormvariate(5, 1))}\n")
        start = time.perf_counter()
        print(import_trace(file).verdict)
        seconds = time.perf_counter() - start
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{ROWS:,} rows: {seconds:.1f} s, {megabytes:.0f} MB")
    return int(seconds > MOST_SECONDS or megabytes > MOST_MEGABYTES)


if __name__ == "__main__":
    sys.exit(main())
