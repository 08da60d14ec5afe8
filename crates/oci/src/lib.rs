//! The vocabulary of the OCI specifications: digests, names, references, descriptors, manifests, error codes.
