"""A placed structure lies by what of it the map shows, whatever a wrong loop of it does."""

import numpy as np
import pytest

from critasser.fitting import FINE_BLUR, flexible_fit, lying, network_fields, settled

LOOP = slice(46, 60)


def apart(a, b):
    """Root mean square distance in Å of paired positions."""
    return float(np.sqrt(np.nanmean(np.sum((a - b) ** 2, axis=1))))


@pytest.fixture(scope="module")
def fields(look, barnase):
    """What networks see of barnase."""
    return network_fields(look([barnase])).blurred(FINE_BLUR)


@pytest.fixture(scope="module")
def astray(barnase):
    """Barnase with a loop that swings out by up to 12 Å, 0.6 Å beside its place."""
    chain, out = barnase.copy(), barnase[LOOP].mean(axis=0) - barnase.mean(axis=0)
    swing = np.sin(np.linspace(0.0, np.pi, LOOP.stop - LOOP.start))
    chain[LOOP] += 12.0 * swing[:, None] * out / np.linalg.norm(out)
    return chain + np.array([0.4, -0.4, 0.3])


def test_a_stretch_off_the_density_is_told_from_the_rest(fields, astray):
    off = ~lying(astray, fields)
    assert off[LOOP].sum() >= 12 and off.sum() < 0.3 * len(off)


def test_a_domain_off_the_density_is_no_wrong_loop(fields, barnase):
    bent = barnase.copy()
    bent[-30:] += np.linspace(5.0, 20.0, 30)[:, None]
    assert lying(bent, fields)[-30:].sum() > 20


def test_a_wrong_loop_does_not_pull_the_rest_off_its_place(fields, barnase, astray):
    rest = np.ones(len(barnase), dtype=bool)
    rest[LOOP] = False
    there = settled(astray, fields)
    assert apart(there[rest], barnase[rest]) < 0.3 < apart(astray[rest], barnase[rest])
    shape = np.linalg.norm(astray[:, None] - astray, axis=2)
    assert np.allclose(np.linalg.norm(there[:, None] - there, axis=2), shape)  # a rigid body


def test_what_lies_in_the_density_or_nowhere_stays(fields, barnase):
    for chain in (barnase, barnase + 300.0, np.full_like(barnase, np.nan)):
        assert np.array_equal(settled(chain, fields), chain, equal_nan=True)


def test_bending_is_for_what_lay_in_the_density_too(look, barnase):
    """The wrong loop has density of another chain to be drawn into; nothing else gains."""
    out = barnase[LOOP].mean(axis=0) - barnase.mean(axis=0)
    out /= np.linalg.norm(out)
    swing = np.sin(np.linspace(0.0, np.pi, LOOP.stop - LOOP.start))
    astray, other = barnase.copy(), barnase[LOOP].copy()
    astray[LOOP] += 18.0 * swing[:, None] * out
    other += (18.0 * swing[:, None] + 3.0) * out
    fields = network_fields(look([barnase, other])).blurred(FINE_BLUR)
    there, gain = flexible_fit(astray, fields, 6.0)
    assert gain == 0.0 and np.array_equal(there, astray)
