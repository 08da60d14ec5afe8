//! Stored forms of the vocabulary: digests as bytes, known media types as numbers.

/// A digest as the bytes of its key form.
pub(super) mod digest {
    use oci::Digest;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in crate::rows) fn serialize<S: Serializer>(
        digest: &Digest,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut key = Vec::with_capacity(65);
        digest.write_key(&mut key);
        serializer.serialize_bytes(&key)
    }

    pub(in crate::rows) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Digest, D::Error> {
        let key = <&[u8]>::deserialize(deserializer)?;
        match Digest::read_key(key) {
            Some((digest, [])) => Ok(digest),
            Some(_) | None => Err(D::Error::custom("not a digest")),
        }
    }
}

/// A media type as its position among the known ones, or as text.
pub(super) mod media_type {
    use oci::MediaType;
    use serde::de::{Error as _, IntoDeserializer};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    enum Stored<'a> {
        Known(u16),
        Text(&'a str),
    }

    pub(in crate::rows) fn serialize<S: Serializer>(
        media_type: &MediaType,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let position = MediaType::KNOWN
            .iter()
            .position(|known| known == media_type);
        match position.and_then(|position| u16::try_from(position).ok()) {
            Some(position) => Stored::Known(position).serialize(serializer),
            None => Stored::Text(media_type.as_str()).serialize(serializer),
        }
    }

    pub(in crate::rows) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<MediaType, D::Error> {
        match Stored::deserialize(deserializer)? {
            Stored::Known(position) => MediaType::KNOWN
                .get(usize::from(position))
                .cloned()
                .ok_or_else(|| D::Error::custom("unknown media type number")),
            // Not `MediaType::new`: what was read with parameters keeps them.
            Stored::Text(text) => MediaType::deserialize(text.into_deserializer()),
        }
    }
}

/// The same, where there may be none.
pub(super) mod optional_digest {
    use oci::Digest;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Stored(#[serde(with = "super::digest")] Digest);

    #[expect(clippy::ref_option, reason = "serde hands over the field by reference")]
    pub(in crate::rows) fn serialize<S: Serializer>(
        digest: &Option<Digest>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        digest.map(Stored).serialize(serializer)
    }

    pub(in crate::rows) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Digest>, D::Error> {
        Ok(Option::<Stored>::deserialize(deserializer)?.map(|stored| stored.0))
    }
}

/// The same, where there may be none.
pub(super) mod optional_media_type {
    use oci::MediaType;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Stored(#[serde(with = "super::media_type")] MediaType);

    #[expect(clippy::ref_option, reason = "serde hands over the field by reference")]
    pub(in crate::rows) fn serialize<S: Serializer>(
        media_type: &Option<MediaType>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        media_type.clone().map(Stored).serialize(serializer)
    }

    pub(in crate::rows) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<MediaType>, D::Error> {
        Ok(Option::<Stored>::deserialize(deserializer)?.map(|stored| stored.0))
    }
}
