"""How likely the brand approves an item, learnt from its own decisions; bounds within which that may decide by itself."""
