//! Decides whether an object exists before and after an apply.

use super::super::plan::{Action, ResourceChange};

/// Whether an object exists at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    /// The object does not exist.
    No,
    /// The plan does not say whether the object exists.
    Maybe,
    /// The object exists.
    Yes,
}

/// Whether an object exists before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    pub before: Presence,
    pub after: Presence,
    /// Whether it is the same object, if it exists before and after.
    pub kept: bool,
    /// Whether Terraform deletes it by itself, rather than with what holds it.
    pub is_deleted: bool,
    /// Whether Terraform manages it before, and not after.
    pub is_let_go: bool,
}

/// What a plan does to an object.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "changes of several resources can meet here")]
pub struct Touch {
    /// A resource has it before and after.
    pub stays: bool,
    /// A resource deletes it.
    pub deleted: bool,
    /// A resource forgets it.
    pub forgotten: bool,
    /// A resource creates it.
    pub created: bool,
    /// The create adopts an object of the name.
    pub adopts: bool,
    /// It is created and deleted with what holds it.
    pub is_born: bool,
    /// A data source has read it.
    pub is_seen: bool,
    /// Only the state has it, and the plan has not looked whether it still exists.
    pub is_unread: bool,
}

impl Touch {
    /// Adds what a change does to the object that it has on that side: 0 is before, 1 is after.
    pub fn add(&mut self, change: &ResourceChange, side: usize) {
        match (change.action, side) {
            (Action::None | Action::Update, _) => self.stays = true,
            (Action::Forget | Action::ForgetAndCreate, 0) => self.forgotten = true,
            (_, 0) => self.deleted = true,
            _ => {
                self.created = true;
                self.adopts |= change.after.as_ref().is_some_and(|facts| facts.adopts);
            }
        }
    }
}

impl Life {
    /// Something that exists all along.
    pub const LASTING: Life = Life {
        before: Presence::Yes,
        after: Presence::Yes,
        kept: true,
        is_deleted: false,
        is_let_go: false,
    };

    /// The life of an object, given that of what holds it.
    pub fn of(touch: Touch, holder: Option<Life>) -> Life {
        let holder = holder.unwrap_or(Life::LASTING);
        let before = if touch.is_unread {
            holder.before.min(Presence::Maybe)
        } else if touch.stays || touch.deleted || touch.forgotten || touch.is_seen {
            Presence::Yes
        } else if touch.is_born {
            holder.before
        } else if touch.created && touch.adopts {
            holder.before.min(Presence::Maybe)
        } else {
            Presence::No
        };
        // An object that another resource manages is not deleted.
        let is_deleted = touch.deleted && !touch.stays && !touch.is_born;
        let (after, kept) = if holder.after == Presence::No {
            (Presence::No, false)
        } else if !holder.kept {
            // It is in a new object, even if an old one had the same name.
            (if touch.is_born || touch.created { Presence::Yes } else { Presence::No }, false)
        } else if touch.is_unread {
            (Presence::Maybe, true)
        } else if touch.is_born && !touch.stays && !touch.created {
            (holder.after, true)
        } else if touch.stays || touch.is_born || touch.forgotten {
            (Presence::Yes, true)
        } else if touch.created {
            (Presence::Yes, !touch.deleted && before != Presence::No)
        } else {
            (Presence::No, false)
        };
        let is_let_go = (touch.deleted || touch.forgotten) && !touch.stays && !touch.created;
        Life { before, after, kept, is_deleted, is_let_go }
    }
}
