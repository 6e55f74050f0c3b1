"""What the queue's workers do: claim, work, keep leases alive, sweep. It knows no Celery."""
