//! `extensions.lint`.

use crate::shape::section;

section! {
    /// Rules for manifests that are pushed.
    pub struct Lint {
        /// Whether the extension is on.
        "enable" => enable: bool = true,
        /// Annotations, or labels of the image, that every manifest must have.
        "mandatoryAnnotations" => mandatory_annotations: Vec<String>,
        /// Addition: more rules, for some repositories each.
        "rules" => rules: Vec<LintRule>,
    }
}

section! {
    /// Addition: rules for the manifests of some repositories. All rules whose repositories match
    /// must hold.
    pub struct LintRule {
        /// Addition: globs over whole repository names; none means every repository.
        "repositories" => repositories: Vec<String>,
        /// Addition: what the annotations must be.
        "annotations" => annotations: Vec<LintAnnotation>,
    }
}

section! {
    /// Addition: an annotation that must be there.
    pub struct LintAnnotation {
        /// Addition: its key.
        "key" => key: String,
        /// Addition: regular expression that its value must match, not anchored; blank means any
        /// value.
        "pattern" => pattern: String,
    }
}
