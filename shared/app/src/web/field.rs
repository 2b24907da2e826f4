//! The fields of a form: a label, a control, what is wrong with the value, and a note.

use maud::{Markup, Render, html};

/// A field of a form.
pub(crate) struct Field<'a> {
    /// The name, which is the element's id too.
    pub name: &'a str,
    pub label: &'a str,
    /// What was typed.
    pub value: &'a str,
    /// The maximum length of the value, in characters.
    pub max: usize,
    pub control: Control<'a>,
    pub required: bool,
    /// What is wrong with the value.
    pub wrong: Option<&'a str>,
    pub note: Option<&'a str>,
}

/// The control of a field.
pub(crate) enum Control<'a> {
    /// One line.
    Input {
        /// The type of the `input` element: `text`, `email`, `tel`.
        kind: &'a str,
        autocomplete: Option<&'a str>,
        placeholder: Option<&'a str>,
    },
    /// Several lines.
    Area,
}

impl Render for Field<'_> {
    fn render(&self) -> Markup {
        let Self { name, label, value, max, control, required, wrong, note } = self;
        let invalid = wrong.map(|_| "true");
        let described_by = wrong.map(|_| format!("{name}-wrong"));
        html! {
            label for=(name) { (label) }
            @match control {
                Control::Input { kind, autocomplete, placeholder } => {
                    input id=(name) name=(name) type=(kind) maxlength=(max) value=(value)
                        autocomplete=[autocomplete] placeholder=[placeholder] required[*required]
                        aria-invalid=[invalid] aria-describedby=[described_by.as_ref()];
                }
                Control::Area => {
                    textarea id=(name) name=(name) maxlength=(max) required[*required]
                        aria-invalid=[invalid] aria-describedby=[described_by.as_ref()] { (value) }
                }
            }
            @if let Some(wrong) = wrong {
                p class="wrong" id={ (name) "-wrong" } { (wrong) }
            }
            @if let Some(note) = note {
                p class="note" { (note) }
            }
        }
    }
}

/// Returns the field that people don't see: only programs fill it in.
pub(crate) fn honeypot(name: &str) -> Markup {
    html! {
        p class="trap" aria-hidden="true" {
            label { "Leave this empty " input name=(name) tabindex="-1" autocomplete="off"; }
        }
    }
}

/// Returns the hidden field with the page's token.
pub(crate) fn token_field(token: &str) -> Markup {
    html! { input type="hidden" name="token" value=(token); }
}
