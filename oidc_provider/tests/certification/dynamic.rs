//! The plan of dynamic registration.
