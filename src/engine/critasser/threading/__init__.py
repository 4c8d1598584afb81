"""What sequences alone say about a fold; for now contacts that the user brings."""

from critasser.threading.contacts import read_contacts

__all__ = ["read_contacts"]
