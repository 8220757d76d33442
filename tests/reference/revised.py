"""B200 figures that the authors print after one measured point replaced their projection: Tables 2, 3, 5 and the gains of Table 3.

Source: the study beside the reproduction (vllm-project/semantic-router, main.tex at 1712866a1), by the ids of the live cells.
Its Table 1 holds measured points in place of the model's.
"""

_FLEETS = {
    "azure_homo": "28.5 11.42 105",
    "azure_pool": "15.1 19.37 247",
    "azure_fleetopt": "10.1 32.12 476",
    "lmsys_homo": "14.5 9.36 96",
    "lmsys_pool": "9.7 13.42 181",
    "lmsys_fleetopt": "7.3 18.28 283",
}

PRINTED: dict[str, str] = {
    "printed_2.llama_3_1_8b.b200_tok_per_w.live": "16.43",
    "printed_2.llama_3_1_70b.b200_tok_per_w.live": "21.39",
    "printed_2.llama_3_1_405b.b200_tok_per_w.live": "1.67",
    "printed_2.qwen3_235b_a22b.b200_tok_per_w.live": "132.93",
    "printed_2.deepseek_v3.b200_tok_per_w.live": "13.55",
    **{
        f"printed_3.{fleet}_b200.{quantity}.live": text
        for fleet, texts in _FLEETS.items()
        for quantity, text in zip(("power", "tok_per_w", "gain"), texts.split(), strict=True)
    },
    "printed_5.b200_sxm.p_idle.live": "251",
    "printed_5.b200_sxm.power.live": "606",
    "printed_5.b200_sxm.tok_per_w.live": "21.39",
    "claims.topology_b200.replayed": "2.81",
    "claims.generation_homo.replayed": "2.05",
    "claims.generation_fleetopt.replayed": "2.28",
}
