"""Where bytes lie: scans to read and crops to keep, in folders and S3 buckets."""
