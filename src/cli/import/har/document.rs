//! The document around the entries, read as it comes.

use std::fmt;

use serde::{
    Deserialize,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{
    super::{error::ImportError, intake::Intake},
    NAME,
    entry::Entry,
    exchange,
};

/// Takes an archive apart.
pub(super) struct Archive {
    pub(super) intake: Intake,
    pub(super) entries: u64,
    pub(super) has_log: bool,
    /// Why reading stopped, where that is no fault of the JSON.
    pub(super) failed: Option<ImportError>,
}

#[derive(Default, Deserialize)]
struct Creator {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    version: Option<String>,
}

impl Archive {
    /// Stops the reading.
    fn fail<T, E: serde::de::Error>(&mut self, why: ImportError) -> Result<T, E> {
        self.failed = Some(why);
        Err(E::custom("stopped"))
    }
}

impl<'de> Visitor<'de> for &mut Archive {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `log`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "log" {
                map.next_value_seed(Log(self))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct Log<'a>(&'a mut Archive);

impl<'de> DeserializeSeed<'de> for Log<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Log<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`log`, an object with `entries`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let archive = self.0;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "version" => {
                    let version = map.next_value::<Option<String>>()?.unwrap_or_default();
                    if !version.is_empty() && version.split('.').next() != Some("1") {
                        let known = "versions 1.1 to 1.3";
                        let found = version;
                        return archive.fail(ImportError::Version { format: NAME, found, known });
                    }
                }
                "creator" => {
                    let creator = map.next_value::<Option<Creator>>()?.unwrap_or_default();
                    let named = [creator.name, creator.version].into_iter().flatten();
                    archive.intake.tool = named.collect::<Vec<_>>().join(" ");
                }
                "entries" => {
                    archive.has_log = true;
                    map.next_value_seed(Entries(archive))?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

struct Entries<'a>(&'a mut Archive);

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`entries`, an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let archive = self.0;
        while let Some(entry) = entries.next_element::<Entry>()? {
            archive.entries += 1;
            let number = archive.entries;
            if let Err(why) = exchange::take(entry, number, &mut archive.intake) {
                archive.failed = Some(why);
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}
