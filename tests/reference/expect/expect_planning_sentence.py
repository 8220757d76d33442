"""Expectations of the sentence on sheet Plan, of what it rests on, and of the titles of its charts."""

from tests.reference.expect import planning_sensitivity as sensitivity
from tests.reference.expect.expect_planning_plan import both_have_answers, driver_at, is_answered, rounded, short
from tests.reference.expect.expect_planning_results import both_answered, gain, named, remark_of_chosen, state_of
from tests.reference.expect.expect_planning_sensitivity import driver
from tests.reference.expect.planning_cases import PLAN, chosen, number_of, text_of
from tests.reference.expect.planning_columns import expect_rows
from tests.reference.expect.planning_load import rated_power
from tests.reference.expect.planning_money import MILLION, Totals, totals
from tests.reference.expect.planning_needs import whole
from tests.reference.expect.planning_ranges import HELD, evidence
from tests.reference.expect.planning_sensitivity import headline_of, interval
from tests.reference.quantities import PLANNING, Inputs

# The answer in words


def of(i: Inputs, which: str) -> Totals:
    """Return the fleet of one of the two cases."""
    return totals(i, chosen(i, which))


def gpu_name(i: Inputs, which: str) -> str:
    """Return the name of the GPU of the short pools of one of the two cases."""
    return i.shown(f"hardware.{text_of(i, chosen(i, which), 'gpu_1')}")


def rate_of_case(i: Inputs) -> float:
    """Return the requests a second of the case."""
    return number_of(i, chosen(i, "chosen"), "rate")


def load_in_words(i: Inputs) -> str:
    """Return the requests a second of the case in words, with decimals below ten."""
    rate = rate_of_case(i)
    return f"carry {whole(rate) if rate >= 10 or rate == round(rate) else rounded(rate, 2)} requests/s"


def servers_in_words(i: Inputs) -> str:
    """Return the servers of the case in words."""
    provisioned = rated_power(i, chosen(i, "chosen"))["provisioned"]
    return f"{whole(of(i, 'chosen').provisioned)} servers ({whole(provisioned)} kW provisioned)"


def fleet(i: Inputs) -> str:
    """Return the fleet of the case in words."""
    return f"{whole(of(i, 'chosen').gpus)} {gpu_name(i, 'chosen')} in {servers_in_words(i)} {load_in_words(i)}"


def millions(i: Inputs, which: str, name: str) -> str:
    """Return a yearly cost in millions."""
    return rounded(float(getattr(of(i, which), name)) / MILLION, 2)


def in_percent(share: float) -> str:
    """Return a share in whole percent."""
    return whole(100.0 * share)


def likely_range(i: Inputs) -> str:
    """Return how far the cost of owning may be off, or GPUs where it has no price, and what moves it most."""
    if sensitivity.opening(i, "chosen"):
        return f"no upper limit: {driver(i, 'chosen', 'gpus')}"
    return range_of(i, "own", "owning") if is_answered(i, "chosen", "own") else range_of(i, "gpus", "GPUs")


def range_of(i: Inputs, headline: str, called: str) -> str:
    """Return how far a figure may be off, and what moves it most."""
    return f"likely range of {called} -{off(i, headline)[0]}/+{off(i, headline)[1]}%, mostly {short(i, driver_at(i, headline, 'n1'))}"


def off(i: Inputs, headline: str) -> tuple[str, str]:
    """Return by how many percent a figure of the case may be off, downwards and upwards."""
    down, up = interval(i, headline, "chosen")
    return in_percent(down), in_percent(up)


def costs(i: Inputs) -> str:
    """Return what renting and owning cost a year, or which price is missing."""
    own = f"${millions(i, 'chosen', 'own')}M"
    if is_answered(i, "chosen", "own"):
        return f"{renting(i)}, owning {own}" if is_answered(i, "chosen", "rent") else f"owning costs {own} a year, no rental price"
    return f"{renting(i) if is_answered(i, 'chosen', 'rent') else 'no rental price'}, no purchase price"


def renting(i: Inputs) -> str:
    """Return what renting costs a year."""
    return f"renting costs ${millions(i, 'chosen', 'rent')}M a year"


def fewer(i: Inputs) -> float:
    """Return the GPUs of the comparison, relative to those of the case, less one; 0 where these are none."""
    base = headline_of(i, chosen(i, "chosen"), "gpus")
    return headline_of(i, chosen(i, "comparison"), "gpus") / base - 1.0 if base else 0.0


def how_many(i: Inputs) -> str:
    """Return how many GPUs the comparison needs, in words."""
    if in_percent(abs(fewer(i))) == "0":
        return "about as many"
    return f"{in_percent(abs(fewer(i)))}% {'fewer' if fewer(i) < 0 else 'more'}"


def other_weights(i: Inputs) -> str:
    """Return the precision of the comparison's weights where it is another than the case's."""
    case, comparison = (text_of(i, chosen(i, which), "weights") for which in ("chosen", "comparison"))
    return "" if case == comparison else f", {i.shown(f'precisions.{comparison}')}"


def other_window(i: Inputs) -> str:
    """Return the longest window of the comparison where it is another than the case's."""
    case, comparison = (number_of(i, chosen(i, which), "long_window") for which in ("chosen", "comparison"))
    return "" if case == comparison else f", windows up to {whole(comparison)} tokens"


def other(i: Inputs) -> str:
    """Return how the comparison differs, nothing where there is none."""
    if not is_answered(i, "comparison") or chosen(i, "comparison") == chosen(i, "chosen"):
        return ""
    return f" {named(i, 'comparison')} ({gpu_name(i, 'comparison')}{other_weights(i)}{other_window(i)}) needs {how_many(i)} GPUs."


def cure(i: Inputs) -> str:
    """Return what there is to say of the case."""
    return remark_of_chosen(i, "chosen")


def answer(i: Inputs) -> str:
    """Return the answer in a sentence, or why there is none and what would give one."""
    if not is_answered(i, "chosen"):
        return f"No answer for {named(i, 'chosen')}: {state_of(i, 'chosen')}{'; ' if cure(i) else ''}{cure(i)}."
    return f"{fleet(i)}; {costs(i)}; {likely_range(i)}.{other(i)}"


def held(i: Inputs) -> str:
    """Return how many percent of points the limits held on which the case rests."""
    return in_percent(HELD[evidence(i, chosen(i, "chosen")).kind])


def rests_on(i: Inputs) -> str:
    """Return what step times and power of the case rest on."""
    word = evidence(i, chosen(i, "chosen")).word
    if word == "as printed":
        return "Step times and power: as printed in the paper, judged on no points."
    return f"Step times and power: {word} (intervals held {held(i)}% of such points, {'in sample' if word == 'measured' else 'held out'})."


def whose(i: Inputs) -> str:
    """Return that the answer is that of another case than sheet Plan asks for."""
    if chosen(i, "chosen") == PLAN:
        return ""
    return f" The answer is of case {named(i, 'chosen')}; the yellow cells ask for another one."


def remark(i: Inputs) -> str:
    """Return what to know of the answer."""
    if not is_answered(i, "chosen"):
        return f"Owner: {i.text('about.owner')}.{whose(i)}"
    return f"{rests_on(i)} Demand is a scenario of its own (sheet Risks).{more(i)}{whose(i)} Owner: {i.text('about.owner')}."


def more(i: Inputs) -> str:
    """Return what else there is to say of the case."""
    return f" Note: {cure(i)}." if cure(i) else ""


def power_finding(i: Inputs) -> str:
    """Return the finding of the chart of power."""
    if not both_have_answers(i, "comparison"):
        return ""
    return f"Average power {whole(of(i, 'chosen').average)} kW, compared with {whole(of(i, 'comparison').average)} kW. "


def cost_finding(i: Inputs) -> str:
    """Return the finding of the chart of cost."""
    if not both_have_answers(i, "comparison", "own"):
        return ""
    return f"Owning costs ${millions(i, 'chosen', 'own')}M a year, compared with ${millions(i, 'comparison', 'own')}M. "


ROUTING, NEXT_GPU = ("h100", "fleetopt"), ("b200", "homo")


def gained(i: Inputs, *keys: str) -> str:
    """Return by how many percent tokens per joule rise or fall, halves up."""
    change = gain(i, *keys) - 1.0
    return f"{'+' if change >= 0 else ''}{rounded(100.0 * change)}%"


def routing_finding(i: Inputs) -> str:
    """Return the finding of the chart of routing and new GPUs."""
    if not (both_answered(i, *ROUTING) and both_answered(i, *NEXT_GPU)):
        return ""
    return f"Tokens per joule: routing {gained(i, *ROUTING)} on H100, B200 alone {gained(i, *NEXT_GPU)}."


expect_rows(
    "sentence",
    {
        "fleet": fleet,
        "servers": servers_in_words,
        "load": load_in_words,
        "rate": rate_of_case,
        "rent": lambda i: millions(i, "chosen", "rent"),
        "own": lambda i: millions(i, "chosen", "own"),
        "own_other": lambda i: millions(i, "comparison", "own"),
        "down": lambda i: off(i, "own")[0],
        "up": lambda i: off(i, "own")[1],
        "gpus_down": lambda i: off(i, "gpus")[0],
        "gpus_up": lambda i: off(i, "gpus")[1],
        "gpus_range": lambda i: range_of(i, "gpus", "GPUs"),
        "renting": renting,
        "costs": costs,
        "range": likely_range,
        "fewer": fewer,
        "how_many": how_many,
        "other_weights": other_weights,
        "other_window": other_window,
        "other": other,
        "answer": answer,
        "cure": cure,
        "held": held,
        "evidence": rests_on,
        "mine": whose,
        "remark": remark,
        "more": more,
        "average": lambda i: whole(of(i, "chosen").average),
        "average_other": lambda i: whole(of(i, "comparison").average),
        "power_finding": power_finding,
        "cost_finding": cost_finding,
        "routing_finding": routing_finding,
        "charts": lambda i: power_finding(i) + cost_finding(i) + routing_finding(i),
    },
)
PLANNING.differences.add("sentence.fewer")
