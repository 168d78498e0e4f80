"""Approve or reject: a calibrated probability per item learnt from the decisions, automatic only within bounds of the brand."""
