"""The ctk, qMRML and qSlicer widgets that the modules use, one file for each family."""
