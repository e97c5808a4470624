"""What comes with the package: the embedded model, the sample herd, a run over it, the explanation that the app opens
on, and what similarities mean for the embedded models."""

from pathlib import Path

ASSETS = Path(__file__).resolve().parent
