"""How far the model is off on measured points: as it is, and refitted without what it is judged on."""
