//! The rows of the table in docs/storage.md: one for each job and each ticket.

use super::*;

/// The next job in a list of all jobs. A new variant of [`Task`] does not compile until it has a
/// place in the list. Then the test fails until the table has a row for it.
pub(super) fn next_task(task: &Task) -> Option<Task> {
    let email = || EmailAddress::parse(HOME).unwrap();
    let user = UserId::new(1, &[1; 10]);
    let state = edgegate::domain::link::State::parse(&"0".repeat(32)).unwrap();
    Some(match task {
        Task::Reset { .. } => Task::Registration {
            email: email(),
            first_name: None,
            last_name: None,
        },
        Task::Registration { .. } => Task::Verification { email: email() },
        Task::Verification { .. } => Task::Invitation { user, state },
        Task::Invitation { .. } => Task::NewAddress {
            user,
            email: email(),
            state,
        },
        Task::NewAddress { .. } => Task::AddressChangeAsked { to: email() },
        Task::AddressChangeAsked { .. } => Task::AddressChanged { to: email() },
        Task::AddressChanged { .. } => Task::PasswordChanged { to: email() },
        Task::PasswordChanged { .. } => Task::AccountDeleted { to: email() },
        Task::AccountDeleted { .. } => Task::SessionEnded {
            to: email(),
            device: None,
            place: None,
        },
        Task::SessionEnded { .. } => return None,
    })
}

pub(super) fn tasks() -> Vec<Task> {
    let email = EmailAddress::parse(HOME).unwrap();
    let first = Task::Reset { email };
    std::iter::successors(Some(first), next_task).collect()
}

/// The next ticket in a list of the tickets in the table. As with [`next_task`], a new variant of
/// [`Purpose`] must be added here.
pub(super) fn next_purpose(purpose: &Purpose) -> Option<Purpose> {
    Some(match purpose {
        Purpose::Refresh => Purpose::Reset,
        Purpose::Reset => Purpose::Registration,
        Purpose::Registration => Purpose::Verification,
        Purpose::Verification => Purpose::NewAddress,
        Purpose::NewAddress => Purpose::Device,
        // `Device` is the last ticket in the list. The others are for apps:
        // `tests/service/authorize` and `tests/service/app_tokens` test them.
        Purpose::Device
        | Purpose::SignOn
        | Purpose::AuthorizationRequest
        | Purpose::Code
        | Purpose::AppRefresh => return None,
    })
}

pub(super) fn purpose_name(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Refresh => "refresh token",
        Purpose::Reset => "reset link",
        Purpose::Registration => "registration link",
        Purpose::Verification => "verification link",
        Purpose::NewAddress => "new address link",
        Purpose::Device => "device ticket",
        Purpose::SignOn => "sign-on",
        Purpose::AuthorizationRequest => "authorization request",
        Purpose::Code => "authorization code",
        Purpose::AppRefresh => "refresh token of an app",
    }
}

/// A job, or a ticket that was handed out.
#[derive(Clone)]
pub(super) enum Subject {
    Job(Task),
    Ticket(Purpose),
}

impl Subject {
    pub(super) fn all() -> Vec<Self> {
        let purposes = std::iter::successors(Some(Purpose::Refresh), next_purpose);
        let tickets = purposes.map(Self::Ticket);
        tasks().into_iter().map(Self::Job).chain(tickets).collect()
    }

    pub(super) fn name(&self) -> String {
        match self {
            Self::Job(task) => format!("job `{}`", task.name()),
            Self::Ticket(purpose) => purpose_name(*purpose).to_owned(),
        }
    }

    /// The kinds of account with which to try this job or ticket.
    pub(super) fn starts(&self) -> &'static [Start] {
        match self {
            Self::Job(Task::Registration { .. }) | Self::Ticket(Purpose::Registration) => {
                &[Start::Nobody]
            }
            Self::Job(Task::Invitation { .. }) => &[Start::Invited],
            Self::Job(Task::Verification { .. }) | Self::Ticket(Purpose::Verification) => {
                &[Start::Unverified]
            }
            Self::Job(Task::Reset { .. } | Task::NewAddress { .. })
            | Self::Ticket(
                Purpose::Reset
                | Purpose::NewAddress
                | Purpose::Refresh
                | Purpose::Device
                | Purpose::SignOn
                | Purpose::AuthorizationRequest
                | Purpose::Code
                | Purpose::AppRefresh,
            ) => &[Start::Verified, Start::Unverified],
            Self::Job(
                Task::AddressChangeAsked { .. }
                | Task::AddressChanged { .. }
                | Task::PasswordChanged { .. }
                | Task::AccountDeleted { .. }
                | Task::SessionEnded { .. },
            ) => &[Start::Verified],
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    Nobody,
    Invited,
    Unverified,
    Verified,
}

/// A row of the table.
pub(super) struct Row {
    pub(super) valid_for: u64,
    pub(super) ended_by: Vec<String>,
    pub(super) only_while: Vec<String>,
}

pub(super) const HEADER: [&str; 7] = [
    "what",
    "may",
    "authorised by",
    "as of",
    "valid for",
    "ended for good by",
    "only while",
];

/// The words of the column "ended for good by".
pub(super) const ENDS: [&str; 7] = [
    "password",
    "password once verified",
    "address",
    "epoch",
    "verified",
    "disabled",
    "deleted",
];

/// The words of the column "only while".
pub(super) const WHILE: [&str; 3] = ["enabled", "at this address", "no account"];

pub(super) fn table() -> BTreeMap<String, Row> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/storage.md"));
    let text = text.unwrap();
    let (_, section) = text
        .split_once("## What waits, and what ends it\n")
        .expect("the section");
    let section = section.split("\n## ").next().unwrap();
    let cells = |line: &str| -> Vec<String> {
        let line = line.trim().trim_start_matches('|').trim_end_matches('|');
        line.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let mut lines = section.lines().filter(|line| line.starts_with('|'));
    assert_eq!(cells(lines.next().unwrap()), HEADER);
    lines.next();
    let words = |cell: &str, known: &[&str]| -> Vec<String> {
        let words = cell.split(", ").filter(|word| !word.is_empty());
        let words: Vec<String> = words.map(str::to_owned).collect();
        for word in &words {
            assert!(known.contains(&word.as_str()), "unknown: {word}");
        }
        words
    };
    let mut rows = BTreeMap::new();
    for line in lines {
        let row = cells(line);
        let [what, may, word, from, valid_for, ended_by, only_while] = row.as_slice() else {
            panic!("{} cells: {line}", row.len());
        };
        assert!(
            ![may, word, from].iter().any(|cell| cell.is_empty()),
            "{line}"
        );
        let row = Row {
            valid_for: match valid_for.as_str() {
                "`LINK_JOB_TTL`" => LINK_JOB_TTL,
                "`DEAD_LETTER_TTL`" => DEAD_LETTER_TTL,
                "`RESET_LINK_TTL`" => RESET_LINK_TTL,
                "`VERIFICATION_LINK_TTL`" => VERIFICATION_LINK_TTL,
                "`SESSION_IDLE_TTL`" => SESSION_IDLE_TTL,
                "`DEVICE_TTL`" => DEVICE_TTL,
                other => panic!("unknown time: {other}"),
            },
            ended_by: words(ended_by, &ENDS),
            only_while: words(only_while, &WHILE),
        };
        assert!(rows.insert(what.clone(), row).is_none(), "twice: {what}");
    }
    rows
}

#[test]
fn the_table_has_a_row_for_each_job_and_each_ticket() {
    let mut names: Vec<String> = Subject::all().iter().map(Subject::name).collect();
    names.sort();
    let rows: Vec<String> = table().into_keys().collect();
    assert_eq!(rows, names);
}
