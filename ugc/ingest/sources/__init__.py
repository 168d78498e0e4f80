"""One file a kind of source: outside shape in, what the library takes out."""
