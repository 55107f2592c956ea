//! POST /auth/users/import.

use serde::Serialize;

use crate::domain::error::Code;
use crate::domain::policy::{IMPORT_LINE_MAX_BYTES, IMPORT_MAX_ROWS};
use crate::edge::answer::{Answer, Note};
use crate::edge::body;
use crate::edge::problem::Problem;
use crate::edge::query::Query;
use crate::edge::request::Request;
use crate::edge::routes::Outcome;
use crate::ports::Ports;
use crate::service::AuthService;
use crate::service::import_users::{ImportOptions, RowOutcome};

pub(crate) async fn post<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let credential = request.bearer()?;
    let options = options(request.query)?;
    let body = body::lines(request)?;
    let lines = lines(body)?;
    let report = service.import_users(credential, &lines, options).await?;
    let [imported, already_there, refused] = report.counts();
    let body = ReportBody {
        dry_run: options.dry_run,
        imported,
        already_there,
        refused,
        rows: report.rows.iter().map(RowBody::from).collect(),
    };
    Ok(Answer::json(200, &body).noted(Note {
        reason: Some(format!(
            "imported {imported}, already there {already_there}, refused {refused}"
        )),
        ..Note::default()
    }))
}

#[derive(Serialize)]
struct ReportBody {
    dry_run: bool,
    imported: usize,
    already_there: usize,
    refused: usize,
    rows: Vec<RowBody>,
}

/// The result for one line of the import.
#[derive(Serialize)]
struct RowBody {
    line: usize,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl From<&(usize, RowOutcome)> for RowBody {
    fn from((line, outcome): &(usize, RowOutcome)) -> Self {
        let row = Self {
            line: *line,
            status: "refused",
            id: None,
            code: None,
            detail: None,
        };
        match outcome {
            RowOutcome::Imported(id) => Self {
                status: "imported",
                id: id.map(|id| id.to_string()),
                ..row
            },
            RowOutcome::AlreadyThere(id) => Self {
                status: "already_there",
                id: Some(id.to_string()),
                ..row
            },
            RowOutcome::Refused(refusal) => Self {
                code: Some(refusal.code()),
                detail: Some(refusal.detail()),
                ..row
            },
        }
    }
}

/// The lines of the body with their numbers, which begin at 1. Empty lines are left out, but are
/// counted in the numbers.
fn lines(body: &[u8]) -> Result<Vec<(usize, &[u8])>, Problem> {
    // Spreadsheet programs and programs on Windows often begin a file with a byte order mark.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let numbered = body.split(|byte| *byte == b'\n').zip(1_usize..);
    let lines: Vec<_> = numbered
        .map(|(line, number)| (number, line.trim_ascii()))
        .filter(|(_, line)| !line.is_empty())
        .take(IMPORT_MAX_ROWS.saturating_add(1))
        .collect();
    if lines.is_empty() {
        return Err(Problem::invalid_request(
            "the body has no lines: send one JSON object a line",
        ));
    }
    if lines.len() > IMPORT_MAX_ROWS {
        return Err(Problem::new(
            Code::PayloadTooLarge,
            format!(
                "a request may have {IMPORT_MAX_ROWS} lines, each of {IMPORT_LINE_MAX_BYTES} bytes: send \
                 the rest in further requests"
            ),
        ));
    }
    Ok(lines)
}

const QUERY: Query<2> = Query::new(["dry_run", "allow_admin"], || {
    "there are dry_run and allow_admin (true or false), each once".to_owned()
});

fn options(query: &str) -> Result<ImportOptions, Problem> {
    let [dry_run, allow_admin] = QUERY.read(query)?;
    Ok(ImportOptions {
        dry_run: QUERY.flag(dry_run)?,
        allow_admin: QUERY.flag(allow_admin)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_their_numbers_in_the_body() {
        let read = lines(b"\xef\xbb\xbf{}\r\n\n  \n{\"a\":1}\n").unwrap();
        assert_eq!(read, [(1, &b"{}"[..]), (4, b"{\"a\":1}")]);
        assert_eq!(lines(b"{}").unwrap(), [(1, &b"{}"[..])]);
        for empty in ["", "\n", " \r\n \n", "\u{feff}"] {
            let problem = lines(empty.as_bytes()).unwrap_err();
            assert_eq!(problem.code, Code::InvalidRequest);
        }
        assert_eq!(lines("{}\n".repeat(500).as_bytes()).unwrap().len(), 500);
        let problem = lines("{}\n".repeat(501).as_bytes()).unwrap_err();
        assert_eq!(problem.code, Code::PayloadTooLarge);
    }

    #[test]
    fn nothing_is_allowed_unless_the_query_says_so() {
        let read = |query| options(query).map(|it| (it.dry_run, it.allow_admin)).ok();
        assert_eq!(read(""), Some((false, false)));
        assert_eq!(read("dry_run=true"), Some((true, false)));
        assert_eq!(read("allow_admin=true&dry_run=false"), Some((false, true)));
        for query in [
            "dry_run",
            "dry_run=1",
            "dry_run=true&dry_run=true",
            "allow_admin=yes",
            "dryrun=true",
        ] {
            assert_eq!(read(query), None, "{query}");
        }
    }
}
