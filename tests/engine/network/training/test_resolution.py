"""A network learns to tell good maps from poor ones by their spectra."""

from critasser.density import normalise, simulate
from critasser.network.resolution import predict_resolution
from critasser.network.training import resolution
from critasser.network.training.packing import TrainingData, atoms_of, read_structure


def test_a_trained_predictor_tells_good_from_poor(tmp_path, small_chain, monkeypatch):
    monkeypatch.setattr(resolution, "STEPS", 400)
    chain = atoms_of(read_structure(small_chain))
    path = tmp_path / "resolution.safetensors"
    data = TrainingData([chain], [chain], [], [])
    figures = resolution.train_resolution(data, path, crops=100, report=lambda _: None)
    assert set(figures) == {"1.5-3", "3-5", "5-8", "8-15"}
    guess = {}
    for true in (2.0, 9.0):
        grid = simulate(chain.positions, chain.amplitude, true, voxel_size=1.0, padding=10.0)
        guess[true] = predict_resolution(normalise(grid), path)
    assert guess[2.0] < 4 < 5.5 < guess[9.0]
