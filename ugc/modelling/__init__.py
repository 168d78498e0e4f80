"""What was learnt: versioned models with their data, metrics and date; swapped only when better, rolled back by a button."""
