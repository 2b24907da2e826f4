//! Texts of the pages that people see in a browser.

pub mod action_page;
pub mod alert_form;
pub mod contact_form;
pub mod error_page;
pub mod reporter_page;
