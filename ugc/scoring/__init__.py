"""The score 0–100 of an item: one signal a file, weights per brand, every part with its reason."""
