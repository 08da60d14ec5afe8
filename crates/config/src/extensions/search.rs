//! `extensions.search`.

use std::time::Duration;

use crate::duration::hours;
use crate::shape::section;

section! {
    /// Search over everything that is stored.
    pub struct Search {
        /// Whether the extension is on.
        "enable" => enable: bool = true,
        /// Scans for known vulnerabilities; its presence switches them on.
        "cve" => cve: Option<Cve>,
    }
}

section! {
    /// Scans for known vulnerabilities.
    pub struct Cve {
        /// Time between two updates of the database; at least 2h.
        "updateInterval" => update_interval: Duration = hours(2),
        /// The scanner.
        "trivy" => trivy: Trivy,
    }
}

section! {
    /// The scanner.
    pub struct Trivy {
        /// Where the vulnerability database is pulled from.
        "dbRepository" => db_repository: String = "ghcr.io/aquasecurity/trivy-db".to_owned(),
        /// Where the database of Java archives is pulled from.
        "javaDBRepository" | "javaDbrepository" => java_db_repository: String =
            "ghcr.io/aquasecurity/trivy-java-db".to_owned(),
        /// Whose severity counts: the first of this list that has one.
        "vulnSeveritySources" => vuln_severity_sources: Vec<String> = vec!["auto".to_owned()],
        /// Lists of what an image is made of.
        "sbom" => sbom: Sbom,
    }
}

section! {
    /// Lists of what an image is made of.
    pub struct Sbom {
        /// Whether lists are made.
        "enable" => enable: bool,
        /// `spdx-json` or `cyclonedx`.
        "format" => format: String = "spdx-json".to_owned(),
    }
}
