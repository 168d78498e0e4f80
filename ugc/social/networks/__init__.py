"""One file a network, all of one shape: ask its interface, read its answer as posts; nothing is stored here."""
