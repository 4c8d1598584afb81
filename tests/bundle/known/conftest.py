"""Databases in the place of the real ones."""

import pytest

from tests.bundle.known.database_server import Server


@pytest.fixture
def server(monkeypatch):
    """The server, in the place of all services."""
    from chimerax.critasser.known import services
    from chimerax.critasser.session import network

    one = Server()
    monkeypatch.setattr(services, "ALPHAFOLD", one.address)
    monkeypatch.setattr(services, "SEARCH", f"{one.address}/search")
    monkeypatch.setattr(services, "ENTRIES", f"{one.address}/download")
    monkeypatch.setattr(network, "WAIT", 0.6)
    monkeypatch.setattr(network, "PATIENCE", 1.5)
    yield one
    one.close()


@pytest.fixture
def offline(monkeypatch):
    """Nobody answers at any of the services' addresses."""
    from chimerax.critasser.known import services

    monkeypatch.setattr(services, "ALPHAFOLD", "http://127.0.0.1:9")
    monkeypatch.setattr(services, "SEARCH", "http://127.0.0.1:9/search")
