//! API Gateway: turns a request into an event for the function whose route it is, and its answer back.
