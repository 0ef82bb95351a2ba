"""Render modes, display windows, histograms, measurements and pictures of volumes."""
