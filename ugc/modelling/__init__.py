"""What was learnt: trained models as versioned rows with their data, metrics and date; swapped only when better, rolled back by a button."""
