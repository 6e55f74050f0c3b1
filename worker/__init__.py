"""The worker: pulls scans, has them cut and read, and writes the names to SQL."""
