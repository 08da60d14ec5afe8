//! Shape, defaults and validation of the configuration file.
