"""Files: received, decoded in a limited child, measured, turned into renditions. Originals stay private."""
