"""The way back: what pseudonyms stand for, who may read it, and files restored by it."""
