"""Shapes of models: what the parts of a layer come to, in parameters and in bytes of the cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbook.importers.families import Family

BYTES = 2  # of a number in 16 bit
_SELECTED = 4  # tokens a compressed row stands for in layers that select rows by an index, and compress by overlapping blocks


@dataclass(frozen=True)
class Shape:
    """The shape of a model: its parts by the names of ``KEYS``, and the kind of every layer.

    Args:
        family: the architecture.
        parts: numbers of heads, widths and the like; 0 for one that the model does not have.
        kinds: full, window, linear, recurrent, experts or dense, for every layer.
        expert_layers: layers with routed experts.
        ratios: tokens that a cached row of a layer stands for, by layer, where caches are compressed.

    """

    family: Family
    parts: Mapping[str, int]
    kinds: tuple[str, ...]
    expert_layers: int
    ratios: tuple[int, ...] = ()

    def __getitem__(self, name: str) -> int:
        """Return a part of the shape; 0 where the model has none."""
        return self.parts.get(name, 0)

    def count(self, kind: str) -> int:
        """Return the number of layers of a kind."""
        return self.kinds.count(kind)

    @property
    def latent(self) -> bool:
        """Whether a layer caches one row for keys and values of all heads."""
        return self.family.attention != "GQA"

    @property
    def index(self) -> int:
        """Parameters of the index by which a layer selects rows, without compression; 0 for none."""
        return self["index_dim"] * (self["q_rank"] * self["index_heads"] + self["hidden"]) + self["hidden"] * self["index_heads"]

    @property
    def attention(self) -> int:
        """Parameters of attention in all layers that attend, those with a window too."""
        full, window = self.count("full"), self.count("window")
        if self.family.attention == "MLA":
            return full * self._of_latent
        if self.family.attention == "CSA":
            return (full + window) * self._of_shared_row + sum(map(self._compressing, self.ratios))
        wide = (self["attention_heads"], self["kv_heads"], self["head_dim"])
        narrow = (self["window_heads"], self["window_kv_heads"], self["window_head_dim"])
        return full * self._grouped(*wide, 1 if self["keys_only"] else 2) + window * self._grouped(*narrow, 2)

    def _grouped(self, heads: int, kv_heads: int, width: int, projections: int) -> int:
        """Return the parameters of grouped attention: queries and gates, keys and values, output."""
        values = width * self["value_dim"] // self["head_dim"]
        keys_and_values = kv_heads * (width + (projections - 1) * values)
        return self["hidden"] * (heads * (width * (1 + self.family.gates) + values) + keys_and_values)

    @property
    def _of_latent(self) -> int:
        """Parameters of latent attention in a layer."""
        heads, hidden, key = self["attention_heads"], self["hidden"], self["nope"] + self["rope"]
        query = self["q_rank"] * (hidden + heads * key) if self["q_rank"] else hidden * heads * key
        cached = hidden * (self["kv_rank"] + self["rope"]) + self["kv_rank"] * heads * (self["nope"] + self["value_dim"])
        return query + cached + (1 + self["gated_output"]) * heads * self["value_dim"] * hidden + (self.index if self["index_dim"] else 0)

    @property
    def _of_shared_row(self) -> int:
        """Parameters of attention whose one row is key and value of all heads, and whose output goes through a rank by group."""
        wide = self["attention_heads"] * self["head_dim"]
        query = self["q_rank"] * (self["hidden"] + wide)
        return query + self["hidden"] * self["head_dim"] + self["o_rank"] * (wide + self["o_groups"] * self["hidden"])

    def _compressing(self, ratio: int) -> int:
        """Return the parameters that compress rows: values and weights; twice, and with an index, where few tokens are one row."""
        if not ratio:
            return 0
        if ratio > _SELECTED:
            return 2 * self["hidden"] * self["head_dim"]
        rows = 4 * self["hidden"] * (self["head_dim"] + self["index_dim"])
        return rows + self["index_dim"] * self["q_rank"] * self["index_heads"] + self["hidden"] * self["index_heads"]

    @property
    def linear(self) -> tuple[int, int]:
        """Parameters of a layer of gated linear attention, and the numbers of its state."""
        keys, values = self["linear_keys"] * self["linear_key_dim"], self["linear_values"] * self["linear_value_dim"]
        channels, hidden = 2 * keys + values, self["hidden"]
        state = self["linear_values"] * self["linear_key_dim"] * self["linear_value_dim"] + (self["convolution"] - 1) * channels
        if (
            self.family.attention == "MLA"
        ):  # a decay for every channel, through a rank as wide as a head; the output's gate as well, or in full
            through_rank = self["linear_key_dim"] * (hidden + keys)
            gate = hidden * values if self["full_gate"] else through_rank
            return hidden * (channels + values + self["linear_keys"]) + through_rank + gate + channels * self["convolution"], state
        return hidden * (2 * keys + 3 * values + 2 * self["linear_values"]) + channels * self["convolution"], state

    @property
    def recurrent(self) -> tuple[int, int]:
        """Parameters of a recurrent (Mamba 2) layer, and the numbers of its state."""
        inner, heads = self["recurrent_heads"] * self["recurrent_dim"], self["recurrent_heads"]
        channels = inner + 2 * self["groups"] * self["state"]
        weights = self["hidden"] * (2 * inner + channels - inner + heads) + channels * (self["convolution"] + 1) + inner * self["hidden"]
        return weights, inner * self["state"] + (self["convolution"] - 1) * channels

    @property
    def mixing(self) -> int:
        """Parameters that mix the tokens of a sequence: attention, linear and recurrent layers."""
        return self.attention + self.count("linear") * self.linear[0] + self.count("recurrent") * self.recurrent[0]

    @property
    def states(self) -> int:
        """Numbers that a sequence keeps whatever its length."""
        return self.count("linear") * self.linear[1] + self.count("recurrent") * self.recurrent[1]

    @property
    def expert_width(self) -> int:
        """Numbers that an expert reads and writes: those of a latent space, where experts lie in one."""
        return self["expert_width"] or self["hidden"]

    @property
    def expert(self) -> int:
        """Parameters of a routed expert."""
        return self.family.matrices * self.expert_width * self["moe_intermediate"]

    @property
    def shared_experts(self) -> int:
        """Shared experts of a layer, counted in the size of a routed one."""
        width = self["shared_width"] or self["shared_experts"] * self["moe_intermediate"]
        return width * self["hidden"] // (self["moe_intermediate"] * self.expert_width) if self["moe_intermediate"] else 0

    @property
    def dense_layers(self) -> int:
        """Layers with a dense feed-forward part, and no experts."""
        forward = len(self.kinds) if not self.count("recurrent") else self.count("dense") + self.count("experts")
        return forward - self.expert_layers

    @property
    def total(self) -> int:
        """Parameters, without layers that predict further tokens: from the shapes, norms counted, biases not."""
        to_latent = 2 * self["expert_width"] * self["hidden"]
        per_layer = (self["experts"] + self.shared_experts) * self.expert + self["experts"] * self["hidden"] + to_latent
        dense = self.dense_layers * self.family.matrices * self["hidden"] * self["intermediate"]
        embeddings = self["vocabulary"] * self["hidden"] * (1 if self["tied"] else 2)
        return self.mixing + self.expert_layers * per_layer + dense + embeddings + (2 * len(self.kinds) + 1) * self["hidden"]

    @property
    def active(self) -> int:
        """Parameters that a token uses, with one embedding."""
        unused = self.expert_layers * (self["experts"] - self["experts_per_token"]) * self.expert
        return self.total - unused - (0 if self["tied"] else self["vocabulary"] * self["hidden"])

    @property
    def row(self) -> int:
        """Numbers that a layer without a window caches for a token."""
        if self.family.attention == "MLA":
            return self["kv_rank"] + self["rope"]
        return self["head_dim"] if self.latent else self["kv_heads"] * (self["head_dim"] + self["value_dim"])

    @property
    def kept(self) -> float:
        """Rows that layers without a window cache for a token, on average: 1, or less where caches are compressed."""
        return sum(1 / ratio for ratio in self.ratios if ratio) / self.count("full") if self.ratios and self.count("full") else 1.0

    @property
    def cached(self) -> float:
        """Bytes in 16 bit that layers without a window keep of a token."""
        return self.count("full") * self.row * self.kept * BYTES

    @property
    def window_row(self) -> int:
        """Numbers that a layer with a window caches for a token."""
        width = self["window_head_dim"]
        return self.row if self.latent else self["window_kv_heads"] * (width + width * self["value_dim"] // self["head_dim"])

    @property
    def window_cached(self) -> int:
        """Bytes in 16 bit that layers keep of a token in the window; layers with a compressed cache keep a window, too."""
        return (len(self.kinds) if self.ratios else self.count("window")) * self.window_row * BYTES
