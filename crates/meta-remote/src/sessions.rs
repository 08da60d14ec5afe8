//! Sessions of browsers.
//!
//! | key | value |
//! |---|---|
//! | `<prefix>:<id>` | the record in JSON; goes by itself when the session ends |
//! | `<prefix>-user:<hash of the name>` | sorted set of the ids of a user's sessions, by their end |
//! | `<prefix>-session-key` | what cookies are signed with, in hexadecimal |
//!
//! An id is the hash of what the browser holds, in hexadecimal: whoever reads the keys cannot log in
//! with them. Every command touches one key, as clusters want it.
//!
//! Compat: form and life of the first key are zot's; the values are ours.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use auth::session::{MAX_PER_USER, Record, Records, RecordsError, SessionId, SharedKey};
use futures_util::future::{BoxFuture, FutureExt, ready};
use redis::{Value, cmd};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::connection::{Error, Redis};
use crate::options::RedisOptions;

/// How many sessions a login ends at most, should there be too many.
const TRIM: i64 = 16;

/// Keeps records of sessions in Redis.
#[derive(Clone, Debug)]
pub struct RedisRecords {
    redis: Redis,
    options: RedisOptions,
}

/// A record as it is kept: times in milliseconds since 1970.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    user: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<String>>,
    created: u64,
    expires: u64,
}

impl RedisRecords {
    /// Prepares the way to a Redis; nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Settings`].
    pub fn new(options: &RedisOptions) -> Result<Self, Error> {
        Ok(Self {
            redis: Redis::new(options)?,
            options: options.clone(),
        })
    }

    /// Asks whether a server answers, as a start does.
    ///
    /// # Errors
    /// [`Error::Server`].
    pub async fn ping(&self) -> Result<(), Error> {
        self.redis.ping().await
    }

    async fn read(&self, id: &SessionId) -> Result<Option<Record>, Error> {
        let value = self.redis.send(cmd("GET").arg(self.id(id))).await?;
        let Some(bytes) = bytes(value)? else {
            return Ok(None);
        };
        // What somebody else wrote there is no session of ours.
        let kept = serde_json::from_slice::<Kept>(&bytes).ok();
        Ok(kept.map(|kept| Record {
            user: kept.user,
            provider: kept.provider,
            groups: kept.groups,
            created: time(kept.created),
            expires: time(kept.expires),
        }))
    }

    async fn write(&self, id: &SessionId, record: &Record) -> Result<(), Error> {
        let (created, expires) = (millis(record.created), millis(record.expires));
        let life = expires.saturating_sub(created).max(1);
        let kept = Kept {
            user: record.user.clone(),
            provider: record.provider.clone(),
            groups: record.groups.clone(),
            created,
            expires,
        };
        let kept = serde_json::to_vec(&kept).map_err(|_never| Error::Answer)?;
        // Counted before it counts: a login that fails in between leaves an entry that ends.
        let list = self.list(&record.user);
        let member = hex::encode(id);
        for command in [
            cmd("ZADD").arg(&list).arg(expires).arg(member).to_owned(),
            cmd("PEXPIRE").arg(&list).arg(life).to_owned(),
            cmd("ZREMRANGEBYSCORE")
                .arg(&list)
                .arg("-inf")
                .arg(created)
                .to_owned(),
            cmd("SET")
                .arg(self.id(id))
                .arg(kept)
                .arg("PX")
                .arg(life)
                .to_owned(),
        ] {
            self.redis.send(&command).await?;
        }
        self.trim(&list).await
    }

    /// Ends the oldest sessions of a list that is too long.
    async fn trim(&self, list: &str) -> Result<(), Error> {
        let room = i64::try_from(MAX_PER_USER).unwrap_or(i64::MAX);
        let Value::Int(count) = self.redis.send(cmd("ZCARD").arg(list)).await? else {
            return Err(Error::Answer);
        };
        let excess = (count - room).min(TRIM);
        if excess <= 0 {
            return Ok(());
        }
        let range = cmd("ZRANGE").arg(list).arg(0).arg(excess - 1).to_owned();
        let Value::Array(oldest) = self.redis.send(&range).await? else {
            return Err(Error::Answer);
        };
        for member in oldest {
            let Some(member) = bytes(member)?.and_then(|bytes| String::from_utf8(bytes).ok())
            else {
                continue;
            };
            let key = self.options.key(&member);
            self.redis.send(cmd("DEL").arg(key)).await?;
            self.redis.send(cmd("ZREM").arg(list).arg(member)).await?;
        }
        Ok(())
    }

    async fn drop_one(&self, id: &SessionId) -> Result<(), Error> {
        let record = self.read(id).await?;
        self.redis.send(cmd("DEL").arg(self.id(id))).await?;
        if let Some(record) = record {
            let list = self.list(&record.user);
            let member = hex::encode(id);
            self.redis.send(cmd("ZREM").arg(list).arg(member)).await?;
        }
        Ok(())
    }

    async fn shared_key(&self, fresh: &SharedKey) -> Result<SharedKey, Error> {
        let key = self.options.beside("session-key");
        let kept = hex::encode(fresh.0);
        self.redis
            .send(cmd("SET").arg(&key).arg(kept).arg("NX"))
            .await?;
        let found = bytes(self.redis.send(cmd("GET").arg(&key)).await?)?;
        let mut shared = [0; 32];
        match hex::decode_to_slice(found.unwrap_or_default(), &mut shared) {
            Ok(()) => Ok(SharedKey(shared)),
            Err(_) => Err(Error::Answer),
        }
    }

    fn id(&self, id: &SessionId) -> String {
        self.options.key(&hex::encode(id))
    }

    fn list(&self, user: &str) -> String {
        let name = hex::encode(digest(&SHA256, user.as_bytes()));
        self.options.beside(&format!("user:{name}"))
    }
}

impl Records for RedisRecords {
    fn get<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<Option<Record>, RecordsError>> {
        self.read(id).map(joined).boxed()
    }

    fn put<'a>(
        &'a self,
        id: &'a SessionId,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<(), RecordsError>> {
        self.write(id, record).map(joined).boxed()
    }

    fn remove<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<(), RecordsError>> {
        self.drop_one(id).map(joined).boxed()
    }

    fn key<'a>(&'a self, fresh: &'a SharedKey) -> BoxFuture<'a, Result<SharedKey, RecordsError>> {
        self.shared_key(fresh).map(joined).boxed()
    }

    /// Drops nothing: the server does it by itself.
    fn sweep(&self, _: SystemTime, _: usize) -> BoxFuture<'_, Result<usize, RecordsError>> {
        ready(Ok(0)).boxed()
    }
}

fn joined<T>(done: Result<T, Error>) -> Result<T, RecordsError> {
    done.map_err(|error| RecordsError(Box::new(error)))
}

fn bytes(value: Value) -> Result<Option<Vec<u8>>, Error> {
    redis::from_redis_value(value).map_err(|_type| Error::Answer)
}

fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn time(millis: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis)
}

#[cfg(test)]
mod tests;
