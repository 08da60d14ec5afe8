use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use http::HeaderValue;

use super::*;

/// Answers connections one after the other with these texts, and yields what was asked.
fn serve(answers: Vec<String>) -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for answer in answers {
            let (stream, _) = listener.accept().unwrap();
            sender.send(talk(stream, &answer)).ok();
        }
    });
    (address, receiver)
}

/// Reads one request with its body, then answers and closes.
fn talk(stream: impl Read + Write, answer: &str) -> String {
    let mut stream = BufReader::new(stream);
    let mut asked = String::new();
    while !asked.ends_with("\r\n\r\n") {
        if stream.read_line(&mut asked).unwrap_or(0) == 0 {
            return asked;
        }
    }
    let length = asked.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is = name.eq_ignore_ascii_case("content-length");
        is.then(|| value.trim().parse::<usize>().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).unwrap();
    asked.push_str(std::str::from_utf8(&body).unwrap());
    stream.get_mut().write_all(answer.as_bytes()).ok();
    stream.get_mut().flush().ok();
    asked
}

fn ok(body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\nX-One: 1\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

fn redirect(to: &str) -> String {
    format!(
        "HTTP/1.1 302 Found\r\nLocation: {to}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    )
}

fn url(text: impl fmt::Display) -> Url {
    Url::parse(&text.to_string()).unwrap()
}

fn agent() -> Agent {
    Agent::new(Options::default())
}

#[test]
fn sends_what_it_is_given_and_reads_the_answer() {
    let answers = vec![ok("one"), ok("{\"a\":[1,2]}"), ok("three")];
    let (at, asked) = serve(answers);
    let secret = HeaderValue::from_static("Bearer marker");
    let get = Request::get(url(format!("http://{at}/x?q=1")));
    let got = agent().send_blocking(get.with_header(header::AUTHORIZATION, secret));
    let got = got.unwrap();
    assert_eq!(got.status, 200);
    assert_eq!(got.headers["x-one"], "1");
    assert_eq!(&got.body[..], b"one");
    let text = asked.recv().unwrap();
    assert!(text.starts_with("GET /x?q=1 HTTP/1.1\r\n"), "{text}");
    assert!(text.contains("authorization: Bearer marker"), "{text}");
    assert!(text.contains("user-agent: holdfast"), "{text}");

    let form = Request::form(url(format!("http://{at}/f")), [("a b", "c&d")]);
    let got = agent().send_blocking(form).unwrap();
    let read: std::collections::BTreeMap<String, Vec<u8>> = got.json().unwrap();
    assert_eq!(read["a"], [1, 2]);
    let text = asked.recv().unwrap();
    assert!(
        text.contains("content-type: application/x-www-form-urlencoded"),
        "{text}"
    );
    assert!(text.ends_with("\r\n\r\na+b=c%26d"), "{text}");

    let json = Request::json(url(format!("http://{at}/j")), &[1, 2]).unwrap();
    agent().send_blocking(json).unwrap();
    assert!(asked.recv().unwrap().ends_with("\r\n\r\n[1,2]"));
}

type Check = fn(&Error) -> bool;

#[test]
fn each_fault_is_of_its_kind_and_prints_no_secret() {
    let answer = |text: &str| {
        let (at, _) = serve(vec![text.to_owned()]);
        format!("http://{at}/p?token=marker")
    };
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let table: Vec<(String, Check)> = vec![
        (format!("http://{closed}/p?token=marker"), |e| {
            matches!(e, Error::Connect { .. })
        }),
        (answer("marker\r\n\r\n"), |e| {
            matches!(e, Error::Protocol { .. })
        }),
        (
            answer("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nmarker"),
            |e| matches!(e, Error::Body { .. }),
        ),
        (answer(&ok(&"m".repeat(1001))), |e| {
            matches!(e, Error::TooLarge { limit: 1000, .. })
        }),
        (
            answer(&format!(
                "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}",
                "m".repeat(1001)
            )),
            |e| matches!(e, Error::TooLarge { limit: 1000, .. }),
        ),
        (
            answer("HTTP/1.1 503 marker\r\nContent-Length: 0\r\n\r\n"),
            |e| matches!(e, Error::Status { status, .. } if status.as_u16() == 503),
        ),
        (answer(&ok("{\"marker\": 1}")), |e| {
            matches!(e, Error::Json { .. })
        }),
        (answer("").replace("http:", "https:"), |e| {
            matches!(e, Error::Tls { .. } | Error::Connect { .. })
        }),
    ];
    for (target, is_kind) in table {
        let request = Request::get(url(&target)).with_limit(1000);
        let result = agent().send_blocking(request).and_then(Response::success);
        let result = result.and_then(|response| response.json::<u8>());
        let error = result.unwrap_err();
        assert!(is_kind(&error), "{target}: {error:?}");
        assert!(
            !format!("{error} {error:?}").contains("marker"),
            "{error:?}"
        );
    }
}

#[test]
fn redirects_are_followed_as_far_as_they_may() {
    let plain = |at: SocketAddr| format!("http://{at}/a");
    let cases: Vec<(Redirects, Vec<String>, Result<u16, &str>)> = vec![
        (Redirects::None, vec![redirect("/b")], Ok(302)),
        (
            Redirects::SameHost(1),
            vec![redirect("/b"), ok("")],
            Ok(200),
        ),
        (
            Redirects::SameHost(1),
            vec![redirect("/b"), redirect("/c")],
            Err("too many"),
        ),
        (
            Redirects::SameHost(5),
            vec![redirect("http://127.0.0.2:9/")],
            Err("another host"),
        ),
        (
            Redirects::Anywhere(5),
            vec![redirect("file:///etc/passwd")],
            Err("no http"),
        ),
        (
            Redirects::Anywhere(5),
            vec![redirect("ftp://a.example/")],
            Err("no http"),
        ),
        (
            Redirects::Anywhere(5),
            vec!["HTTP/1.1 302 x\r\nContent-Length: 0\r\n\r\n".into()],
            Ok(302),
        ),
    ];
    for (redirects, answers, want) in cases {
        let (at, _asked) = serve(answers.clone());
        let request = Request::get(url(plain(at))).with_redirects(redirects);
        let got = agent().send_blocking(request);
        match (got, want) {
            (Ok(response), Ok(status)) => assert_eq!(response.status, status, "{answers:?}"),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (got, want) => panic!("{answers:?}: {got:?}, not {want:?}"),
        }
    }
}

#[test]
fn case_a34_another_host_gets_no_credentials_and_is_not_this_machine() {
    let targets = [
        "http://127.0.0.1:1/",
        "http://localhost:1/",
        "http://169.254.169.254/latest",
    ];
    for target in targets {
        let (at, _asked) = serve(vec![redirect(target)]);
        let request = Request::get(url(format!("http://{at}/")));
        let error = agent().send_blocking(request.with_redirects(Redirects::Anywhere(3)));
        assert!(
            matches!(error, Err(Error::Local { .. })),
            "{target}: {error:?}"
        );
        let request = Request::get(url(target)).with_trust(Trust::Named);
        let error = agent().send_blocking(request);
        assert!(
            matches!(error, Err(Error::Local { .. })),
            "{target}: {error:?}"
        );
    }

    let (second, asked_second) = serve(vec![ok("")]);
    let (first, asked_first) = serve(vec![redirect(&format!(
        "http://localhost:{}/",
        second.port()
    ))]);
    let agent = Agent::new(Options {
        local_targets: LocalTargets::Allow,
        ..Options::default()
    });
    let request = Request::get(url(format!("http://{first}/")))
        .with_header(
            header::AUTHORIZATION,
            HeaderValue::from_static("Basic marker"),
        )
        .with_header(header::COOKIE, HeaderValue::from_static("marker"))
        .with_header(header::ACCEPT, HeaderValue::from_static("text/x"))
        .with_redirects(Redirects::Anywhere(3));
    agent.send_blocking(request).unwrap();
    assert!(asked_first.recv().unwrap().contains("marker"));
    let text = asked_second.recv().unwrap();
    assert!(
        !text.contains("marker") && text.contains("text/x"),
        "{text}"
    );
}

#[test]
fn a_post_is_not_repeated_elsewhere() {
    let (at, _asked) = serve(vec![redirect("/b")]);
    let form = Request::form(url(format!("http://{at}/")), [("password", "marker")]);
    let got = agent().send_blocking(form.with_redirects(Redirects::Anywhere(3)));
    assert_eq!(got.unwrap().status, 302);
}

#[test]
fn proxies_of_the_environment_are_used() {
    let (at, asked) = serve(vec![
        "HTTP/1.1 403 no\r\nContent-Length: 0\r\n\r\n".to_owned(),
    ]);
    let proxies = Proxies::read(|name| (name == "HTTPS_PROXY").then(|| format!("http://{at}")));
    let agent = Agent::new(Options {
        proxies,
        ..Options::default()
    });
    let error = agent.send_blocking(Request::get(url("https://a.example/x")));
    assert!(matches!(error, Err(Error::Connect { .. })), "{error:?}");
    let text = asked.recv().unwrap();
    assert!(text.starts_with("CONNECT a.example:443 HTTP/1.1"), "{text}");
}

#[tokio::test]
async fn the_asynchronous_face_waits_for_permits_and_times_out() {
    // Listens, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = silent.local_addr().unwrap();
    let agent = Agent::new(Options {
        total_timeout: Duration::from_millis(50),
        permits: 1,
        ..Options::default()
    });
    let ask = || agent.send(Request::get(url(format!("http://{at}/"))));
    let (one, two) = tokio::join!(ask(), ask());
    for result in [one, two] {
        assert!(matches!(result, Err(Error::Timeout { .. })), "{result:?}");
    }
    let (at, _asked) = serve(vec![ok("late")]);
    let patient = Agent::new(Options::default());
    let got = patient
        .send(Request::get(url(format!("http://{at}/"))))
        .await;
    assert_eq!(&got.unwrap().body[..], b"late");
}

/// Answers one encrypted connection, and yields the certificate that signed for it.
fn serve_tls() -> (SocketAddr, Vec<u8>) {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let private = rustls_pki_types::PrivatePkcs8KeyDer::from(key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private.into())
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (stream, _): (TcpStream, _) = listener.accept().unwrap();
        let connection = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        talk(rustls::StreamOwned::new(connection, stream), &ok("sealed"));
    });
    (at, certificate.pem().into_bytes())
}

#[test]
fn trusts_what_it_is_told_to_and_nothing_else() {
    type Make = fn(Vec<u8>) -> Roots;
    let table: [(Make, &str, bool); 4] = [
        (Roots::Only, "localhost", true),
        (Roots::SystemAnd, "localhost", true),
        // Another name than the certificate has.
        (Roots::Only, "127.0.0.1", false),
        (|_| Roots::Only(serve_tls().1), "localhost", false),
    ];
    for (make, host, want) in table {
        let (at, pem) = serve_tls();
        let agent = Agent::new(Options {
            roots: make(pem),
            ..Options::default()
        });
        let target = url(format!("https://{host}:{}/", at.port()));
        match agent.send_blocking(Request::get(target)) {
            Ok(response) => assert!(want && &response.body[..] == b"sealed", "{host}"),
            Err(error) => assert!(!want && matches!(error, Error::Tls { .. }), "{error:?}"),
        }
    }
    for wrong in [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----",
    ] {
        let roots = Roots::Only(wrong.as_bytes().to_vec());
        assert!(matches!(roots.check(), Err(Error::Roots { .. })), "{wrong}");
    }
}
