//! slapd: a directory of users and groups.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};
use testkit::client::{Client, Home};
use testkit::process::Program;

use super::{Authority, free_address, wait_for};
use crate::scene::text;

/// Where everything in the directory is.
const BASE: &str = "dc=example,dc=org";

/// The password of the one who may write, and read everything.
pub(crate) const ROOT_PASSWORD: &str = "root-of-the-directory";

/// The group that [`USER`] is in, as the directory spells it.
pub(crate) const GROUP: &str = "cn=crew,ou=groups,dc=example,dc=org";

/// A user in [`GROUP`].
pub(crate) const USER: (&str, &str) = ("lara", "lara's password");

/// A user in no group.
pub(crate) const LONER: (&str, &str) = ("leo", "leo's password");

/// How the registry reaches the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Without TLS.
    Plain,
    /// Plain at first, then with TLS.
    StartTls,
    /// With TLS.
    Tls,
}

/// A directory that runs.
pub(crate) struct Directory {
    home: Home,
    plain: SocketAddr,
    tls: SocketAddr,
    _slapd: Program,
}

impl Directory {
    /// Starts it with its users; none where it is not installed.
    pub(crate) fn start(authority: &Authority) -> Option<Self> {
        let home = Home::new();
        let (slapd, add) = (home.client("slapd")?, home.client("ldapadd")?);
        let file = text(&home.write("slapd.conf", settings(&home, authority)));
        let (plain, tls) = (free_address(), free_address());
        let addresses = format!("ldap://{plain}/ ldaps://{tls}/");
        // with a level of logging it stays in the foreground
        let command = slapd.command(&["-d", "0", "-f", &file, "-h", &addresses]);
        let mut slapd = Program::start(command, |_| ());
        wait_for(&mut slapd, plain);
        wait_for(&mut slapd, tls);
        fill(&home, &add, plain);
        Some(Self {
            home,
            plain,
            tls,
            _slapd: slapd,
        })
    }

    /// Yields `http.auth.ldap`, for a registry that trusts this authority.
    pub(crate) fn settings(&self, way: Way, authority: &Authority) -> Value {
        let credentials = json!({
            "bindDN": format!("cn=root,{BASE}"),
            "bindPassword": ROOT_PASSWORD,
        });
        let credentials = self.home.write("bind.json", credentials.to_string());
        let address = if way == Way::Tls {
            self.tls
        } else {
            self.plain
        };
        json!({
            "address": address.ip().to_string(),
            "port": address.port(),
            "insecure": way != Way::Tls,
            "startTLS": way == Way::StartTls,
            "cacert": authority.cert(),
            "credentialsFile": credentials,
            "baseDN": format!("ou=people,{BASE}"),
            "userAttribute": "uid",
            "userGroupAttribute": "memberOf",
        })
    }
}

fn settings(home: &Home, authority: &Authority) -> String {
    let pair = authority.server("directory");
    let schema = Path::new("/etc/ldap/schema");
    let schemas = ["core", "cosine", "inetorgperson"].map(|name| {
        format!(
            "include {}\n",
            schema.join(name).with_extension("schema").display()
        )
    });
    format!(
        "{}modulepath /usr/lib/ldap\nmoduleload back_mdb\nmoduleload memberof\npidfile {}\n\
         TLSCACertificateFile {}\nTLSCertificateFile {}\nTLSCertificateKeyFile {}\n\
         database mdb\nsuffix \"{BASE}\"\nrootdn \"cn=root,{BASE}\"\nrootpw \"{ROOT_PASSWORD}\"\n\
         directory {}\noverlay memberof\naccess to * by anonymous auth by * none\n",
        schemas.concat(),
        home.join("pid").display(),
        authority.cert().display(),
        pair.cert.display(),
        pair.key.display(),
        home.folder("data").display(),
    )
}

fn fill(home: &Home, add: &Client, address: SocketAddr) {
    let user = |(name, password): (&str, &str)| {
        format!(
            "dn: uid={name},ou=people,{BASE}\nobjectClass: inetOrgPerson\nuid: {name}\n\
             cn: {name}\nsn: {name}\nuserPassword: {password}\n\n"
        )
    };
    let folder = |name: &str| format!("dn: ou={name},{BASE}\nobjectClass: organizationalUnit\n\n");
    let entries = [
        format!("dn: {BASE}\nobjectClass: domain\n\n"),
        folder("people"),
        folder("groups"),
        user(USER),
        user(LONER),
        format!(
            "dn: {GROUP}\nobjectClass: groupOfNames\nmember: uid={},ou=people,{BASE}\n",
            USER.0
        ),
    ];
    let file = text(&home.write("entries.ldif", entries.concat()));
    let url = format!("ldap://{address}/");
    let root = format!("cn=root,{BASE}");
    add.run(&[
        "-x",
        "-H",
        &url,
        "-D",
        &root,
        "-w",
        ROOT_PASSWORD,
        "-f",
        &file,
    ]);
}

#[test]
fn users_are_found_with_their_groups_and_let_in_by_their_passwords() {
    let Some(authority) = Authority::new() else {
        return;
    };
    let Some(directory) = Directory::start(&authority) else {
        return;
    };
    let Some(search) = directory.home.client("ldapsearch") else {
        return;
    };
    let search = search.variable("LDAPTLS_CACERT", authority.cert());
    let (plain, tls) = (
        format!("ldap://{}/", directory.plain),
        format!("ldaps://{}/", directory.tls),
    );
    let root = format!("cn=root,{BASE}");
    for way in [&["-H", &plain][..], &["-H", &plain, "-ZZ"], &["-H", &tls]] {
        let who = ["-x", "-LLL", "-D", &root, "-w", ROOT_PASSWORD, "-b", BASE];
        let found = search.run(&[way, &who, &["uid=lara", "memberOf"]].concat());
        found.assert_says(&format!("memberOf: {GROUP}"));
    }
    let own = format!("uid={},ou=people,{BASE}", USER.0);
    let bind = |password| ["-x", "-H", &plain, "-D", &own, "-w", password, "-b", BASE];
    // allowed to sign in, and to see nothing
    search.fail(&bind(USER.1)).assert_says("No such object");
    search
        .fail(&bind("wrong"))
        .assert_says("Invalid credentials");
}
