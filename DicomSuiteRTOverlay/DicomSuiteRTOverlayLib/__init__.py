"""Segmentation masks: read, placed on their volume or refused with the reason, measured, compared, exported."""
