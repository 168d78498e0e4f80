"""How the models that come with the program were made: one file a model, run by hand, with the data beside it."""
