"""Faces in images of the head: found by registration to a template, and made air."""
