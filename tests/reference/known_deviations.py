"""Where the workbook is known to leave the published model, and which edits show it.

At the inputs of the templates none of these can be seen. The expectations follow the model;
an entry is struck off once the workbook does.
"""

from dataclasses import dataclass

from tests.reference.draws import Values


@dataclass(frozen=True, slots=True)
class Deviation:
    """A deviation: edits that show it, the inputs that take part, and the quantities it may reach."""

    name: str
    reason: str
    edits: Values
    inputs: tuple[str, ...]
    quantities: frozenset[str]


def _of(table: str, columns: str) -> set[str]:
    return {f"{table}.{column}" for column in columns.split()}


LENGTHS = frozenset(
    _of("architecture", "base_step_time step_time throughput tok_per_w tok_per_j")
    | _of("moe", "tok_per_w tok_per_j throughput tok_per_w_corrected tok_per_j_corrected overstated")
    | _of("dispatch", "step_time throughput tok_per_w tok_per_j dense_tok_per_j lead")
    | _of("generations", "throughput tok_per_w tok_per_j gain tokens_per_dollar")
    | _of("printed_2", "live physical deviation relative ok")
    | _of("printed_5", "live physical deviation relative ok")
    | _of("checks", "table_2 table_5 failures status")
    | {"reproduction.reproduced", "headline.reproduced"}
)
ROUTING = frozenset(
    _of("routing", "compute_share power tok_per_w tok_per_j")
    | _of("printed_4", "live physical deviation relative ok")
    | _of("checks", "table_4 failures status")
    | {"reproduction.reproduced", "headline.reproduced"}
)

DEVIATIONS = (
    Deviation(
        "lengths",
        "Tables 2 and 5 read the KV cache at the calibration length, not at the mean length of decode.window;"
        " the power of the 8B pool of Table 4 is taken at the mean length, not at the calibration length",
        {"decode.window": 16384.0},
        ("decode.window", "decode.mean_length_share", "decode.calibration_length"),
        LENGTHS | ROUTING,
    ),
    Deviation(
        "curve",
        "Table 4 takes its power from the H100 curve, not from the curve of the H100 profile as Table 1 does",
        {"profiles.h100_calibrated.power_curve": "h200"},
        ("profiles.h100_calibrated.power_curve",),
        ROUTING,
    ),
)
