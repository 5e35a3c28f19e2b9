"""The web admin: pages that call the use cases of `campaigns` in process, one transaction each."""
