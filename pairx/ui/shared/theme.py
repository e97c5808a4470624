"""How the page looks: system type, one accent colour, nothing fetched from elsewhere."""

from __future__ import annotations

import gradio as gr

SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Noto Sans", "DejaVu Sans", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "DejaVu Sans Mono", "monospace")


def theme() -> gr.themes.Base:
    """The theme, light and dark."""
    accent, accent_dark = "#1f6f78", "#4fb3bd"
    return gr.themes.Base(
        primary_hue=gr.themes.colors.teal,
        neutral_hue=gr.themes.colors.stone,
        font=SANS,
        font_mono=MONO,
        text_size=gr.themes.sizes.text_md,
        radius_size=gr.themes.sizes.radius_md,
    ).set(
        body_background_fill="#fbfaf8",
        body_background_fill_dark="#161514",
        body_text_color="#22201d",
        body_text_color_dark="#ece9e4",
        body_text_color_subdued="#66615a",
        body_text_color_subdued_dark="#aaa49b",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#1f1d1b",
        background_fill_secondary="#f2f0ec",
        background_fill_secondary_dark="#2a2725",
        input_background_fill_dark="*background_fill_secondary",
        border_color_primary="#dcd8d1",
        border_color_primary_dark="#403c38",
        color_accent=accent,
        slider_color=accent,
        slider_color_dark=accent_dark,
        block_background_fill="*background_fill_primary",
        block_background_fill_dark="*background_fill_primary",
        block_label_text_color="*body_text_color_subdued",
        block_label_text_color_dark="*body_text_color_subdued",
        button_primary_background_fill=accent,
        button_primary_background_fill_dark=accent_dark,
        button_primary_background_fill_hover="#185a62",
        button_primary_background_fill_hover_dark="#6cc5ce",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#10201f",
        link_text_color=accent,
        link_text_color_dark=accent_dark,
    )
