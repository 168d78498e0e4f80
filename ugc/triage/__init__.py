"""Approve or reject: a calibrated probability per item learnt from the brand's decisions, automatic only within bounds that the brand sets."""
