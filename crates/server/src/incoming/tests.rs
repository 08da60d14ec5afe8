use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use futures_util::StreamExt;
use http_body::{Frame, SizeHint};

use super::*;

/// A body that yields what it is told and then ends, breaks off or hangs.
struct Scripted {
    pieces: VecDeque<&'static str>,
    end: End,
    declared: Option<u64>,
    taken: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    Whole,
    Broken,
    Hangs,
}

fn pieces(pieces: &[&'static str], end: End) -> Scripted {
    Scripted {
        pieces: pieces.iter().copied().collect(),
        end,
        declared: None,
        taken: 0,
    }
}

impl Body for &mut Scripted {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(piece) = self.pieces.pop_front() {
            self.taken += 1;
            return Poll::Ready(Some(Ok(Frame::data(piece.into()))));
        }
        match self.end {
            End::Whole => Poll::Ready(None),
            End::Broken => Poll::Ready(Some(Err(io::ErrorKind::BrokenPipe.into()))),
            End::Hangs => Poll::Pending,
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.declared
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

fn source(body: &mut Scripted) -> Source<&mut Scripted> {
    Source::new(body, BodyLimits::default())
}

#[tokio::test]
async fn a_body_is_read_up_to_the_limit_and_no_further() {
    /// Pieces, declared length, what is read (none: too long), how many pieces were taken.
    type Case = (
        &'static [&'static str],
        Option<u64>,
        Option<&'static str>,
        usize,
    );
    let cases: [Case; 8] = [
        (&[], None, Some(""), 0),
        (&["abc"], None, Some("abc"), 1),
        (&["abc", "de"], None, Some("abcde"), 2),
        (&["abc", "", "de"], Some(5), Some("abcde"), 3),
        (&["abc", "def", "ghi"], None, None, 2),
        (&["abcdef", "ghi"], None, None, 1),
        // Declared to be too long: not a byte is read.
        (&["abc", "def"], Some(6), None, 0),
        (&["abc"], Some(u64::MAX), None, 0),
    ];
    for (given, declared, expected, taken) in cases {
        let mut body = pieces(given, End::Whole);
        body.declared = declared;
        let read = source(&mut body).read_all(5).await;
        match (read, expected) {
            (Ok(bytes), Some(text)) => assert_eq!(bytes, text),
            (Err(ReadError::TooLarge(5)), None) => {}
            (read, _) => panic!("{given:?}: {read:?}"),
        }
        assert_eq!(body.taken, taken, "{given:?}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_error() {
    let mut body = pieces(&["abc"], End::Broken);
    let read = source(&mut body).read_all(5).await;
    assert!(matches!(
        read,
        Err(ReadError::Source(SourceError::Closed(_)))
    ));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stalls_ends_after_the_idle_time() {
    let mut body = pieces(&["abc"], End::Hangs);
    let mut source = source(&mut body);
    assert!(source.next().await.unwrap().is_ok());
    let before = Instant::now();
    let late = source.next().await.unwrap();
    assert!(matches!(late, Err(SourceError::Stalled)));
    assert_eq!(before.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn progress_counts_against_the_idle_time_but_not_against_the_total() {
    let limits = BodyLimits {
        idle: Some(Duration::from_mins(1)),
        total: Some(Duration::from_secs(150)),
    };
    let mut body = pieces(&[], End::Hangs);
    let mut source = Source::new(&mut body, limits);
    let before = Instant::now();
    for _ in 0..3 {
        let wait = tokio::time::timeout(Duration::from_secs(40), source.next());
        assert!(wait.await.is_err(), "not late yet");
        source.body.pieces.push_back("abc");
        assert!(source.next().await.unwrap().is_ok());
    }
    let late = source.next().await.unwrap();
    assert!(matches!(late, Err(SourceError::Stalled)));
    assert_eq!(before.elapsed().as_secs(), 150);
}

/// Keeps the lines of a log.
#[derive(Clone, Default)]
struct Lines(Arc<parking_lot::Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn case_b12_the_log_names_the_setting_that_ended_a_body() {
    let minute = Some(Duration::from_mins(1));
    let hour = Some(Duration::from_hours(1));
    let table = [
        (minute, None, "http.limits.idleTimeout"),
        (minute, hour, "http.limits.idleTimeout"),
        (None, minute, "http.readTimeout"),
        (hour, minute, "http.readTimeout"),
    ];
    for (idle, total, setting) in table {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .finish();
        let guard = tracing::subscriber::set_default(subscriber);
        let mut body = pieces(&[], End::Hangs);
        let late = Source::new(&mut body, BodyLimits { idle, total })
            .next()
            .await;
        drop(guard);
        assert!(matches!(late, Some(Err(SourceError::Stalled))));
        let text = String::from_utf8(lines.0.lock().clone()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains(setting), "{text}");
    }
}
