"""Explains the pair that the app opens on and stores the result: `python -m tools.make_opening`.

The app shows it only where it is exactly what the app itself would compute, so run this again whenever the embedded
model, the sample herd or the maths of PAIR-X change.
"""

from pairx.ui.app import OPENING, open_app_state
from pairx.ui.shared.session import with_key


def main() -> None:
    """Write pairx/assets/opening.npz."""
    app_state, _, request = open_app_state()
    explanation = app_state.explain(request)
    with_key(explanation, app_state.key(request)).save(OPENING)
    print(f"{OPENING}: {request.photo0.id} and {request.photo1.id}, similarity {explanation.similarity:.3f}")


if __name__ == "__main__":
    main()
