"""Panels and services of the application's surface that more than one DicomSuite module uses."""
