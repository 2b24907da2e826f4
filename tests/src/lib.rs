//! The whole system from outside: everything is under `it/`.
