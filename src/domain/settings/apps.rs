//! The settings for signing in to other apps.

use serde::Deserialize;

use super::SettingError;
use super::published::holds_published_key;
use super::source::{PUBLISHED, Source, shown};
use crate::domain::authorization::{
    IdTokenKeys, ProtectedResource, Resource, Scope, Scopes, is_client_name,
};
use crate::domain::json;
use crate::domain::policy;
use edgegate_token::KeySet;

/// An entry of `RESOURCES`, in the form in which the operator writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    uri: String,
    name: String,
    scopes: Vec<String>,
}

/// The settings for signing in to other apps.
pub(super) struct AppSettings {
    pub(super) resources: Vec<ProtectedResource>,
    pub(super) client_id_metadata: bool,
    pub(super) id_token_keys: IdTokenKeys,
}

impl Source<'_> {
    pub(super) fn apps(
        &self,
        issuer: &str,
        audience: &str,
        keys: Option<&KeySet>,
    ) -> Result<AppSettings, SettingError> {
        let resources = self.note(self.resources(issuer, audience));
        let client_id_metadata =
            self.note(self.choice("CLIENT_ID_METADATA", "off", &[("off", false), ("on", true)]));
        let id_token_keys = self.note(self.id_token_keys(issuer, keys));
        Ok(AppSettings {
            resources: resources?,
            client_id_metadata: client_id_metadata?,
            id_token_keys: id_token_keys?,
        })
    }

    fn resources(
        &self,
        issuer: &str,
        audience: &str,
    ) -> Result<Vec<ProtectedResource>, SettingError> {
        let Some(text) = self.text("RESOURCES")? else {
            return Ok(Vec::new());
        };
        let error = |problem: String| SettingError {
            setting: "RESOURCES",
            problem,
            remedy: "Write a JSON list such as [{\"uri\":\"https://api.example.com\",\"name\":\
                     \"Example API\",\"scopes\":[\"orders:read\"]}], or remove it: then clients \
                     that are not registered get no tokens.",
        };
        let entries: Vec<Entry> = json::decode(&text).ok_or_else(|| {
            error(format!(
                "is {}, which is not a JSON list of objects with exactly uri, name and scopes",
                shown(&text)
            ))
        })?;
        if entries.len() > policy::RESOURCES_MAX {
            return Err(error(format!(
                "has {} entries, but at most {} are allowed",
                entries.len(),
                policy::RESOURCES_MAX
            )));
        }
        let mut resources: Vec<ProtectedResource> = Vec::new();
        for entry in entries {
            let uri = shown(&entry.uri);
            let resource = read(&entry, issuer, audience)
                .map_err(|problem| error(format!("contains {uri}, {problem}")))?;
            if resources.iter().any(|other| other.uri == resource.uri) {
                return Err(error(format!("contains {uri} twice")));
            }
            resources.push(resource);
        }
        Ok(resources)
    }

    fn id_token_keys(
        &self,
        issuer: &str,
        keys: Option<&KeySet>,
    ) -> Result<IdTokenKeys, SettingError> {
        let Some(text) = self.text("ID_TOKEN_KEYS")? else {
            return Ok(IdTokenKeys::default());
        };
        let error = |problem: String, remedy| SettingError {
            setting: "ID_TOKEN_KEYS",
            problem,
            remedy,
        };
        if holds_published_key(&text, issuer) {
            return Err(error(
                PUBLISHED.to_owned(),
                "Replace it by a new private JWK Set with an RSA key of 2048 bits or more. Apps \
                 then reject id_tokens that the published key signed.",
            ));
        }
        let id_token_keys = IdTokenKeys::parse(&text).map_err(|why| {
            error(
                format!("is not a usable private JWK Set ({why})"),
                "Restore your copy, or correct what was pasted wrongly. Only if there is no copy, \
                 use a new RSA key of 2048 bits or more, or remove the setting: apps with RS256 \
                 then get no id_token.",
            )
        })?;
        // The keys of `SIGNING_KEYS` and `ID_TOKEN_KEYS` are published in one JWK Set. A token
        // names its key only by the `kid`, so no two keys may have the same `kid`.
        let is_taken = |kid: &str| keys.is_some_and(|keys| keys.kids().any(|other| other == kid));
        if id_token_keys.iter().any(|key| is_taken(key.kid())) {
            return Err(error(
                "has a key with the same kid as a key of SIGNING_KEYS".to_owned(),
                "Give the RSA key another kid.",
            ));
        }
        Ok(id_token_keys)
    }
}

/// Checks an entry. The error is the end of a sentence that begins with the entry's URI.
fn read(entry: &Entry, issuer: &str, audience: &str) -> Result<ProtectedResource, &'static str> {
    let uri = Resource::parse(&entry.uri).map_err(|_| {
        "but a uri must be an https URL of at most 512 bytes without a fragment (http on a \
         loopback address only)"
    })?;
    if uri.is_ours(issuer, audience) {
        return Err("but a token for AUDIENCE or for the origin of ISSUER would open the account");
    }
    if !is_client_name(&entry.name) {
        return Err("but its name must have 1 to 100 characters on one line");
    }
    let scopes: Vec<Scope> = entry
        .scopes
        .iter()
        .map(|scope| Scope::parse(scope))
        .collect::<Result<_, _>>()
        .map_err(|_| {
            "but a scope must have 1 to 64 visible ASCII characters without quotation marks and \
             backslashes"
        })?;
    if scopes.iter().any(Scope::is_of_the_account) {
        return Err(
            "but openid, profile, email and offline_access are scopes of the account, not of an API",
        );
    }
    if Scopes::new(scopes.iter().cloned()).is_err() {
        return Err("but its scopes have more than 512 bytes together");
    }
    Ok(ProtectedResource {
        uri,
        name: entry.name.clone(),
        scopes,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{SettingError, Settings};
    use crate::domain::authorization::IdTokenAlg;

    const KEYS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"test","d":"kHiqJjEbTv1Qa8l0B9TWvtZooboGt-DqgRkwqQ6bvoI","x":"WTgIzGjcnPfLLbB3vBGEwLDWIzQcpEqj4yySkPsbHfM"}]}"#;

    fn read(changes: &[(&str, &str)]) -> Result<Settings, SettingError> {
        Settings::read(|name| {
            let changed = changes.iter().find(|(changed, _)| *changed == name);
            let value = changed.map(|(_, value)| *value).or(match name {
                "ISSUER" => Some("https://auth.example.com"),
                "SIGNING_KEYS" => Some(KEYS),
                "TICKET_SECRET" => Some("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"),
                _ => None,
            });
            value.map(str::to_owned)
        })
    }

    fn rsa(kid: &str) -> String {
        let n = "gA".repeat(171);
        let d = "AQAB";
        format!(
            r#"{{"kty":"RSA","kid":"{kid}","n":"{n}","e":"AQAB","d":"{d}","p":"{d}","q":"{d}","dp":"{d}","dq":"{d}","qi":"{d}"}}"#
        )
    }

    #[test]
    fn without_settings_no_unregistered_client_gets_anything() {
        let settings = read(&[]).unwrap();
        assert!(settings.resources.is_empty() && settings.id_token_keys.is_empty());
        assert!(!settings.client_id_metadata);
        assert_eq!(settings.id_token_algs(), [IdTokenAlg::EdDsa]);
    }

    #[test]
    fn resources_are_read() {
        let text = r#"[{"uri":"https://api.example.com","name":"Orders","scopes":["orders:read","orders:write"]},{"uri":"https://mcp.example.com/mcp","name":"Tools","scopes":[]}]"#;
        let resources = read(&[("RESOURCES", text)]).unwrap().resources;
        assert_eq!(resources.len(), 2);
        assert_eq!(resources[0].uri.as_str(), "https://api.example.com");
        assert_eq!(resources[0].scopes.len(), 2);
        assert_eq!(resources[1].name, "Tools");
    }

    #[test]
    fn a_bad_resource_is_shown_with_its_fault() {
        let entry = |uri: &str, name: &str, scopes: &str| {
            format!(r#"[{{"uri":"{uri}","name":"{name}","scopes":[{scopes}]}}]"#)
        };
        let api = "https://api.example.com";
        let one = r#"{"uri":"https://api.example.com","name":"A","scopes":[]}"#;
        let twice = format!("[{one},{one}]");
        for (text, part) in [
            ("{}".to_owned(), "not a JSON list"),
            (
                r#"["https://api.example.com"]"#.to_owned(),
                "not a JSON list",
            ),
            (
                r#"[{"uri":"https://api.example.com","name":"A"}]"#.to_owned(),
                "not a JSON list",
            ),
            (
                r#"[{"uri":"https://api.example.com","name":"A","scopes":[],"x":1}]"#.to_owned(),
                "not a JSON list",
            ),
            (
                entry("api.example.com", "A", ""),
                "\"api.example.com\", but a uri",
            ),
            (entry("http://api.example.com", "A", ""), "but a uri"),
            (entry("https://api.example.com#a", "A", ""), "but a uri"),
            (
                entry("https://auth.example.com", "A", ""),
                "AUDIENCE or for the origin",
            ),
            (
                entry("https://auth.example.com/api", "A", ""),
                "AUDIENCE or for the origin",
            ),
            (
                entry("https://own.example.com/", "A", ""),
                "AUDIENCE or for the origin",
            ),
            (entry(api, "", ""), "its name"),
            (entry(api, "A", "\"two words\""), "a scope must have"),
            (entry(api, "A", "\"openid\""), "scopes of the account"),
            (twice, "twice"),
        ] {
            let settings = [
                ("RESOURCES", text.as_str()),
                ("AUDIENCE", "https://own.example.com"),
            ];
            let error = read(&settings).unwrap_err();
            assert_eq!(error.setting, "RESOURCES");
            assert!(error.problem.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn rsa_keys_add_an_algorithm_and_share_no_kid() {
        let keys = format!(r#"{{"keys":[{},{}]}}"#, rsa("a"), rsa("b"));
        let settings = read(&[("ID_TOKEN_KEYS", &keys)]).unwrap();
        assert_eq!(
            settings.id_token_algs(),
            [IdTokenAlg::EdDsa, IdTokenAlg::Rs256]
        );
        let taken = format!(r#"{{"keys":[{}]}}"#, rsa("test"));
        let error = read(&[("ID_TOKEN_KEYS", &taken)]).unwrap_err();
        assert!(error.problem.contains("SIGNING_KEYS"), "{error}");
    }
}
