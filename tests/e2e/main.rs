//! End-to-end tests: real clients against the registry as a program, over loopback.
//!
//! Here belongs what only a real client can show: that it can push, pull, list, copy, delete and
//! attach the way its users do. How the API answers one request is tested in process, in `api`.
//!
//! | file | holds |
//! |---|---|
//! | `scene` | a server, a home and the images that every client meets |
//! | `buildah`, `containerd`, `cosign`, `crane`, `docker`, `helm`, `oras`, `podman`, `regctl`, `skopeo` | one client each |
//! | `service` | programs that the registry talks to |
//! | `sign_in` | every method to sign in, all at once |
//! | `restart` | stops, kills and starts the server between and during pushes |
//! | `slow` | uploads that take longer than the idle limit, and ones that stall |
//!
//! Every test has its own server, root and home. A client that is not installed is skipped with a
//! line that says so; when the variable `CI` is not empty, that is a failure. The registry is the
//! program that `HOLDFAST_BIN` names, or the `holdfast` that cargo built beside the tests.

#[cfg(test)]
mod buildah;
#[cfg(test)]
mod containerd;
#[cfg(test)]
mod cosign;
#[cfg(test)]
mod crane;
#[cfg(test)]
mod docker;
#[cfg(test)]
mod helm;
#[cfg(test)]
mod oras;
#[cfg(test)]
mod podman;
#[cfg(test)]
mod regctl;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod scene;
#[cfg(test)]
mod service;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod skopeo;
#[cfg(test)]
mod slow;
