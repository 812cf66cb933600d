//! An event being written: its fields as JSON texts, in any spelling that means the same.

use fastrand::Rng;

use crate::reference::time::iso;

/// An event of a topic.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The topic.
    pub topic: &'static str,
    /// `occurred_at`, in epoch milliseconds.
    pub at: i64,
    /// Names and JSON texts of all other fields.
    pub fields: Vec<(&'static str, String)>,
}

impl Draft {
    /// An event with its id.
    pub fn new(topic: &'static str, event_id: &str, at: i64) -> Self {
        Self {
            topic,
            at,
            fields: vec![("event_id", quote(event_id))],
        }
    }

    /// Sets a string.
    pub fn text_field(&mut self, name: &'static str, text: &str) {
        self.raw(name, quote(text));
    }

    /// Sets any JSON text.
    pub fn raw(&mut self, name: &'static str, json: String) {
        self.remove(name);
        self.fields.push((name, json));
    }

    /// Takes a field away.
    pub fn remove(&mut self, name: &str) {
        self.fields.retain(|(known, _)| *known != name);
    }

    /// The same event at another moment: another event.
    pub fn move_to(&mut self, at: i64) {
        self.at = at;
    }

    /// The event as JSON: the moment in either form, the fields in any order, and some that nobody knows.
    pub fn text(&self, rng: &mut Rng) -> String {
        let mut fields = self.fields.clone();
        if !fields.iter().any(|(name, _)| *name == "occurred_at") {
            let moment = match rng.u8(..4) {
                0 => quote(&iso(self.at)),
                1 => quote(&iso(self.at).replace('Z', "999+00:00")),
                _ => self.at.to_string(),
            };
            fields.push(("occurred_at", moment));
        }
        match rng.u8(..20) {
            0 => fields.push(("session", "{\"a\": [1, null, \"x\"]}".to_owned())),
            1 => fields.push(("campaign_id", "17".to_owned())),
            2 if !fields.iter().any(|(name, _)| *name == "crm_contact_id") => {
                fields.push(("crm_contact_id", "null".to_owned()));
            }
            _ => {}
        }
        rng.shuffle(&mut fields);
        let fields: Vec<_> = fields
            .into_iter()
            .map(|(name, json)| format!("\"{name}\":{json}"))
            .collect();
        format!("{{{}}}", fields.join(","))
    }
}

/// A JSON string.
pub fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
