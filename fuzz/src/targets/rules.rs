//! What operators write.

use throughline_channels::{Channels, Preset, RuleSpec};

use crate::input::Input;

/// A configuration is sound, or has mistakes that name their places.
pub fn config(data: &[u8]) {
    let Some(text) = Input::new(data).text() else {
        return;
    };
    for mistake in throughline::configuration_mistakes("fuzz.yaml", text) {
        assert!(mistake.starts_with("fuzz.yaml"), "no place: {mistake}");
    }
}

/// Own channel rules, and a source to find the channel of: rules (JSON, as the
/// presets are), source, medium, campaign.
pub fn channels(data: &[u8]) {
    let mut input = Input::new(data);
    let mut text = || std::str::from_utf8(input.part()?).ok();
    let Some(rules) = text() else { return };
    let Ok(rules) = serde_json::from_str::<Vec<RuleSpec>>(rules) else {
        return;
    };
    let source = [(); 3].map(|()| text().unwrap_or_default());
    match Channels::new(&rules, Preset::Ga4, super::lists()) {
        Ok(channels) => {
            let [source, medium, campaign] = source;
            let channel = channels.channel(source, medium, campaign);
            assert!(!channel.trim().is_empty());
            let shouted = source.to_uppercase();
            if shouted.to_lowercase() == source.to_lowercase() {
                assert_eq!(channels.channel(&shouted, medium, campaign), channel);
            }
        }
        Err(mistakes) => {
            assert!(!mistakes.is_empty());
            for mistake in mistakes {
                assert!(mistake.place.starts_with("rules["), "{mistake}");
            }
        }
    }
}
