//! `/zot/auth/apikey`: makes, lists and revokes the caller's own keys.
//!
//! Compat: paths, statuses, names and empty bodies are those that zot and its user interface know.

use std::sync::Arc;
use std::time::SystemTime;

use auth::api_key::has_ended;
use auth::{ApiKeyError, ApiKeys, Authorization, Credentials, Evidence, Method, NewKey, User};
use ext::{Access, ExtensionRoute, Methods, Request, Response, handler};
use http::{Method as Verb, StatusCode, header};
use meta::ApiKeyRow;
use oci::{Error, ErrorCode};
use registry::Clock;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::query::Query;

const PATH: &str = "/zot/auth/apikey";

/// The largest body in bytes.
const BODY_LIMIT: usize = 8 * 1024;

/// What stands for no time.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// Yields the routes of API keys.
///
/// Anonymous callers get 401. A key makes none that may do more or lives longer than itself, and one
/// with scopes revokes itself alone.
pub fn routes(keys: Arc<ApiKeys>, clock: Arc<dyn Clock>) -> Vec<ExtensionRoute> {
    let service = Arc::new(Service { keys, clock });
    let handler = handler(move |request| {
        let service = Arc::clone(&service);
        async move { service.answer(&request).await }
    });
    let methods = Methods::GET.and(Methods::POST).and(Methods::DELETE);
    let mut route = ExtensionRoute::new(PATH, methods, Access::Authenticated, handler);
    route.body_limit = BODY_LIMIT;
    vec![route]
}

struct Service {
    keys: Arc<ApiKeys>,
    clock: Arc<dyn Clock>,
}

impl Service {
    async fn answer(&self, request: &Request) -> Result<Response, Error> {
        // Somebody who is nobody in particular has nothing to keep keys for.
        let user = request.caller.identity.user();
        let user = user.filter(|user| !user.name.is_empty());
        let user = user.ok_or(ErrorCode::Unauthorized)?;
        let now = self.clock.now();
        match request.method {
            Verb::POST => self.create(request, user, now).await,
            Verb::DELETE => self.revoke(request, user, now).await,
            _ => self.list(user, now).await,
        }
    }

    async fn create(
        &self,
        request: &Request,
        user: &User,
        now: SystemTime,
    ) -> Result<Response, Error> {
        let Some(wanted) = wanted(&request.body) else {
            return Ok(Response::empty(StatusCode::BAD_REQUEST));
        };
        let parent = self.parent(request, user, now).await?;
        let agent = request.headers.get(header::USER_AGENT);
        let new = NewKey {
            owner: user,
            label: wanted.label.unwrap_or_default(),
            scopes: wanted.scopes.unwrap_or_default(),
            expires: wanted.expires,
            agent: agent
                .and_then(|agent| agent.to_str().ok())
                .unwrap_or_default(),
            parent: parent.as_ref(),
        };
        let created = match self.keys.create(new, now).await {
            Ok(created) => created,
            Err(ApiKeyError::Expired) => return Ok(Response::empty(StatusCode::BAD_REQUEST)),
            Err(error) => return Err(refused(error)),
        };
        let told = Told {
            api_key: Some(&created.key),
            ..Told::of(&created.row, now)
        };
        let mut response = json(&told)?;
        response.status = StatusCode::CREATED;
        Ok(response)
    }

    async fn list(&self, user: &User, now: SystemTime) -> Result<Response, Error> {
        let rows = self.keys.list(&user.name).await.map_err(store)?;
        let keys = rows.iter().map(|row| Told::of(row, now)).collect();
        json(&List { keys })
    }

    async fn revoke(
        &self,
        request: &Request,
        user: &User,
        now: SystemTime,
    ) -> Result<Response, Error> {
        let query = Query::new(request.query.as_deref());
        let Ok(Some(id)) = query.one("id") else {
            return Ok(Response::empty(StatusCode::BAD_REQUEST));
        };
        if user.limit.is_some() {
            // What may do little may not take from others what may do more, but may give itself up.
            let own = if user.method == Method::ApiKey {
                self.parent(request, user, now).await?
            } else {
                None
            };
            if own.is_none_or(|own| own.uuid != id) {
                return Err(denied("a key with scopes may revoke itself alone"));
            }
        }
        self.keys.revoke(&user.name, &id).await.map_err(store)?;
        Ok(Response::empty(StatusCode::OK))
    }

    /// Yields the key that the request was made with, if it was one.
    async fn parent(
        &self,
        request: &Request,
        user: &User,
        now: SystemTime,
    ) -> Result<Option<ApiKeyRow>, Error> {
        match user.method {
            Method::Htpasswd | Method::Ldap | Method::Session | Method::Certificate => {
                return Ok(None);
            }
            // They end by themselves, and what they allow is for others to say.
            Method::Token | Method::Workload => return Err(denied("a token makes no keys")),
            Method::ApiKey => {}
        }
        let evidence = Evidence {
            headers: &request.headers,
            peer: request.caller.peer,
            certificate: None,
            now,
        };
        let Authorization::Basic(sent) = evidence.authorization() else {
            return Err(ErrorCode::Unauthorized.into());
        };
        let credentials = Credentials::read(sent).ok_or(ErrorCode::Unauthorized)?;
        let row = self.keys.find(&credentials.password).await.map_err(store)?;
        // It may have been revoked since it was let in.
        row.map(Some).ok_or_else(|| ErrorCode::Unauthorized.into())
    }
}

/// What a client asks for.
#[derive(Default, Deserialize)]
struct Asked {
    label: Option<String>,
    scopes: Option<Vec<String>>,
    #[serde(rename = "expirationDate")]
    expiration_date: Option<String>,
}

/// The same, understood.
struct Wanted {
    label: Option<String>,
    scopes: Option<Vec<String>>,
    expires: Option<SystemTime>,
}

fn wanted(body: &[u8]) -> Option<Wanted> {
    let asked = serde_json::from_slice::<Option<Asked>>(body).ok()?;
    let asked = asked.unwrap_or_default();
    let date = asked.expiration_date.filter(|date| !date.is_empty());
    let date = date.map(|date| OffsetDateTime::parse(&date, &Rfc3339));
    Some(Wanted {
        label: asked.label,
        scopes: asked.scopes,
        expires: date.transpose().ok()?.map(SystemTime::from),
    })
}

/// What clients read of a key, in zot's order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    created_at: String,
    expiration_date: String,
    is_expired: bool,
    creator_ua: &'a str,
    generated_by: &'a str,
    last_used: String,
    label: &'a str,
    /// Compat: `null` when there are none.
    scopes: Option<&'a [String]>,
    uuid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<&'a str>,
}

#[derive(Serialize)]
struct List<'a> {
    #[serde(rename = "apiKeys")]
    keys: Vec<Told<'a>>,
}

impl<'a> Told<'a> {
    fn of(row: &'a ApiKeyRow, now: SystemTime) -> Self {
        Self {
            created_at: date(row.created),
            expiration_date: date(row.expires),
            is_expired: has_ended(row, now),
            creator_ua: &row.creator_agent,
            generated_by: &row.generated_by,
            last_used: date(row.last_used),
            label: &row.label,
            scopes: (!row.scopes.is_empty()).then_some(row.scopes.as_slice()),
            uuid: &row.uuid,
            api_key: None,
        }
    }
}

/// Writes a time of a row.
fn date(nanos: u64) -> String {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(nanos));
    let text = time.ok().filter(|_| nanos != 0);
    let text = text.and_then(|time| time.format(&Rfc3339).ok());
    text.unwrap_or_else(|| NEVER.to_owned())
}

fn json(value: &impl Serialize) -> Result<Response, Error> {
    let body = serde_json::to_vec(value);
    let body = body.map_err(|error| Error::new(ErrorCode::Internal).caused_by(error))?;
    Ok(Response::json(body))
}

fn denied(reason: &str) -> Error {
    Error::new(ErrorCode::Denied).because(reason)
}

fn refused(error: ApiKeyError) -> Error {
    match error {
        ApiKeyError::Scope { .. } | ApiKeyError::TooManyScopes | ApiKeyError::Expired => {
            Error::new(ErrorCode::ParameterInvalid).because(error)
        }
        ApiKeyError::Exceeds | ApiKeyError::TooMany => denied(&error.to_string()),
        ApiKeyError::NoRandom(error) => Error::new(ErrorCode::Internal).caused_by(error),
        ApiKeyError::Store(error) => store(error),
    }
}

fn store(error: meta::Error) -> Error {
    registry::Error::Meta(error).into()
}

#[cfg(test)]
mod tests;
