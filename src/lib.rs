//! The front of fazt: it turns requests and commands into messages, and the
//! answers into bytes.
