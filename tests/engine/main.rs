//! The engine on real drivers and stores: what it does, and what is left of it when things fail.

#[cfg(test)]
mod delete;
#[cfg(test)]
mod fault;
#[cfg(test)]
mod ground;
#[cfg(test)]
mod image;
#[cfg(test)]
mod import;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod manifest;
#[cfg(test)]
mod manual_clock;
#[cfg(test)]
mod model;
#[cfg(test)]
mod mount;
#[cfg(test)]
mod quota;
#[cfg(test)]
mod race;
#[cfg(test)]
mod row_store;
#[cfg(test)]
mod upload;
#[cfg(test)]
mod view;
