"""Ways to make vectors of pictures and texts, one file a way, all of one shape (base.Encoder)."""
