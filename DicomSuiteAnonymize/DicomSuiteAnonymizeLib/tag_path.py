"""Where an attribute stands in a data set."""

TagPath = tuple[int, ...]
"""Tags of the enclosing sequences, outermost first, then the attribute's own; () is the whole file.

Items of a sequence are not told apart.
"""
