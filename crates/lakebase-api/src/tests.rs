//! The client against a scripted service.
