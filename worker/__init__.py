"""The bulk door: Celery tasks, chunk by chunk."""
