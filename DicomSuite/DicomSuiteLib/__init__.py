"""What more than one DicomSuite module needs, and nothing else."""
