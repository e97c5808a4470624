"""The Trust tab: how each method fared where it was measured, beside controls that know nothing."""

from __future__ import annotations

import gradio as gr
from gradio.components import Component

from pairx.ui.shared.events import LAST, QUIET, SESSION_SECONDS
from pairx.ui.shared.judgements import Judgements
from pairx.ui.shared.library import Library
from pairx.ui.shared.parts import Messenger
from pairx.ui.shared.session import AppState
from pairx.ui.trust.events import TrustEvents, TrustOutputs
from pairx.ui.trust.parts import TrustBoard


class TrustTab:
    """Lays the tab out when built inside a `gr.Tab`, and wires it. model: of the Explain tab, whose judgement it opens
    on."""

    def __init__(
        self,
        page: gr.Blocks,
        tabs: gr.Tabs,
        tab: gr.Tab,
        app_state: AppState,
        library: Library,
        judgements: Judgements,
        model: Component,
    ) -> None:
        self.chosen = gr.State("", time_to_live=SESSION_SECONDS)
        with gr.Column(elem_classes="px-columns px-trusting px-picture"):
            self.board = TrustBoard()
            self.pairs = Messenger("judged-pairs")
        answers = TrustEvents(app_state, library, judgements)
        shown = [*TrustOutputs(board=self.board, chosen=self.chosen, tabs=tabs)]
        page.load(answers.open_link, None, shown, queue=False, **QUIET)
        tab.select(answers.show, [self.chosen, model], shown, queue=False, **LAST)
        self.board.choose(answers.choose, None, shown, queue=False, **LAST)
        self.board.pairs(answers.pairs, None, self.pairs, trigger_mode="multiple", **QUIET)
