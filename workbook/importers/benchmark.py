"""Benchmarks: results of vLLM, SGLang, TensorRT-LLM, GuideLLM, AIPerf and InferenceX as measured points and a calibrated card."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from workbook.declare.overlay import cards_of
from workbook.declare.packaged import directory
from workbook.declare.sheets import declarations
from workbook.errors import Diagnostic, Place, Problems, WorkbookError, as_typed, some, suggest, visible
from workbook.files import check_target, whole
from workbook.importers.benchmark_runs import MEASURED, Run, read_runs
from workbook.importers.benchmark_tools import AMD, BLOCKS_OF, ENGINES, WEIGHTS
from workbook.importers.calibrated import calibrated
from workbook.importers.card_names import gpu_key, model_key, model_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbook.declare.catalogues import Catalogue
    from workbook.declare.overlay_files import Files
    from workbook.importers.card import Card
    from workbook.importers.rows import Bad

PRECISIONS = ("bf16", "fp8", "fp8_block", "nvfp4", "mxfp4", "int4")
_SUFFIX = ".csv"
_NAMES = (
    "model",
    "gpu",
    "engine",
    "weights",
    "cached",
    "gpus",
    "replicas",
    "in_flight",
    "prompt",
    "output",
    *MEASURED,
    "by",
    "measured",
    "run",
)
_DIGITS = 7


class Setup(NamedTuple):
    """What was measured, as keys of cards: given by the user, or read off a run; an empty text or 0 where it is neither."""

    model: str = ""
    gpu: str = ""
    engine: str = ""
    weights: str = ""
    gpus: int = 0
    replicas: int = 0
    cached: int = 0


@dataclass(frozen=True)
class Benchmark:
    """Measured points: what ``workbook validate --data`` reads.

    Args:
        points: runs with the setup that each measures, in the order of the files.
        origins: the files.
        card: W and H fitted to them, as a card of ``power_fits``; None where the points do not hold enough.
        lacking: what the points lack for a card.
        warnings: what makes the points less than they seem, such as rows that were left out.

    """

    points: Sequence[tuple[Run, Setup]]
    origins: Sequence[Path]
    card: Card | None
    lacking: str = ""
    warnings: Sequence[str] = field(default=())

    @property
    def text(self) -> str:
        """The points as CSV, with what defines them as comments. Equal files of equal age give equal texts."""
        tools = dict.fromkeys(
            f"{run.tool.name} ({run.texts['version']})" if run.texts.get("version") else run.tool.name for run, _ in self.points
        )
        about = [f"Measured points read from {', '.join(path.name for path in self.origins)}, written by {', '.join(tools)}."]
        about += dict.fromkeys(rule for run, _ in self.points for rule in run.rules)
        out = io.StringIO()
        out.writelines(f"# {visible(line)}\n" for line in about)
        table = csv.writer(out, lineterminator="\n")
        table.writerow(_NAMES)
        table.writerows(self._row(number, *point) for number, point in enumerate(self.points, 1))
        return out.getvalue()

    def _row(self, number: int, run: Run, setup: Setup) -> list[str]:
        origin = max((path for path in self.origins if run.place.file.startswith(str(path))), key=lambda path: len(str(path)))
        figures = {
            name: f"{getattr(run, name):.{_DIGITS}g}" if getattr(run, name) else "" for name in ("in_flight", "prompt", "output", *MEASURED)
        }
        setting = setup._asdict() | {"cached": setup.cached or "", "gpus": setup.gpus, "replicas": setup.replicas}
        said = {"by": run.tool.name, "measured": _day(run, origin), "run": f"{_plain(origin.stem)} {number}"}
        return [str({**setting, **figures, **said}[name]) for name in _NAMES]

    def save(self, path: Path | None = None) -> Path:
        """Write the points, whole or not at all, and return where: NAME_points.csv in the current folder unless ``path`` is given."""
        target = path or Path(f"{self.origins[0].stem}_points{_SUFFIX}")
        if target.exists() and any(target.samefile(origin) for origin in self.origins):
            raise WorkbookError([Diagnostic(Place(str(target)), "is a file to read: points would replace it", "name another with -o")])
        if target.suffix != _SUFFIX:
            raise WorkbookError([Diagnostic(Place(str(target)), "points are a .csv file", f"write them to {target.with_suffix(_SUFFIX)}")])
        check_target(target)
        with whole(target) as part:
            part.write_text(self.text, encoding="utf-8")
        return target


def import_benchmark(
    files: Path | Sequence[Path], setup: Setup | None = None, *, templates: Path | str | None = None, overlay: Files = None
) -> Benchmark:
    """Read results of benchmarks into measured points, and fit W and H where they hold enough.

    Args:
        files: results of ``vllm bench serve``, SGLang's ``bench_serving``, ``trtllm-bench``, GuideLLM, AIPerf, GenAI-Perf or InferenceX,
            or a table of one's own; one file or several.
        setup: what was measured, where the files do not say or say it in other words.
        templates: a directory of templates of one's own, whose cards are meant.
        overlay: files of cards beside those of the templates, such as one of a GPU that is not among them.

    Raises:
        WorkbookError: for files that cannot be read or hold no usable run, and with everything about the setup that is not known.

    """
    origins = [files] if isinstance(files, Path) else list(files)
    root = directory(templates)
    catalogues = cards_of(overlay, lambda cards: declarations(root, "planning", cards=cards)).catalogues
    given, problems = setup or Setup(), Problems()
    points: list[tuple[Run, Setup]] = []
    spoilt: list[Bad] = []
    for origin in origins:
        try:
            found, bad = read_runs(origin, given.gpus, given.replicas)
        except WorkbookError as error:
            problems.found.extend(error.diagnostics)
            continue
        spoilt.append(bad)
        points += [(run, _setup(run, given, catalogues)) for run in found]
        if not found:
            problems.found.extend(() if bad.likely else bad.first)
            fix = bad.likely or "see the formats in docs/howto/import_your_files.md"
            problems.add(Place(str(origin)), f"has no usable run in {some(bad.count, 'result')}", fix)
    _check_given(given, catalogues, problems)
    _check_known(points, catalogues, problems)
    problems.raise_if_any()
    card, lacking = calibrated(points, catalogues, origins[0])
    return Benchmark(points, origins, card, lacking, _warnings(points, spoilt, given))


def _setup(run: Run, given: Setup, catalogues: Mapping[str, Catalogue]) -> Setup:
    """Return the setup of a run: as given, or by the names that the tool has for it."""
    gpu = given.gpu or gpu_key(run.texts.get("gpu", ""), catalogues["hardware"].cards)
    model = given.model or model_key(run.texts.get("model", ""), catalogues["models"].cards)
    said = run.texts.get("engine", "").lower()
    engine = next((key for part, key in ENGINES.items() if part in said), "") or ENGINES.get(run.tool.engine, "")
    cached = given.cached or (1 if "fp8" in run.texts.get("cached", "").lower() else 0)
    weights = given.weights or _weights(run, model, gpu, catalogues["models"])
    return Setup(model, gpu, given.engine or engine, weights, int(run.gpus), int(run.replicas), cached)


def _weights(run: Run, model: str, gpu: str, models: Catalogue) -> str:
    """Return the precision of the weights: as the result or the name of the model says, or as the model is published.

    An empty text where the result names a precision that no card has.
    """
    published, said = models.text(model, "precision"), run.texts.get("weights", "")
    for text in (said, run.texts.get("model", "")):
        found = next((key for part, key in WEIGHTS.items() if part in text.lower()), "")
        if found:
            block = found == "fp8" and published == BLOCKS_OF
            return BLOCKS_OF if block else "mxfp4" if text.lower() == "fp4" and gpu.startswith(AMD) else found
    return "" if said else published


def _check_given(given: Setup, catalogues: Mapping[str, Catalogue], problems: Problems) -> None:
    """Record keys that the user gave and no card has."""
    known = {"model": catalogues["models"].cards, "gpu": catalogues["hardware"].cards, "engine": catalogues["engines"].cards}
    for name, keys in (known | {"weights": dict.fromkeys(PRECISIONS)}).items():
        key = getattr(given, name)
        if key and key not in keys:
            problems.add(None, f"--{name}: there is no '{key}'", suggest(key, keys) or f"one of: {', '.join(keys)}")


def _check_known(points: Sequence[tuple[Run, Setup]], catalogues: Mapping[str, Catalogue], problems: Problems) -> None:
    """Record what is not known of the setup, each once with the run that lacks it first; a precision follows from the model."""
    asked = {"model": ("card", "models"), "gpu": ("card", "hardware"), "engine": ("card", "engines"), "weights": ("precision", "")}
    for name, (kind, cards) in asked.items():
        run = next(
            (run for run, setup in points if not getattr(setup, name) and (setup.model or name != "weights" or run.texts.get(name))), None
        )
        if run:
            said = run.texts.get(name, "")
            keys = catalogues[cards].cards if cards else PRECISIONS
            likely = suggest("_".join(model_words(said)) if said else "", keys)
            word = "GPU" if name == "gpu" else "precision" if name == "weights" else name
            message = f"names the {word} {as_typed(said)}, which no {kind} is called" if said else f"names no {word}"
            problems.add(run.place, message, f"give its {kind} with --{name} KEY" + (f": {likely}" if likely else ""))
    run = next((run for run, setup in points if not setup.gpus), None)
    if run:
        problems.add(run.place, "does not say how many GPUs an instance has", "give them with --gpus")


def _warnings(points: Sequence[tuple[Run, Setup]], spoilt: Sequence[Bad], given: Setup) -> list[str]:
    """Return what was left out or taken for granted, as sentences."""
    lines = [str(item) for bad in spoilt for item in bad.first]
    count = sum(bad.count for bad in spoilt)
    if count:
        lines.append(f"left out: {some(count, 'result')}, the first of each file above")
    for name, words in (("weights", "precision of the weights"), ("engine", "engine")):
        taken = sorted({getattr(setup, name) for run, setup in points if not run.texts.get(name) and not getattr(given, name)})
        if taken:
            lines.append(f"{words}: taken to be {', '.join(taken)}, which the file does not say; --{name} names another")
    return lines


def _day(run: Run, origin: Path) -> str:
    """Return the day of a run, or that of its file."""
    return run.texts["date"] or datetime.fromtimestamp(origin.stat().st_mtime, UTC).date().isoformat()


def _plain(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return visible(text).replace('"', "'").lstrip("=+-@ ") or "run"
