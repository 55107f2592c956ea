//! The model: which actions are possible in a state, and which state follows.

use std::sync::Arc;
use std::time::Instant;

use edgegate::domain::policy::{DATABASE_CLOCK_SKEW, HOLD_COMMIT, HOLD_TTL};
use edgegate::domain::session::{DatedCopy, Fence};
use stateright::{Checker, HasDiscoveries, Model, Property};

use super::state::{
    Asked, Asking, Change, Cron, NOW, Object, Outbox, Renewal, Restore, SINCE, State, Step, TICK,
    Violation, generation, row,
};
use crate::coverage::Coverage;

/// A deliberate bug that the checker must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    NoGuard,
    SmallMargin,
    NoGeneration,
    Counter,
    WipeWhileHeld,
    LoginInstalls,
    KeepsWhileHeld,
    CronDeletesUnread,
}

#[derive(Clone, Debug)]
pub struct Setting {
    pub name: &'static str,
    pub changes: u8,
    pub renewals: u8,
    pub by_hand: u8,
    pub wipes: bool,
    pub restore: bool,
    /// At first the object runs an old version of the service, which does not know the protocol of
    /// the fence.
    pub old_object: bool,
    /// The number of changes that are made by Workers of the old version.
    pub old_changes: u8,
    pub rollback: bool,
    /// Nothing but renewals happens, so claim I5 must hold.
    pub calm: bool,
    /// Reports neither a change that is committed outside its hold nor a wipe of a held object.
    /// Reports only the stale copy that follows from such a step.
    pub consequences_only: bool,
    pub bug: Option<Bug>,
    pub coverage: Arc<Coverage>,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            name: "",
            changes: 2,
            renewals: 2,
            by_hand: 0,
            wipes: true,
            restore: false,
            old_object: false,
            old_changes: 0,
            rollback: false,
            calm: false,
            consequences_only: false,
            bug: None,
            coverage: Arc::default(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Tick,
    Wipe,
    BeginChange,
    BeginOldChange,
    /// `true`: the object carries out the call, but the Worker does not get the answer.
    StepChange(usize, bool),
    StopChange(usize),
    BeginRenewal,
    StepRenewal(usize, bool),
    StopRenewal(usize),
    /// A user signs in. The login has read this version of the user's row.
    SignIn(u8),
    ByHand,
    Cron,
    StopCron,
    Restore,
    VoidCopies,
    Upgrade,
    RollBack,
}

/// A change must hold the object before it is committed. Returns the number of ticks, counted from
/// the start of this hold, in which the change can still be committed if the clocks differ by
/// `skew` seconds.
fn commit_ticks(skew: u64) -> u64 {
    (HOLD_COMMIT + skew).div_ceil(TICK)
}

impl Setting {
    fn may_commit(&self, age: u8) -> bool {
        let skew = match self.bug {
            Some(Bug::NoGuard) => return true,
            Some(Bug::SmallMargin) => DATABASE_CLOCK_SKEW + TICK,
            _ => DATABASE_CLOCK_SKEW,
        };
        u64::from(age) < commit_ticks(skew)
    }

    /// Ages greater than this number of ticks are all treated as equal.
    fn oldest(&self) -> u8 {
        u8::try_from(HOLD_TTL / TICK).unwrap() + 1
    }

    fn on_object(&self, state: &mut State, act: impl FnOnce(&mut Fence)) {
        let mut fence = state.object.fence();
        act(&mut fence);
        state.object.store(&fence);
    }

    fn fresh(&self, state: &State) -> u8 {
        match self.bug {
            Some(Bug::NoGeneration) => 0,
            Some(Bug::Counter) => state.object.generation.map_or(0, |last| last + 1),
            _ => state.fresh(),
        }
    }

    fn violate(&self, state: &mut State, violation: Violation) {
        let about_holds = matches!(
            violation,
            Violation::OutsideHold | Violation::WipedWhileHeld
        );
        if !(self.consequences_only && about_holds) {
            state.violation.get_or_insert(violation);
        }
    }

    fn decide(&self, state: &mut State, renewal: &Renewal, version: u8) {
        if version < renewal.must {
            self.violate(state, Violation::Stale);
        }
    }

    fn write_outbox(&self, state: &mut State) {
        if state.outbox == Outbox::Written {
            self.coverage.note("outbox written again");
        }
        state.outbox = Outbox::Written;
        state.cron = match state.cron {
            Cron::Idle => Cron::Idle,
            Cron::Read(_) => Cron::Read(true),
            Cron::Forgotten(_) => Cron::Forgotten(true),
        };
    }

    fn step_change(&self, state: &mut State, index: usize, again: bool) {
        let change = state.changes.remove(index);
        match change {
            Change::Asked => {
                if state.object.is_old {
                    // An object of the old version does not know the call with which a Worker holds
                    // an object. So the client gets 503, and nothing has changed.
                    self.coverage.note("refused: the object is old");
                    return;
                }
                let fresh = generation(self.fresh(state));
                self.on_object(state, |fence| {
                    fence.hold(fresh, NOW);
                });
                state.changes.push(if again {
                    Change::Asked
                } else {
                    Change::Holding(0)
                });
            }
            Change::Holding(age) => {
                if !self.may_commit(age) {
                    self.coverage.note("too late");
                    state.changes.push(Change::Asked);
                    return;
                }
                // An object of the old version can lose the hold. Such an object has no copy, so
                // nothing can become stale.
                if !state.object.is_old && !state.object.fence().is_held(NOW) {
                    self.violate(state, Violation::OutsideHold);
                }
                self.coverage.note("committed");
                state.row += 1;
                // Later requests must see the change, even if the answer to the change was not
                // sent.
                state.known = state.row;
            }
            Change::OldAsked => {
                self.coverage.note("changed by an old Worker");
                state.row += 1;
                self.write_outbox(state);
                state.changes.push(Change::OldCommitted(state.row));
            }
            Change::OldCommitted(version) => {
                self.coverage.note("reported");
                if !state.object.is_old && version > state.object.reported {
                    let fresh = generation(self.fresh(state));
                    self.on_object(state, |fence| fence.forget(fresh));
                }
                state.object.reported = state.object.reported.max(version);
                state.known = state.known.max(version);
            }
        }
    }

    fn step_renewal(&self, state: &mut State, index: usize, again: bool) {
        let mut renewal = state.renewals.remove(index);
        match renewal.step {
            Step::New if state.object.is_old => {
                self.coverage.note("fell back to the row");
                renewal.step = Step::Reading(Asking {
                    generation: None,
                    asked: Asked::Before,
                });
                state.renewals.push(renewal);
            }
            Step::New => {
                let fence = state.object.fence();
                if let Some(copy) = fence.usable(NOW, renewal.since()) {
                    self.coverage.note("answered from the copy");
                    let version = u8::try_from(copy.version).unwrap();
                    self.decide(state, &renewal, version);
                } else {
                    if self.calm && fence.copy.is_some() {
                        self.violate(state, Violation::NeedlessRead);
                    }
                    renewal.step = Step::Reading(self.ask(state));
                    state.renewals.push(renewal);
                }
            }
            Step::Reading(asking) => {
                renewal.step = Step::Read(asking, state.row);
                state.renewals.push(renewal);
            }
            Step::Read(asking, version) => {
                self.decide(state, &renewal, version);
                if !state.object.is_old {
                    self.install(state, asking, version, renewal.since());
                }
                if again {
                    state.renewals.push(renewal);
                }
            }
        }
    }

    fn ask(&self, state: &mut State) -> Asking {
        let fresh = generation(self.fresh(state));
        let mut fence = state.object.fence();
        let mut asking = Asking::from(fence.need(fresh, NOW));
        if self.bug == Some(Bug::KeepsWhileHeld) {
            asking.generation = asking.generation.or(state.object.generation);
        }
        // Until the Workers have the new `COPIES_SINCE`, every request is treated as if it came
        // before the restore.
        if state.restore != Restore::CopiesVoided {
            asking.asked = Asked::Before;
        }
        state.object.store(&fence);
        asking
    }

    fn install(&self, state: &mut State, asking: Asking, version: u8, since: u64) {
        let mut need = asking.need();
        let mut fence = state.object.fence();
        if self.bug == Some(Bug::NoGeneration) {
            need.generation = need.generation.and(fence.generation);
        }
        let kept = fence.install(&row(version), &need, NOW, since);
        self.coverage.note(if kept { "kept" } else { "not kept" });
        state.object.store(&fence);
    }

    fn run_cron(&self, state: &mut State) {
        state.cron = match state.cron {
            Cron::Idle => Cron::Read(false),
            Cron::Read(newer) => {
                let fresh = generation(self.fresh(state));
                // An object of the old version does not know the call that makes an object forget
                // its copy, so the outbox entry is not deleted.
                if state.object.is_old {
                    Cron::Idle
                } else {
                    self.on_object(state, |fence| fence.forget(fresh));
                    Cron::Forgotten(newer)
                }
            }
            Cron::Forgotten(newer) => {
                if !newer || self.bug == Some(Bug::CronDeletesUnread) {
                    self.coverage.note("cron");
                    state.outbox = Outbox::Empty;
                }
                Cron::Idle
            }
        };
    }

    /// Checks claim I2. The claim does not apply between a restore of the database and the moment
    /// when `COPIES_SINCE` is set.
    fn check_copy(&self, state: &mut State) {
        if state.object.is_old || state.restore == Restore::Done {
            return;
        }
        let since = if state.restore == Restore::No {
            0
        } else {
            SINCE
        };
        let fence = state.object.fence();
        let version = fence.usable(NOW, since).map(|copy| copy.version);
        if version.is_some_and(|version| version != u64::from(state.row))
            && state.outbox == Outbox::Empty
        {
            self.violate(state, Violation::CopyIsNotTheRow);
        }
    }
}

impl Model for Setting {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            row: 1,
            known: 1,
            object: Object {
                is_old: self.old_object,
                ..Object::default()
            },
            changes: Vec::new(),
            renewals: Vec::new(),
            outbox: Outbox::Empty,
            cron: Cron::Idle,
            restore: Restore::No,
            changes_left: self.changes,
            old_changes_left: self.old_changes,
            renewals_left: self.renewals,
            by_hand_left: self.by_hand,
            rollbacks_left: self.rollback.into(),
            violation: None,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.violation.is_some() {
            return;
        }
        actions.push(Action::Tick);
        let wipes_held = self.bug == Some(Bug::WipeWhileHeld) || state.object.is_old;
        if self.wipes && (wipes_held || state.object.fence().may_be_wiped(NOW)) {
            actions.push(Action::Wipe);
        }
        if state.changes_left > 0 {
            actions.push(Action::BeginChange);
        }
        if state.old_changes_left > 0 {
            actions.push(Action::BeginOldChange);
        }
        if state.renewals_left > 0 {
            actions.push(Action::BeginRenewal);
        }
        for (index, change) in state.changes.iter().enumerate() {
            actions.push(Action::StepChange(index, false));
            actions.push(Action::StopChange(index));
            if *change == Change::Asked {
                actions.push(Action::StepChange(index, true));
            }
        }
        for (index, renewal) in state.renewals.iter().enumerate() {
            actions.push(Action::StepRenewal(index, false));
            actions.push(Action::StopRenewal(index));
            if matches!(renewal.step, Step::Read(..)) {
                actions.push(Action::StepRenewal(index, true));
            }
        }
        for version in state.row.saturating_sub(1)..=state.row {
            actions.push(Action::SignIn(version));
        }
        if state.by_hand_left > 0 {
            actions.push(Action::ByHand);
        }
        if state.outbox == Outbox::Written || state.cron != Cron::Idle {
            actions.push(Action::Cron);
            actions.push(Action::StopCron);
        }
        if self.restore {
            match state.restore {
                Restore::No => actions.push(Action::Restore),
                Restore::Done => actions.push(Action::VoidCopies),
                Restore::CopiesVoided => {}
            }
        }
        // After a rollback, docs/operations.md requires the operator to wait two minutes before the
        // next deploy. After two minutes, no change that held the object before the rollback can
        // still be committed.
        let is_holding =
            |change: &Change| matches!(change, Change::Holding(age) if self.may_commit(*age));
        if state.object.is_old && !state.changes.iter().any(is_holding) {
            actions.push(Action::Upgrade);
        }
        if !state.object.is_old && state.rollbacks_left > 0 {
            actions.push(Action::RollBack);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Tick => {
                state.object.held = state.object.held.saturating_sub(1);
                for change in &mut state.changes {
                    if let Change::Holding(age) = change {
                        *age = (*age + 1).min(self.oldest());
                    }
                }
            }
            Action::Wipe => {
                self.coverage.note("wiped");
                if state.object.fence().is_held(NOW) && !state.object.is_old {
                    self.violate(&mut state, Violation::WipedWhileHeld);
                }
                let is_old = state.object.is_old;
                let reported = state.object.reported;
                state.object = Object {
                    is_old,
                    reported,
                    ..Object::default()
                };
            }
            Action::BeginChange => {
                state.changes_left -= 1;
                state.changes.push(Change::Asked);
            }
            Action::BeginOldChange => {
                state.old_changes_left -= 1;
                state.changes.push(Change::OldAsked);
            }
            Action::StepChange(index, again) => self.step_change(&mut state, index, again),
            Action::StopChange(index) => {
                state.changes.remove(index);
            }
            Action::BeginRenewal => {
                state.renewals_left -= 1;
                let since = state.restore == Restore::CopiesVoided;
                let must = if state.restore == Restore::Done {
                    0
                } else {
                    state.known
                };
                state.renewals.push(Renewal {
                    step: Step::New,
                    must,
                    since,
                });
            }
            Action::StepRenewal(index, again) => self.step_renewal(&mut state, index, again),
            Action::StopRenewal(index) => {
                state.renewals.remove(index);
            }
            Action::SignIn(version) => {
                if state.object.is_old {
                    return None;
                }
                let fresh = generation(self.fresh(&state));
                self.on_object(&mut state, |fence| {
                    if self.bug == Some(Bug::LoginInstalls) && !fence.is_held(NOW) {
                        fence.copy = Some(DatedCopy {
                            row: row(version),
                            asked_at: NOW - 1000,
                        });
                    } else if fence.begin(version.into(), fresh) {
                        self.coverage.note("signed in");
                    }
                });
            }
            Action::ByHand => {
                self.coverage.note("changed by hand");
                state.by_hand_left -= 1;
                state.row += 1;
                self.write_outbox(&mut state);
            }
            Action::Cron => self.run_cron(&mut state),
            Action::StopCron => state.cron = Cron::Idle,
            Action::Restore => {
                self.coverage.note("restored");
                state.restore = Restore::Done;
                state.row += 1;
                // A restore of the database also restores the outbox, so its newer entries are
                // gone.
                state.outbox = Outbox::Empty;
                for renewal in &mut state.renewals {
                    renewal.must = 0;
                }
            }
            Action::VoidCopies => {
                self.coverage.note("copies voided");
                state.restore = Restore::CopiesVoided;
                state.known = state.row;
            }
            Action::Upgrade => {
                self.coverage.note("object upgraded");
                state.object.is_old = false;
            }
            Action::RollBack => {
                self.coverage.note("object rolled back");
                state.rollbacks_left -= 1;
                state.object.is_old = true;
            }
        }
        self.check_copy(&mut state);
        let has_random_generations = !matches!(self.bug, Some(Bug::Counter | Bug::NoGeneration));
        let state = state.canonical(has_random_generations);
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always(
            "no invariant is violated",
            |_, state: &State| state.violation.is_none(),
        )]
    }
}

/// Searches every state. Returns the first violation, and the events that happened.
pub fn search(setting: Setting) -> (Option<Violation>, Vec<&'static str>) {
    let coverage = Arc::clone(&setting.coverage);
    let name = setting.name;
    let begun = Instant::now();
    let checker = setting
        .checker()
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join();
    let found = checker.discoveries().into_values().next().map(|path| {
        let steps = path.into_vec();
        for (_, action) in &steps {
            if let Some(action) = action {
                println!("  {action:?}");
            }
        }
        steps.last().and_then(|(state, _)| state.violation).unwrap()
    });
    println!(
        "fence, {name}: {found:?}, {} states, depth {}, {:.1} s",
        checker.unique_state_count(),
        checker.max_depth(),
        begun.elapsed().as_secs_f64(),
    );
    assert!(
        found.is_some() || checker.is_done(),
        "{name}: not searched to the end"
    );
    (found, coverage.seen().into_keys().collect())
}
