//! What a request and a call have in common: an id, the service, mails that are left for after the answer, a line in the log.

use std::rc::Rc;

use js_sys::Date;
use worker::Env;
use worker::worker_sys::Context;

use super::answer::Answer;
use super::mail_jobs::deliver_after_response;
use super::problem::Problem;
use super::wiring::{Background, Bindings, Isolate, background, log, service};
use crate::adapters::system_random::SystemRandom;
use crate::domain::log_line::LogLine;
use crate::domain::settings::SettingError;
use crate::ports::Random;
use crate::service::AuthService;

/// The id of a request or a call, and when it began.
pub(super) struct Turn {
    pub(super) id: String,
    begun: f64,
}

impl Turn {
    pub(super) fn begin(id: String) -> Self {
        Self {
            id,
            begun: Date::now(),
        }
    }

    /// Logs how it ended: its one line.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "milliseconds, and a negative number becomes 0"
    )]
    pub(super) fn log(
        &self,
        event: &'static str,
        method: &str,
        path: Option<&str>,
        answer: &Answer,
    ) {
        let level = level(answer.status);
        let mut line = LogLine::new(level, event);
        line.text("request_id", &self.id);
        line.text("method", method);
        line.text("path", path.unwrap_or_default());
        line.number("status", answer.status.into());
        // Only time spent waiting shows: a Worker's clock stands still while it computes.
        line.number("waited_ms", (Date::now() - self.begun) as u64);
        let note = &answer.note;
        for (name, text) in [
            ("reason", note.reason.as_deref()),
            ("user_id", note.user_id.as_deref()),
            ("session_id", note.session_id.as_deref()),
            ("verdict", note.verdict),
        ] {
            line.text(name, text.unwrap_or_default());
        }
        log(level, &line.end());
    }
}

/// For a call, which brings no id.
pub(super) fn random_id() -> String {
    let mut bytes = [0; 16];
    SystemRandom.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .hyphenated()
        .to_string()
}

fn level(status: u16) -> &'static str {
    match status {
        500.. => "error",
        400.. => "warn",
        _ => "info",
    }
}

/// The service, and what it takes to finish what it began.
pub(super) struct Served {
    pub(super) service: AuthService<Bindings>,
    env: Env,
    background: Background,
    isolate: Rc<Isolate>,
}

impl Served {
    /// The service for a turn; in local development with its demo accounts.
    ///
    /// # Errors
    /// When a binding is missing, or the database fails.
    pub(super) async fn new(
        env: Env,
        context: Context,
        isolate: Rc<Isolate>,
        turn: &Turn,
    ) -> Result<Self, Problem> {
        let background = background(context);
        let service = service(&env, background.clone(), &isolate, &turn.id)
            .map_err(|error| Problem::misconfigured(&error))?;
        if isolate.shared.settings().dev && !isolate.demo_accounts_added.get() {
            service.add_demo_accounts().await?;
            isolate.demo_accounts_added.set(true);
        }
        Ok(Self {
            service,
            env,
            background,
            isolate,
        })
    }

    /// Delivers, after the answer, the mails that no queue took.
    pub(super) fn deliver_mails(self) {
        let jobs = self.service.ports().take_mail_jobs();
        if !jobs.is_empty() {
            let again = self.background.clone();
            self.background
                .run(deliver_after_response(self.env, self.isolate, again, jobs));
        }
    }
}

/// The error when `ISSUER` is a loopback address outside local development.
pub(super) fn issuer_is_loopback(problem: &str) -> Problem {
    Problem::misconfigured(&SettingError {
        setting: "ISSUER",
        problem: problem.to_owned(),
        remedy: "Set it under [vars] in wrangler.toml to the origin of this Worker, such as \
                 \"https://auth.example.com\": only local development uses a loopback address.",
    })
}
