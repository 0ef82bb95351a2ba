"""DICOM PS3.15 de-identification: tables, profiles, engine, command line."""
