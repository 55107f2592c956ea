//! Sessions of apps. They begin with an authorization code, there is a limit on their number, and
//! they end when the user's single sign-on ("sign-on") in the browser ends.

use std::future::ready;

use edgegate::domain::account::UserId;
use edgegate::domain::authorization::{ClientHash, ClientId, CodeId, Exchanged};
use edgegate::domain::session::{
    ActiveSession, AppBinding, EndReason, Holder, RefreshTicket, SessionId, Verdict,
};
use edgegate::ports::{Ending, SessionStore};
use futures_util::future::join_all;

use super::super::world::{
    GRACE, Person, World, every_time, laptop, rules, stranger, successor, text,
};
use super::{Case, check, check_eq, end, has_ended};

fn client(name: &str) -> Result<ClientHash, String> {
    let id = ClientId::parse(name).ok_or("not a client id")?;
    Ok(id.hash())
}

/// A session of an app.
#[derive(Clone, Copy)]
struct App {
    ticket: RefreshTicket,
    binding: AppBinding,
}

impl App {
    fn session(&self) -> SessionId {
        self.ticket.session
    }
}

/// Begins a session of an app at this location. When it returns, the session is a second old.
async fn begin<W: World>(
    ada: &Person<'_, W>,
    name: &str,
    sign_on: Option<SessionId>,
    most: Option<usize>,
) -> Result<App, String> {
    let app = App {
        ticket: ada.ticket(),
        binding: AppBinding {
            client: client(name)?,
            sign_on,
        },
    };
    ada.record_for(app.ticket, Holder::App(app.binding), most)
        .await?;
    ada.world.pass(1);
    Ok(app)
}

async fn renew<W: World>(ada: &Person<'_, W>, app: App) -> Result<Verdict, String> {
    let user = ready(Ok(Some(ada.user.clone())));
    let renewal = ada
        .renew_app_at(
            ada.world.here(),
            app.ticket,
            Some(app.binding),
            &laptop(),
            &rules(),
            user,
        )
        .await?;
    Ok(renewal.verdict)
}

async fn goes_on<W: World>(ada: &Person<'_, W>, app: App, what: &str) -> Case {
    check_eq!(renew(ada, app).await?, Verdict::Kept, what);
    let known = ada
        .world
        .here()
        .revocation(
            ada.user.id,
            app.session(),
            app.binding.sign_on,
            ada.world.now(),
        )
        .await
        .map_err(text)?;
    check!(!known.ended, "{what}: a check says that it has ended");
    Ok(())
}

async fn is_over<W: World>(ada: &Person<'_, W>, app: App, what: &str) -> Case {
    check_eq!(renew(ada, app).await?, Verdict::Ended, what);
    let known = ada
        .world
        .here()
        .revocation(
            ada.user.id,
            app.session(),
            app.binding.sign_on,
            ada.world.now(),
        )
        .await
        .map_err(text)?;
    check!(known.ended, "{what}: a check says that it goes on");
    let listed = ada.listed().await?;
    check!(!listed.contains(&app.session()), "{what}: it is listed");
    Ok(())
}

pub(crate) async fn a_log_out_ends_the_apps_of_the_sign_on<W: World>(world: &W) -> Case {
    for reason in [EndReason::LoggedOut, EndReason::EndedByUser] {
        let ada = Person::new(world)?;
        let (laptop, phone) = (ada.begin().await?, ada.begin().await?);
        let one = begin(&ada, "one", Some(laptop.session), None).await?;
        let two = begin(&ada, "two", Some(laptop.session), None).await?;
        let on_the_phone = begin(&ada, "one", Some(phone.session), None).await?;
        let outlives = begin(&ada, "one", None, None).await?;
        for app in [one, two, on_the_phone, outlives] {
            goes_on(&ada, app, "before").await?;
        }
        end(&ada, laptop.session, reason).await?;
        is_over(&ada, one, "one").await?;
        is_over(&ada, two, "two").await?;
        goes_on(&ada, on_the_phone, "of another sign-on").await?;
        goes_on(&ada, outlives, "of none").await?;
        check!(
            !has_ended(&ada, world.here(), phone.session).await?,
            "the phone"
        );
        // The port's documentation says about ending a session: "A repeat of the call MUST NOT
        // change what an earlier call has done".
        world.pass(1);
        end(&ada, laptop.session, reason).await?;
        goes_on(&ada, on_the_phone, "after a repeat").await?;
    }
    Ok(())
}

/// Nobody renewed the browser's session, so the store has perhaps deleted its record. A log-out
/// with the session's ticket still ends the sessions of the apps, because the ticket contains the
/// id of the sign-on.
pub(crate) async fn a_log_out_of_a_forgotten_session_ends_its_apps<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    for goes_on_with in [None, Some(ada.ticket().session)] {
        let browser = RefreshTicket {
            sign_on: goes_on_with,
            ..ada.ticket()
        };
        let sign_on = goes_on_with.unwrap_or(browser.session);
        let app = begin(&ada, "one", Some(sign_on), None).await?;
        let other = begin(&ada, "one", Some(ada.ticket().session), None).await?;
        let ending = Ending::of_ticket(&browser);
        let sessions = world.here();
        let ended = sessions.end(&ending, EndReason::LoggedOut, world.now());
        ended.await.map_err(text)?;
        is_over(&ada, app, "the app").await?;
        goes_on(&ada, other, "of another sign-on").await?;
    }
    Ok(())
}

/// After a new login in the same browser, the sign-on is the same as before. A log-out of the new
/// session ends this sign-on. The store reads the id of the sign-on from the record of the new
/// session or, if there is no such record, from the refresh token.
pub(crate) async fn a_session_goes_on_with_an_earlier_sign_on<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    let app = begin(&ada, "one", Some(first.session), None).await?;
    let again = RefreshTicket {
        sign_on: Some(first.session),
        ..ada.ticket()
    };
    ada.record(again, None).await?;
    end(&ada, first.session, EndReason::Replaced).await?;
    world.pass(1);
    goes_on(&ada, app, "after a new login in the same browser").await?;
    // The record of the session contains the id of the single sign-on, and a renewal does not
    // remove it.
    let verdict = ada.renew(again, &laptop(), &every_time()).await?;
    check!(matches!(verdict, Verdict::Fresh(_)), "{verdict:?}");
    world.pass(1);
    end(&ada, again.session, EndReason::LoggedOut).await?;
    is_over(&ada, app, "after a log-out").await?;

    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    let app = begin(&ada, "one", Some(first.session), None).await?;
    let again = RefreshTicket {
        sign_on: Some(first.session),
        ..ada.ticket()
    };
    ada.record(again, None).await?;
    world
        .here()
        .end(
            &Ending::of_ticket(&again),
            EndReason::LoggedOut,
            world.now(),
        )
        .await
        .map_err(text)?;
    is_over(&ada, app, "after a log-out by the ticket").await
}

pub(crate) async fn what_is_no_log_out_leaves_the_apps<W: World>(world: &W) -> Case {
    for reason in [EndReason::Replaced, EndReason::OverLimit] {
        let ada = Person::new(world)?;
        let first = ada.begin().await?;
        let app = begin(&ada, "one", Some(first.session), None).await?;
        end(&ada, first.session, reason).await?;
        check!(
            has_ended(&ada, world.here(), first.session).await?,
            "it has not ended"
        );
        goes_on(&ada, app, reason.as_str()).await?;
    }
    Ok(())
}

pub(crate) async fn a_spent_token_ends_the_apps<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    let app = begin(&ada, "one", Some(first.session), None).await?;
    ada.renew(first, &laptop(), &every_time()).await?;
    world.pass(GRACE);
    let verdict = ada.renew(first, &stranger(), &every_time()).await?;
    check_eq!(verdict, Verdict::Reused, "spent");
    is_over(&ada, app, "afterwards").await
}

/// When the session of an app ends, no other session ends, whatever the reason for the end is.
pub(crate) async fn an_apps_end_ends_nothing_else<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let browser = ada.begin().await?;
    let other = begin(&ada, "other", Some(browser.session), None).await?;
    for reason in [
        EndReason::LoggedOut,
        EndReason::Reused,
        EndReason::EndedByUser,
        EndReason::CodeReplayed,
    ] {
        let app = begin(&ada, "one", Some(browser.session), None).await?;
        end(&ada, app.session(), reason).await?;
        is_over(&ada, app, reason.as_str()).await?;
        goes_on(&ada, other, "the other app").await?;
    }
    // If a used token of an app is presented again, only the app's own session ends.
    let app = begin(&ada, "one", Some(browser.session), None).await?;
    let mut verdicts = Vec::new();
    for (browser, wait) in [(laptop(), GRACE), (stranger(), 0)] {
        let user = ready(Ok(Some(ada.user.clone())));
        let renewal = ada
            .renew_app_at(
                world.here(),
                app.ticket,
                Some(app.binding),
                &browser,
                &every_time(),
                user,
            )
            .await?;
        verdicts.push(renewal.verdict);
        world.pass(wait);
    }
    check_eq!(verdicts.last(), Some(&Verdict::Reused), "spent");
    is_over(&ada, app, "afterwards").await?;
    goes_on(&ada, other, "the other app").await?;
    let verdict = ada.renew(browser, &laptop(), &rules()).await?;
    check_eq!(verdict, Verdict::Kept, "the browser");
    Ok(())
}

pub(crate) async fn a_chain_of_an_app_goes_on<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let browser = ada.begin().await?;
    let mut app = begin(&ada, "one", Some(browser.session), None).await?;
    for _ in 0..3 {
        let user = ready(Ok(Some(ada.user.clone())));
        let renewal = ada
            .renew_app_at(
                world.here(),
                app.ticket,
                Some(app.binding),
                &laptop(),
                &every_time(),
                user,
            )
            .await?;
        let verdict = renewal.verdict;
        check!(matches!(verdict, Verdict::Fresh(_)), "{verdict:?}");
        app.ticket = successor(app.ticket)?;
        world.pass(1);
    }
    // The same user signs in again in the same browser. The single sign-on continues.
    let again = Holder::Browser {
        sign_on: Some(browser.session),
    };
    ada.record_for(ada.ticket(), again, None).await?;
    // KV's list can be out of date for a while.
    world.pass(60);
    let listed = world
        .here()
        .list(ada.user.id, 0, world.now())
        .await
        .map_err(text)?;
    let holders: Vec<Holder> = listed.iter().map(ActiveSession::holder).collect();
    let expected = vec![Holder::default(), Holder::App(app.binding), again];
    check_eq!(holders, expected, "in the list");
    end(&ada, browser.session, EndReason::LoggedOut).await?;
    is_over(&ada, app, "after a log-out").await
}

/// The port's documentation says: if there are more sessions of a kind than the limit allows, "the
/// oldest other sessions of the kind MUST end".
pub(crate) async fn the_sessions_of_an_app_are_counted_apart<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let browser = ada.begin().await?;
    let other = begin(&ada, "other", None, Some(2)).await?;
    let oldest = begin(&ada, "one", None, Some(2)).await?;
    // The sessions are counted only at some logins, as in `the_oldest_ends_above_the_limit`.
    for _ in 0..200 {
        let newest = begin(&ada, "one", None, Some(2)).await?;
        world.after_response().await?;
        if renew(&ada, oldest).await? == Verdict::Ended {
            goes_on(&ada, newest, "the newest").await?;
            check!(
                !has_ended(&ada, world.here(), other.session()).await?,
                "the other app"
            );
            check!(
                !has_ended(&ada, world.here(), browser.session).await?,
                "the browser"
            );
            return Ok(());
        }
    }
    Err("the oldest still goes on".to_owned())
}

pub(crate) async fn the_limit_of_an_app_is_exact<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let browser = ada.begin().await?;
    let other = begin(&ada, "other", None, Some(2)).await?;
    let mut apps = Vec::new();
    for _ in 0..4 {
        apps.push(begin(&ada, "one", None, Some(2)).await?);
    }
    let left = vec![
        browser.session,
        other.session(),
        apps[2].session(),
        apps[3].session(),
    ];
    check_eq!(ada.listed().await?, left, "the newest two");
    // Sessions of apps do not count against the limit on browser sessions either.
    let second = ada.ticket();
    ada.record(second, Some(2)).await?;
    check_eq!(ada.listed().await?.len(), 5, "all");
    Ok(())
}

pub(crate) async fn a_withdrawn_app_ends_everywhere<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let bob = Person::new(world)?;
    let browser = ada.begin().await?;
    let one = begin(&ada, "one", Some(browser.session), None).await?;
    let outlives = begin(&ada, "one", None, None).await?;
    let other = begin(&ada, "other", Some(browser.session), None).await?;
    let bobs = begin(&bob, "one", None, None).await?;
    // KV's list can lack sessions that began in the last minute.
    world.pass(60);
    for _ in 0..2 {
        world
            .here()
            .end_client(ada.user.id, client("one")?, world.now())
            .await
            .map_err(text)?;
        is_over(&ada, one, "of the sign-on").await?;
        is_over(&ada, outlives, "of none").await?;
        goes_on(&ada, other, "the other app").await?;
        goes_on(&bob, bobs, "Bob's").await?;
        world.pass(1);
    }
    check!(
        !has_ended(&ada, world.here(), browser.session).await?,
        "the browser"
    );
    Ok(())
}

fn code<W: World>(world: &W) -> CodeId {
    let mut bytes = [0; 16];
    bytes[..10].copy_from_slice(&world.numbers().random());
    CodeId::new(bytes)
}

async fn exchange<W: World>(
    world: &W,
    user: UserId,
    code: CodeId,
    session: SessionId,
    sign_on: Option<SessionId>,
) -> Result<Exchanged, String> {
    let now = world.now();
    world
        .here()
        .exchange(user, &code, session, sign_on, now + 60, now)
        .await
        .map_err(text)
}

pub(crate) async fn a_code_is_exchanged_once<W: World>(world: &W) -> Case {
    let (ada, bob) = (Person::new(world)?, Person::new(world)?);
    let browser = ada.begin().await?;
    let sign_on = Some(browser.session);
    let (code, first, second) = (code(world), ada.ticket().session, ada.ticket().session);
    for _ in 0..2 {
        let answer = exchange(world, ada.user.id, code, first, sign_on).await?;
        check_eq!(answer, Exchanged::First, "the first session, repeated");
    }
    for _ in 0..2 {
        let answer = exchange(world, ada.user.id, code, second, sign_on).await?;
        check_eq!(answer, Exchanged::Again(first), "another session");
    }
    let answer = exchange(world, bob.user.id, code, second, None).await?;
    check_eq!(answer, Exchanged::First, "users are apart");
    Ok(())
}

/// The port's documentation says about exchanging a code: "of all sessions that try to use the
/// code, one gets `Exchanged::First`."
pub(crate) async fn of_ten_exchanges_at_once_one_is_the_first<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let code = code(world);
    let sessions: Vec<SessionId> = (0..10).map(|_| ada.ticket().session).collect();
    let exchanges = sessions
        .iter()
        .map(|session| exchange(world, ada.user.id, code, *session, None));
    let mut first = Vec::new();
    let mut again = Vec::new();
    for (answer, session) in join_all(exchanges).await.into_iter().zip(&sessions) {
        match answer? {
            Exchanged::First => first.push(*session),
            Exchanged::Again(earlier) => again.push(earlier),
            Exchanged::SignedOff => return Err("signed off".to_owned()),
        }
    }
    check_eq!(first.len(), 1, "the first");
    check!(
        again.len() == 9 && again.iter().all(|id| first.contains(id)),
        "{again:?}"
    );
    Ok(())
}

async fn has_signed_off<W: World>(
    person: &Person<'_, W>,
    sign_on: SessionId,
) -> Result<bool, String> {
    let sessions = person.world.here();
    let answer = sessions.has_signed_off(person.user.id, sign_on).await;
    answer.map_err(text)
}

pub(crate) async fn a_code_of_an_ended_sign_on_is_refused<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let browser = ada.begin().await?;
    let code = code(world);
    check_eq!(
        has_signed_off(&ada, browser.session).await?,
        false,
        "before"
    );
    // A session was replaced by a newer one. This is not a log-out, so the single sign-on has not
    // ended.
    let replaced = ada.begin().await?;
    end(&ada, replaced.session, EndReason::Replaced).await?;
    check_eq!(
        has_signed_off(&ada, replaced.session).await?,
        false,
        "replaced"
    );
    end(&ada, browser.session, EndReason::LoggedOut).await?;
    check_eq!(
        has_signed_off(&ada, browser.session).await?,
        true,
        "after the log-out"
    );
    for _ in 0..2 {
        let session = ada.ticket().session;
        let answer = exchange(world, ada.user.id, code, session, Some(browser.session)).await?;
        check_eq!(answer, Exchanged::SignedOff, "after the log-out");
    }
    let session = ada.ticket().session;
    let answer = exchange(world, ada.user.id, code, session, None).await?;
    check_eq!(answer, Exchanged::First, "of no sign-on");
    Ok(())
}

/// The port's documentation says that a session "MUST be stored as ended from the beginning" if its
/// sign-on has ended or its code was presented again. Both can happen after the exchange and before
/// the session begins.
pub(crate) async fn what_ended_before_it_began_stays_ended<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let browser = ada.begin().await?;
    let sign_on = Some(browser.session);
    let binding = AppBinding {
        client: client("one")?,
        sign_on: None,
    };
    let (code, ticket, thief) = (code(world), ada.ticket(), ada.ticket().session);
    exchange(world, ada.user.id, code, ticket.session, sign_on).await?;
    let answer = exchange(world, ada.user.id, code, thief, sign_on).await?;
    check_eq!(answer, Exchanged::Again(ticket.session), "again");
    end(&ada, ticket.session, EndReason::CodeReplayed).await?;
    ada.record_for(ticket, Holder::App(binding), None).await?;
    is_over(&ada, App { ticket, binding }, "its code was replayed").await?;

    end(&ada, browser.session, EndReason::LoggedOut).await?;
    let late = begin(&ada, "one", sign_on, None).await?;
    is_over(&ada, late, "its sign-on had ended").await
}
