"""Jobs as a person does them: a few cells of sheet Plan edited, LibreOffice recalculates, and the answer is read from that sheet alone.

Each answer is compared with Python's in every cell of the sheet, and with what is known without the workbook: what weights take, what
a server costs to rent, and what a workload generates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.engines.storm import Edits, Sets, is_error, place, places_of, same, typed
from tests.support import copy_of, shipped, shipped_file
from workbook import api
from workbook.expr.values import shown
from workbook.model.evaluate import Values, evaluate

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.verify.engines.libreoffice import LibreOfficeSession

PLAN = "Plan"
MOST_CELLS = 5
YEAR = 8760.0  # h
GPUS_OF_A_SERVER, KNOTS = 8, 20
FIVE, US_COLOCATION_PUE = 5.0, 1.42  # MW; PUE of the fleet of Equinix in 2023
MEGAWATTS_OF_A_GPU = 10.2e-3 / 8  # of a DGX H100 of 10.2 kW, without its building


@dataclass(frozen=True)
class Job:
    """A question, the cells to edit for it, and what is known of its answer without the workbook.

    ``degree`` are the GPUs that hold the model, ``rent`` the USD of a GPU-hour, ``speed`` the output tokens/s of a GPU that would be
    believed.
    """

    sets: Sets
    degree: int
    rent: float
    speed: tuple[float, float]

    @property
    def tokens(self) -> float:
        """Output tokens/s at the peak; what is not edited is as shipped."""
        return tokens_of(shipped("planning"), str(self.sets.get("workload", "azure_2023")), float(self.sets.get("rate", 1000)))


JOBS = {
    "70B chat, 200 requests/s, on H200": Job(
        {"workload": "lmsys_chat", "rate": 200, "gpu_1": "h200_sxm", "objective": 2000}, degree=2, rent=2.50, speed=(200, 3000)
    ),
    "DeepSeek-V3, 100 requests/s of long context, on B200": Job(
        {"workload": "mooncake_conversation", "rate": 100, "model": "deepseek_v3", "gpu_1": "b200_sxm", "objective": 10_000},
        degree=8,
        rent=3.75,
        speed=(20, 1000),
    ),
    "gpt-oss-120b, one H100 an instance, two requests/s": Job(
        {"workload": "lmsys_chat", "rate": 2, "model": "gpt_oss_120b", "topology": "one pool"}, degree=1, rent=2.35, speed=(50, 5000)
    ),
    "prefill and decode apart": Job({"topology": "disaggregated"}, degree=4, rent=2.35, speed=(100, 2000)),
}


def tokens_of(book: api.Book, trace: str, rate: float, sets: Sets | None = None) -> float:
    """Give output tokens/s of a trace: lengths spread evenly between its knots, by its share of output."""
    given = sets or {}

    def cell(cell_id: str) -> float:
        found = book.model.find(cell_id)
        assert found
        return float(given.get(cell_id, book.values[found[0]][found[1]]))

    knots = [(cell(f"trace_knots.{trace}.p{n}.upper"), cell(f"trace_knots.{trace}.p{n}.cumulative")) for n in range(1, KNOTS + 1)]
    pairs = pairwise([(0.0, 0.0), *knots])
    mean = sum((upto - under) * (lower + upper) / 2 for (lower, under), (upper, upto) in pairs)
    return rate * mean * cell(f"traces.{trace}.output_share")


@dataclass
class Opened:
    """The planning workbook open in LibreOffice, as it was built until something is edited."""

    session: LibreOfficeSession
    book: api.Book
    file: Path

    def __post_init__(self) -> None:
        """Open the file."""
        self.session.open(self.file)
        places = {where: at for where, at in places_of(self.book).items() if where[0] == PLAN}
        self.places, self.asked = places, {PLAN: [address for _, address in places]}

    def answer(self, sets: Sets) -> Sheet:
        """Edit cells, recalculate and read sheet Plan; Python calculates the same."""
        edits = api.parse_sets(self.book.model, sets)
        values = evaluate(self.book.model.overridden(edits), edits)
        computed = typed(self.session, self.book, edits, self.asked)[PLAN]
        expected = {name: shown(array) for name, array in values.items()}
        wrong = [
            f"{address} {self.book.model.cell_id(*at)}: Python {expected[at.quantity][at.row]!r}, LibreOffice {computed[address]!r}"
            for (_, address), at in self.places.items()
            if at not in edits and (is_error(computed[address]) or not same(expected[at.quantity][at.row], computed[address]))
        ]
        assert wrong == []
        return Sheet(self.book, edits, values, {at.quantity + str(at.row): computed[address] for (_, address), at in self.places.items()})


@dataclass(frozen=True)
class Sheet:
    """What sheet Plan shows after edits."""

    book: api.Book
    edits: Edits
    values: Values
    cells: dict[str, object]

    @property
    def sentence(self) -> str:
        """The sentence on top."""
        return str(self.cells["finding.answer0"])

    def figure(self, answer: str, column: str = "case") -> float:
        """Give a number of the answers."""
        found = self.cells[f"figures.{column}{self.book.model.tables['figures'].index[answer,]}"]
        assert isinstance(found, float), (answer, column, found)
        return found

    def entered(self, name: str) -> object:
        """Give what the column of the service shows for something that follows from what is asked."""
        return self.cells[f"service.{name}0"]


def service(sets: Sets) -> Sets:
    """Give ids of cells in the column of the service."""
    return {f"service.plan.{name}": value for name, value in sets.items()}


@pytest.fixture
def opened(session: LibreOfficeSession) -> Opened:
    """Open the workbook as it is shipped."""
    return Opened(session, shipped("planning"), shipped_file("planning").path)


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_a_job_is_done_on_one_sheet_in_a_few_cells(opened: Opened, job: Job) -> None:
    sheet = opened.answer(service(job.sets))
    assert len(sheet.edits) <= MOST_CELLS
    assert {place(opened.book.layout, at)[0] for at in sheet.edits} == {PLAN}
    assert sheet.entered("tensor_parallel") == job.degree
    gpus, servers, tokens = (sheet.figure(name) for name in ("gpus", "servers", "tokens"))
    assert f"{gpus:.0f} " in sheet.sentence
    assert f" in {servers:.0f} servers " in sheet.sentence
    assert tokens == pytest.approx(job.tokens, rel=0.01)
    assert gpus % job.degree == 0
    assert gpus / GPUS_OF_A_SERVER <= servers
    assert job.speed[0] < tokens / gpus < job.speed[1]
    assert sheet.figure("rent") == pytest.approx(servers * GPUS_OF_A_SERVER * job.rent * YEAR)
    assert sheet.figure("average") < sheet.figure("peak")
    assert sheet.figure("energy") == pytest.approx(sheet.figure("average") * YEAR / 1000)
    assert sheet.figure("own") > sheet.figure("capex") / 5
    assert sheet.figure("first_token") < float(job.sets.get("objective", 1000))
    for answer in ("average", "own", "rent"):
        assert sheet.figure(answer, "low") < sheet.figure(answer)
        assert "no upper limit" in sheet.sentence or sheet.figure(answer) < sheet.figure(answer, "high")


@pytest.mark.parametrize(
    ("model", "says", "then"),
    [
        ("llama_3_1_405b", r"the weights do not fit; needs 16 GPUs an instance, .*: choose a lower weight precision", "weights"),
        ("deepseek_v3", r"the weights do not fit; needs 16 GPUs an instance, .*, GPUs with more memory or a shorter window\.", "gpu_1"),
    ],
)
def test_a_model_that_eight_gpus_do_not_hold_says_what_would_and_that_gives_an_answer(
    opened: Opened, model: str, says: str, then: str
) -> None:
    none = opened.answer(service({"model": model, "objective": 5000}))
    assert re.match(f"No answer for Your service: {says}", none.sentence)
    assert none.cells["figures.case0"] == ""
    found = opened.answer(service({"model": model, "objective": 5000, then: {"weights": "fp8", "gpu_1": "b200_sxm"}[then]}))
    assert re.match(r"\d+ \w+ SXM in \d+ servers ", found.sentence)


def test_what_five_megawatts_carry_is_read_for_one_and_needs_no_more_when_it_is_asked_for(opened: Opened) -> None:
    sheet = opened.answer({})
    assert 0.5 < sheet.figure("carried_gpus") * MEGAWATTS_OF_A_GPU < 1
    asked = opened.answer(service({"rate": FIVE * sheet.figure("carried")}))
    assert 0.95 * FIVE < asked.figure("provisioned") / 1000 * US_COLOCATION_PUE <= FIVE
    assert asked.figure("gpus") == pytest.approx(FIVE * sheet.figure("carried_gpus"), rel=0.05)


def test_renting_or_buying_over_four_years_is_one_cell(opened: Opened) -> None:
    longer, four = (opened.answer(service({"life": life})) for life in (5.5, 4))
    assert len(four.edits) == 1
    assert four.figure("own") > longer.figure("own")
    assert four.figure("rent") == longer.figure("rent")
    assert four.figure("break_even_load") == pytest.approx(four.figure("own") / four.figure("rent"))


def test_what_the_sentence_asks_for_in_place_of_a_short_objective_gives_an_answer(opened: Opened) -> None:
    asked: Sets = {"workload": "mooncake_conversation", "rate": 10}
    none = opened.answer(service(asked))
    (objective,) = re.findall(r"the shortest TTFT objective that works is (\d+) ms[.;]", none.sentence)
    found = opened.answer(service({**asked, "objective": float(objective)}))
    assert found.figure("first_token") <= float(objective)


def test_a_comparison_follows_until_a_cell_of_it_is_overwritten(opened: Opened) -> None:
    sheet = opened.answer({"service.plan.rate": 100, "service.plan_b.gpu_1": "h100_sxm"})
    assert sheet.figure("gpus") == sheet.figure("gpus", "comparison")
    assert "Your comparison (H100 SXM) needs about as many GPUs." in sheet.sentence
    more = opened.answer({"service.plan.rate": 100, "service.plan_b.gpu_1": "h100_sxm", "service.plan_b.rate": 200})
    assert 1.8 * more.figure("gpus") < more.figure("gpus", "comparison") < 2.2 * more.figure("gpus")


def test_requests_and_a_week_of_ones_own_are_pasted_on_a_sheet(opened: Opened) -> None:
    """400 requests, and a week that is at its peak by day and at a quarter of it by night: two cells of sheet Plan choose them."""
    lengths = [(40 * n % 3000 + 100, 7 * n % 500 + 20) for n in range(400)]
    own: Sets = {}
    for n, (prompt, answer) in enumerate(lengths, start=1):
        own |= {f"pasted.request{n}.input_first": prompt, f"pasted.request{n}.output_first": answer}
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    own |= {f"week.{day}.hour{n}.requests": 400 if 8 <= n < 20 else 100 for day in days for n in range(1, 25)}
    asked = service({"workload": "own_traffic_1", "rate": 50, "objective": 5000, "load_profile": "own"})
    nothing = opened.answer(asked)
    assert "no requests; paste requests on sheet Own traffic" in nothing.sentence
    sheet = opened.answer({**own, **asked})
    assert {place(opened.book.layout, at)[0] for at in sheet.edits} == {PLAN, "Own traffic"}
    output = sum(answer for _, answer in lengths) / len(lengths)
    assert sheet.figure("tokens") == pytest.approx(50 * output, rel=0.05)  # lengths are spread evenly between knots
    load_factor = sheet.values["load_cases.load_factor"][opened.book.model.tables["load_cases"].index["plan",]]
    assert load_factor == pytest.approx((12 * 1.0 + 12 * 0.25) / 24)


@pytest.fixture(scope="module")
def with_cards(tmp_path_factory: pytest.TempPathFactory) -> tuple[api.Book, Path]:
    """Build the workbook with a GPU and a model of one's own, a file each: the cards that are most like them, changed."""
    root = copy_of(None, tmp_path_factory.mktemp("own") / "templates")
    for file, changes in CARDS_OF_ONES_OWN.items():
        like, name = file.split(" as ")
        text = (root / f"{like}.yaml").read_text("utf-8")
        for old, new in changes.items():
            assert text.count(old) == 1, (file, old)
            text = text.replace(old, new)
        (root / f"{name}.yaml").write_text(text, "utf-8")
    return api.load("planning", root), api.build("planning", root.parent / "own.xlsx", templates=root).path


CARDS_OF_ONES_OWN = {
    "hardware/h200_sxm as hardware/large": {
        "key: h200_sxm": "key: large",
        "name: H200 SXM": "name: Large GPU",
        'value: 141, note: "151,397,597,184 bytes"': "value: 282",
        "{value: 2.50, low: 1.60": "{value: 4.00, low: 1.60",
    },
    "models/qwen3_32b as models/house": {"key: qwen3_32b": "key: house", "name: Qwen3-32B": "name: House model"},
}
"""Files of cards by the file that they are a copy of, and what is different in them."""


@pytest.mark.parametrize(
    ("sets", "degree", "begins"),
    [
        ({"gpu_1": "large", "objective": 2000}, 1, r"\d+ Large GPU in \d+ servers"),
        ({"model": "house"}, 2, r"\d+ H100 SXM in \d+ servers"),
        ({"gpu_1": "large", "model": "house", "rate": 20}, 1, r"\d+ Large GPU in \d+ servers \(\d+ kW provisioned\) carry 20 requests/s"),
    ],
    ids=["a GPU", "a model", "both"],
)
def test_a_card_of_ones_own_is_one_file_and_is_chosen_on_the_sheet(
    session: LibreOfficeSession, with_cards: tuple[api.Book, Path], sets: Sets, degree: int, begins: str
) -> None:
    sheet = Opened(session, *with_cards).answer(service(sets))
    assert re.match(begins, sheet.sentence)
    assert sheet.entered("tensor_parallel") == degree
    if "gpu_1" in sets:
        assert sheet.figure("rent") == pytest.approx(sheet.figure("servers") * GPUS_OF_A_SERVER * 4.00 * YEAR)
