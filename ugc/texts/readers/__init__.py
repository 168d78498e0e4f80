"""One file a kind, all of one shape: `READER = Reader(name, read)`. Pure; batches; numpy at most."""
