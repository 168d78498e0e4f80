"""Permission to use an item, recorded with its evidence in an append-only, hash-chained ledger."""
