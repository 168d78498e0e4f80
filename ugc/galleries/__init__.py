"""Which items a gallery shows, and its snapshots. Promises that a withdrawn item is gone from every answer within seconds."""
