"""The public door: widget files, gallery answers, renditions, events, order webhooks."""
