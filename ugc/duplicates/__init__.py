"""Near-duplicates across the whole library: found, grouped, merged or told apart once and for all."""
