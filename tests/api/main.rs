//! Requests and the answers that they must have, in process: real sockets, real HTTP, no program.
//!
//! | file | holds |
//! |---|---|
//! | `table` | what the tables are written in |
//! | `base`, `catalog`, `tag`, `manifest`, `blob`, `range`, `upload`, `mount`, `referrer` | one noun each: every route and method |
//! | `route`, `cors` | paths and health, what browsers are told |
//! | `specification` | what the distribution specification asks for, section by section |
//! | `matrix` | who may do what: every route, method and way to be known |
//! | `hostile` | requests that nobody should send |
//! | `cases` | what people who run registries reported |
//! | `apart` | a server in a process of its own, for looks at its memory |
//! | `coverage` | that the list of reported cases is true |
//! | `golden` | bodies that are an interface, compared with `golden/*.json` |

#[cfg(test)]
mod apart;
#[cfg(test)]
mod base;
#[cfg(test)]
mod blob;
#[cfg(test)]
mod cases;
#[cfg(test)]
mod catalog;
#[cfg(test)]
mod cors;
#[cfg(test)]
mod coverage;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod manifest;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod mount;
#[cfg(test)]
mod range;
#[cfg(test)]
mod referrer;
#[cfg(test)]
mod route;
#[cfg(test)]
mod specification;
#[cfg(test)]
mod table;
#[cfg(test)]
mod tag;
#[cfg(test)]
mod upload;
