//! Who may do what, with every method to sign in switched on at once.
//!
//! | file | holds |
//! |---|---|
//! | `registry` | a registry at a known address, asked by curl |
//! | `house` | the registry with every method on, and what it needs around it |
//! | `caller` | what every client does, and the one story that all must live through |
//! | `tools`, `engines` | the clients |
//! | `browser` | a browser without a screen |
//! | `directory`, `openid`, `redis`, `token`, `certificate` | one method each |
//! | `reload` | rights and users that change while the server runs |

mod browser;
mod caller;
mod certificate;
mod directory;
mod engines;
mod house;
mod openid;
mod redis;
mod registry;
mod reload;
mod token;
mod tools;
