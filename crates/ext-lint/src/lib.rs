//! Refuses images that lack the annotations an operator demands.
