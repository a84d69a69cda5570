//! The service over real connections: each route, each bad input, streams, repeats, limits and the end.

mod support;

mod bad_input;
mod drain;
mod events;
mod infrastructure;
mod keys;
mod limits;
mod logs;
mod openapi;
mod people;
mod repeats;
mod routes;
mod store_faults;
