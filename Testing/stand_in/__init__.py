"""Stand-in for the 3D Slicer application, for tests on a machine without it.

slicer-core's real MRML and VTK, with the application's surface (qt, ctk, qMRML widgets, scripted-module classes, DICOM
database) on PySide6. It is strict: what slicer_inventory.json does not list does not exist. Started by ``host.start``.
"""
