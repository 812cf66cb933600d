//! Telephone calls: answered, missed and called back, to leased, printed and
//! the office's numbers.

use throughline_proto::topics::RawTopic;

use super::client::Client;
use super::market::SOURCES;
use super::shop::OFFICE;
use super::simulation::Simulation;
use super::time::{At, MINUTE, SECOND};

/// How many managers answer.
const MANAGERS: i64 = 14;

/// A call.
struct Call<'a> {
    client: u64,
    at: At,
    dialled: &'a str,
    status: &'static str,
    outbound: bool,
    /// The visit that a call was started from.
    visitor: Option<&'a str>,
}

impl Simulation {
    /// The client calls, again when nobody answers, or is called back. When it
    /// was talked to, says until when.
    pub(super) fn call_in(
        &mut self,
        client: &mut Client,
        dialled: &str,
        at: At,
        visitor: Option<&str>,
    ) -> Option<At> {
        client.known.phone = true;
        // Few call centres know the visit; those that do need no caller's number.
        let visitor = visitor.filter(|_| self.dice.chance(0.05));
        let mut call = Call {
            client: client.number,
            at,
            dialled,
            status: "answered",
            outbound: false,
            visitor,
        };
        let statuses = ["answered", "missed", "busy", "voicemail"];
        let status = self.dice.weighted([0.82, 0.13, 0.03, 0.02].into_iter());
        call.status = statuses[status];
        let end = self.write_call(&call);
        if status == 0 {
            return Some(end);
        }
        if self.dice.chance(0.5) {
            call.at = end + self.dice.whole(2 * MINUTE, 12 * MINUTE);
            call.status = "answered";
            return Some(self.write_call(&call));
        }
        self.dice.chance(0.75).then(|| {
            let delay = self.dice.whole(10 * MINUTE, 90 * MINUTE);
            let back = self.tempo.office_after(end, delay, &mut self.dice);
            self.call_out(client.number, back)
        })
    }

    /// A client's first contact is a call to a printed number.
    pub(super) fn printed_call(&mut self, client: &mut Client, source: usize, at: At) {
        self.charge_click(source, 0);
        // Who calls has made up its mind more than who looks.
        let (buys, asks) = {
            let readiness = client.readiness();
            (self.dice.chance(2.0 * readiness), self.dice.chance(0.3))
        };
        let talked = self.call_in(client, SOURCES[source].name, at, None);
        if let Some(talked) = talked.filter(|_| buys || asks) {
            self.follow_up(client, talked, buys);
        }
        self.plan_return(client, at);
    }

    /// A manager calls the client; says until when.
    pub(super) fn call_out(&mut self, client: u64, at: At) -> At {
        let reached = self.dice.chance(0.8);
        self.write_call(&Call {
            client,
            at,
            dialled: OFFICE,
            status: if reached { "answered" } else { "missed" },
            outbound: true,
            visitor: None,
        })
    }

    /// The client calls the office about its order.
    pub(super) fn call_again(&mut self, client: u64, at: At) {
        let missed = self.dice.chance(0.1);
        self.write_call(&Call {
            client,
            at,
            dialled: OFFICE,
            status: if missed { "missed" } else { "answered" },
            outbound: false,
            visitor: None,
        });
    }

    fn write_call(&mut self, call: &Call<'_>) -> At {
        let answered = call.status == "answered";
        let wait = self
            .dice
            .log_normal(if answered { 14.0 } else { 38.0 }, 0.6) as i64;
        let talk = if answered {
            (self.dice.log_normal(130.0, 0.9) as i64).clamp(4, 5400)
        } else {
            0
        };
        let hidden = call.visitor.is_some() && self.dice.chance(0.3);
        let phone = if hidden {
            "anonymous".to_owned()
        } else {
            self.names.written_phone(call.client, &mut self.dice)
        };
        let line = self
            .event(RawTopic::Calls, call.at)
            .text("caller_phone", &phone)
            .text("dialed_number", call.dialled)
            .text_if("visitor_id", call.visitor)
            .text_if("direction", call.outbound.then_some("outbound"))
            .text("status", call.status)
            .whole("wait_seconds", wait);
        let line = if answered {
            let manager = self.dice.whole(1, MANAGERS + 1);
            let recording = format!(
                "https://calls.homeline.example/rec/{:016x}.mp3",
                self.dice.bits()
            );
            line.whole("talk_seconds", talk)
                .text("manager_id", &format!("m{manager:02}"))
                .text_if("recording_url", (talk > 10).then_some(recording.as_str()))
        } else {
            line.whole("talk_seconds", 0)
        };
        let line = if talk > 30 && self.dice.chance(0.6) {
            let score = (72.0 + 14.0 * self.dice.normal()) as i64;
            line.whole("quality_score", score.clamp(0, 100))
        } else {
            line
        };
        self.send(RawTopic::Calls, call.at, line);
        call.at + (wait + talk) * SECOND
    }
}
