"""Which item earned what: attribution, roll-ups per item and day, reports. Pages read roll-ups only."""
