"""Super-resolution of MRI: models and their training, inference, preprocessing, comparison."""
