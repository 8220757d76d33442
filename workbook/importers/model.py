"""Models: a config.json as Hugging Face has it, read into a card of ``models``."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbook.declare.yaml import text_of
from workbook.errors import Diagnostic, Place, Problems, WorkbookError, as_typed, suggest
from workbook.importers.card import Card, Value, key_of, name_of
from workbook.importers.families import FAMILIES, KEYS, Family

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

INDEX = "model.safetensors.index.json"
LARGEST = 1_000_000_000
MOST_LAYERS = 1000
GIGA = 1e9
BYTES = 2  # of a number in 16 bit
FAR = 0.02  # from the bytes of the weights
_KINDS = {
    "sliding_attention": "window",
    "full_attention": "full",
    "linear_attention": "linear",
    "chunked_attention": "full",
    "deepseek_sparse_attention": "full",
    "attention": "full",
    "mamba": "recurrent",
    "moe": "experts",
    "mlp": "dense",
}
_SIGNS = {"M": "recurrent", "*": "full", "-": "dense", "E": "experts"}
_TEXT_PARTS = ("text_config", "llm_config", "language_config")


@dataclass(frozen=True)
class Shape:
    """The shape of a model: its parts by the names of ``KEYS``, and the kind of every layer."""

    family: Family
    parts: Mapping[str, int]
    kinds: tuple[str, ...]
    expert_layers: int

    def __getitem__(self, name: str) -> int:
        """Return a part of the shape; 0 where the model has none."""
        return self.parts.get(name, 0)

    def count(self, kind: str) -> int:
        """Return the number of layers of a kind."""
        return self.kinds.count(kind)

    @property
    def attention(self) -> int:
        """Parameters of attention in a layer."""
        heads, hidden = self["attention_heads"], self["hidden"]
        if self.family.attention == "MLA":
            key = self["nope"] + self["rope"]
            query = self["q_rank"] * (hidden + heads * key) if self["q_rank"] else hidden * heads * key
            cached = hidden * (self["kv_rank"] + self["rope"]) + self["kv_rank"] * heads * (self["nope"] + self["value_dim"])
            index = self["index_dim"] * (self["q_rank"] * self["index_heads"] + hidden) + hidden * self["index_heads"]
            return query + cached + heads * self["value_dim"] * hidden + (index if self["index_dim"] else 0)
        return hidden * self["head_dim"] * (heads * (2 + self.family.gates) + 2 * self["kv_heads"])

    @property
    def linear(self) -> tuple[int, int]:
        """Parameters of a layer of gated linear attention, and the numbers of its state."""
        keys, values = self["linear_keys"] * self["linear_key_dim"], self["linear_values"] * self["linear_value_dim"]
        channels = 2 * keys + values
        weights = self["hidden"] * (2 * keys + 3 * values + 2 * self["linear_values"]) + channels * self["convolution"]
        return weights, self["linear_values"] * self["linear_key_dim"] * self["linear_value_dim"] + (self["convolution"] - 1) * channels

    @property
    def recurrent(self) -> tuple[int, int]:
        """Parameters of a recurrent (Mamba 2) layer, and the numbers of its state."""
        inner, heads = self["recurrent_heads"] * self["recurrent_dim"], self["recurrent_heads"]
        channels = inner + 2 * self["groups"] * self["state"]
        weights = self["hidden"] * (2 * inner + channels - inner + heads) + channels * (self["convolution"] + 1) + inner * self["hidden"]
        return weights, inner * self["state"] + (self["convolution"] - 1) * channels

    @property
    def expert(self) -> int:
        """Parameters of an expert."""
        return self.family.matrices * self["hidden"] * self["moe_intermediate"]

    @property
    def dense_layers(self) -> int:
        """Layers with a dense feed-forward part."""
        forward = len(self.kinds) if not self.count("recurrent") else self.count("dense") + self.count("experts")
        return forward - self.expert_layers

    @property
    def total(self) -> int:
        """Parameters, without layers that predict further tokens: from the shapes, norms counted, biases not."""
        attending = self.count("full") + self.count("window")
        mixing = attending * self.attention + self.count("linear") * self.linear[0] + self.count("recurrent") * self.recurrent[0]
        per_layer = (self["experts"] + self["shared_experts"]) * self.expert + self["experts"] * self["hidden"]
        dense = self.dense_layers * self.family.matrices * self["hidden"] * self["intermediate"]
        embeddings = self["vocabulary"] * self["hidden"] * (1 if self["tied"] else 2)
        return mixing + self.expert_layers * per_layer + dense + embeddings + (2 * len(self.kinds) + 1) * self["hidden"]

    @property
    def active(self) -> int:
        """Parameters that a token uses, with one embedding."""
        unused = self.expert_layers * (self["experts"] - self["experts_per_token"]) * self.expert
        return self.total - unused - (0 if self["tied"] else self["vocabulary"] * self["hidden"])

    @property
    def cached(self) -> int:
        """Bytes in 16 bit that a layer keeps of a token."""
        row = self["kv_rank"] + self["rope"] if self.family.attention == "MLA" else 2 * self["kv_heads"] * self["head_dim"]
        return row * BYTES


class _Config:
    """A config.json, and the mistakes found in it."""

    def __init__(self, file: Path) -> None:
        self.file, self.text, self.problems = file, text_of(file, str(file)), Problems()
        try:
            whole = json.loads(self.text)
        except json.JSONDecodeError as error:
            place = Place(
                str(file), error.lineno, error.colno, (self.text.splitlines() or [""])[min(error.lineno, self.text.count("\n") + 1) - 1]
            )
            raise WorkbookError([Diagnostic(place, f"is not JSON: {error.msg}", "give the model's config.json")]) from None
        except (ValueError, RecursionError):
            raise WorkbookError([Diagnostic(Place(str(file)), "is not JSON", "give the model's config.json")]) from None
        if not isinstance(whole, dict):
            raise WorkbookError([Diagnostic(Place(str(file)), "is not a JSON object", "give the model's config.json")])
        inner: dict[str, Any] = next((whole[name] for name in _TEXT_PARTS if isinstance(whole.get(name), dict)), {})
        self.values: dict[str, Any] = {**whole, **inner}

    def place(self, key: str) -> Place:
        """Return the place of a key."""
        at = self.text.find(f'"{key}"')
        before = self.text[: max(at, 0)].split("\n")
        return (
            Place(str(self.file), len(before), len(before[-1]) + 1, self.text.splitlines()[len(before) - 1])
            if at >= 0
            else Place(str(self.file))
        )

    def whole(self, keys: tuple[str, ...]) -> int | None:
        """Return the number under the first of some keys that is there; None where none is, or where it is no whole number."""
        key = next((key for key in keys if self.values.get(key) is not None), None)
        value = self.values.get(key) if key else None
        if key is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST):
            return value
        self.problems.add(self.place(key), f"'{key}' must be a whole number up to {LARGEST:,}, not {as_typed(value)}")
        return None

    def family(self) -> Family:
        """Return the family of the model; raises WorkbookError for one that is unknown, or that no card can hold."""
        kind = str(self.values.get("model_type", ""))
        family = FAMILIES.get(kind)
        if family is None:
            known = ", ".join(sorted(name for name, item in FAMILIES.items() if not item.refused))
            message = f"the architecture {as_typed(kind)} (model_type) is not known"
            raise WorkbookError([Diagnostic(self.place("model_type"), message, suggest(kind, FAMILIES) or f"known: {known}")])
        if family.refused:
            message = f"no card can hold a model of type '{kind}': {family.refused}"
            raise WorkbookError([Diagnostic(self.place("model_type"), message, "copy the card that is most like it, and grade it low")])
        return family


def import_model(file: Path) -> Card:
    """Read a config.json of Hugging Face into a card of ``models``.

    Counts follow from the shapes. An index of safetensors beside the file is compared with them.

    Raises:
        WorkbookError: for an architecture that is not known or that no card can hold, and with every key that is missing or wrong.

    """
    config = _Config(file)
    family = config.family()
    shape = _shape(config, family)
    precision = _precision(config)
    config.problems.raise_if_any()
    assert shape is not None  # noqa: S101 a problem otherwise
    name = file.resolve().parent.name if file.stem == "config" else file.stem
    warnings = _bytes(file, shape, precision)
    total, active = shape.total / GIGA, shape.active / GIGA
    cached = shape.count("full") * shape.cached
    about = f"Model of type {config.values['model_type']}, read from its configuration; counts follow from the shapes."
    verdict = f"{total:,.2f} billion parameters, {active:,.2f} active, {cached:,} bytes of cache a token (16 bit), published in {precision}"
    return Card(
        *("models", key_of(name), name_of(name), about, file, _fields(shape, precision)),
        confidence="high",
        evidence="published",
        basis="corrected",
        warnings=warnings,
        verdict=verdict,
    )


def _shape(config: _Config, family: Family) -> Shape | None:
    """Return the shape of a model; None, and what is missing, where it cannot be read."""
    parts: dict[str, int] = dict(family.constants)
    for name, usual in KEYS.items():
        keys = family.keys.get(name, usual)
        value = config.whole(keys)
        if value is not None:
            parts[name] = value
        elif name in family.needs and not any(config.values.get(key) is not None for key in keys) and name not in parts:
            config.problems.add(Place(str(config.file)), f"the key '{keys[0]}' is missing", "give the whole config.json")
    tied = config.values.get("tie_word_embeddings")
    parts["tied"] = int(tied) if isinstance(tied, bool) else parts.get("tied", 0)
    for name in ("layers", "attention_heads", "kv_heads", "hidden", "vocabulary"):
        if parts.get(name) == 0:
            config.problems.add(config.place(KEYS[name][0]), f"'{KEYS[name][0]}' must be above 0")
    if parts.get("layers", 0) > MOST_LAYERS:
        config.problems.add(config.place(KEYS["layers"][0]), f"has {parts['layers']:,} layers; at most {MOST_LAYERS:,} are read")
    if config.problems.found:
        return None
    parts.setdefault("head_dim", parts["hidden"] // parts["attention_heads"])
    if family.attention == "MLA":
        parts |= {"head_dim": parts["nope"] + parts["rope"], "kv_heads": parts["attention_heads"]}
    if parts.get("shared_width") and parts.get("moe_intermediate"):
        parts["shared_experts"] = parts["shared_width"] // parts["moe_intermediate"]
    kinds = _kinds(config, parts)
    layers = _expert_layers(config, parts, kinds)
    if kinds.count("window") and not parts.get("window"):
        config.problems.add(Place(str(config.file)), "the key 'sliding_window' is missing", "layers with a window have its length there")
    return Shape(family, parts, kinds, layers)


def _kinds(config: _Config, parts: Mapping[str, int]) -> tuple[str, ...]:
    """Return the kind of every layer, from a list or a pattern, or all alike."""
    layers, listed = parts["layers"], config.values.get("layer_types")
    pattern = config.values.get("hybrid_override_pattern")
    if isinstance(pattern, str):
        key, found = "hybrid_override_pattern", [_SIGNS.get(sign, "") for sign in pattern]
    elif listed is not None or pattern is not None:
        key = "layer_types" if listed is not None else "hybrid_override_pattern"
        listed = listed if isinstance(listed, list) else []
        found = [_KINDS.get(item, "") if isinstance(item, str) else "" for item in listed]
    else:
        every, other = parts.get("full_interval", 0), "linear"
        if not every and parts.get("window"):
            every, other = parts.get("window_pattern", 0), "window"
        return tuple("full" if not every or (layer + 1) % every == 0 else other for layer in range(layers))
    if len(found) != layers or "" in found:
        known = ", ".join(_SIGNS if key.startswith("hybrid") else _KINDS)
        config.problems.add(config.place(key), f"'{key}' must have a kind for each of {layers} layers: {known}")
    if config.values.get("moe_latent_size"):
        place, message = config.place("moe_latent_size"), "experts in a latent space, whose width a card does not count"
        config.problems.add(place, message, "copy the card that is most like it, and grade it low")
    if "experts" in found and "moe_intermediate" not in parts:
        config.problems.add(Place(str(config.file)), "the key 'moe_intermediate_size' is missing", "give the whole config.json")
    if any(kind in found and needed not in parts for kind, needed in (("linear", "linear_values"), ("recurrent", "recurrent_heads"))):
        config.problems.add(config.place(key), "names layers whose shapes the architecture does not have")
    return tuple(found)


def _expert_layers(config: _Config, parts: Mapping[str, int], kinds: tuple[str, ...]) -> int:
    """Return how many layers have experts."""
    listed = config.values.get("moe_layer_freq")
    if not parts.get("experts"):
        return 0
    if "experts" in kinds:
        return kinds.count("experts")
    if isinstance(listed, list):
        return sum(item == 1 for item in listed[: len(kinds)])
    alone = config.values.get("mlp_only_layers")
    step = max(1, parts.get("expert_step", 1))
    return max(0, len(kinds) // step - parts.get("first_dense", 0) - (len(alone) if isinstance(alone, list) else 0))


def _precision(config: _Config) -> str:
    """Return the precision of the published weights, by its name on cards."""
    given = config.values.get("quantization_config")
    if not isinstance(given, dict):
        return "bf16"
    text = json.dumps(given).lower()
    method = f"{given.get('quant_method', '')} {given.get('quant_algo', '')}".lower()
    if "mxfp4" in method:
        return "mxfp4"
    if "nvfp4" in text:
        return "nvfp4"
    if "fp8" in method or '"fp8"' in text:
        return "fp8_block" if given.get("weight_block_size") else "fp8"
    if re.search(r'"(num_bits|bits)": 4\b', text):
        return "int4"
    config.problems.add(config.place("quantization_config"), f"weights quantised as {as_typed(method.strip())} have no precision on cards")
    return ""


def _derived(value: float, note: str, confidence: str = "") -> Value:
    return Value(value, note, confidence, "derived")


def _fields(shape: Shape, precision: str) -> dict[str, Value]:
    """Return the figures of the card."""
    names = ("layers", "attention_heads", "kv_heads", "head_dim", "hidden", "intermediate", "vocabulary")
    fields = {name: Value(shape[name]) for name in names}
    if shape.family.matrices == 2:  # noqa: PLR2004 up and down
        fields["feed_forward"] = Value("plain")
    if not shape.dense_layers:
        fields["intermediate"] = _derived(0, "no layer is dense")
    if shape["experts"]:
        fields |= {name: Value(shape[name]) for name in ("experts", "experts_per_token", "shared_experts", "moe_intermediate")}
        fields["moe_layers"] = Value(shape.expert_layers)
    if shape.family.attention == "MLA":
        fields |= {"attention": Value("MLA"), "latent_rank": Value(shape["kv_rank"]), "latent_rotary": Value(shape["rope"])}
        fields["value_dim"] = Value(shape["value_dim"])
    fields["total_parameters"] = _derived(round(shape.total / GIGA, 4), "from the shapes")
    fields["active_parameters"] = _derived(round(shape.active / GIGA, 4), "from the shapes, with one embedding")
    fields["kv_bytes_per_token"] = _derived(shape.count("full") * shape.cached, f"16 bit, {shape.count('full')} layers")
    if windows := shape.count("window"):
        fields |= {"window_layers": Value(windows), "attention_window": Value(shape["window"])}
        fields["window_bytes_per_token"] = _derived(windows * shape.cached, "16 bit")
    states = shape.count("linear") * shape.linear[1] + shape.count("recurrent") * shape.recurrent[1]
    if states:
        kernels = 4.5 if shape.count("linear") else 2
        fields["state_bytes"] = _derived(states * BYTES, "16 bit", confidence="medium")
        fields["layer_kernels"] = _derived(kernels, "most layers are linear or recurrent", confidence="low")
        fields["attention_layers"] = Value(shape.count("full"))
    return fields | {"precision": Value(precision), "tied": Value(shape["tied"])}


def _bytes(file: Path, shape: Shape, precision: str) -> list[str]:
    """Return a warning where the bytes of the weights, in 16 bit, are far from those of the shapes."""
    index = file.with_name(INDEX)
    if not index.is_file() or precision != "bf16":
        return []
    try:
        size = json.loads(text_of(index, str(index)))["metadata"]["total_size"]
    except (ValueError, KeyError, TypeError, RecursionError, WorkbookError):
        return [f"{index}: has no metadata.total_size that can be read; not compared"]
    if isinstance(size, int) and abs(size / (shape.total * BYTES) - 1) > FAR:
        return [f"{index}: {size / BYTES / GIGA:,.2f} billion parameters of 16 bit, the shapes give {shape.total / GIGA:,.2f}"]
    return []
