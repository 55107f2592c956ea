//! The mails in English.

use super::Letter;
use super::words::{Phrases, Words};

pub(super) const PHRASES: Phrases = Phrases {
    greeting: "Hello,",
    expiry: ["This link works once and expires in ", "."],
    units: [["minute", "minutes"], ["hour", "hours"], ["day", "days"]],
    link_hint: "If the button does not work, copy this address into your browser:",
    device: "Last used on",
    place: "Approximate place",
};

pub(super) fn words(letter: &Letter<'_>) -> &'static Words {
    match letter {
        Letter::ResetPassword { .. } => &Words {
            subject: ["Reset your ", " password"],
            heading: "Choose a new password",
            opening: [
                "Someone requested a new password for your ",
                " account. If it was you, open this link to choose one.",
            ],
            paragraphs: &["You will then be signed out on all devices."],
            button: "Choose a new password",
            note: "If it was not you, you can ignore this email. Your password stays the same.",
            reason: [
                "You get this email because someone requested a new password for this address at ",
                ".",
            ],
        },
        Letter::Invitation { .. } => &Words {
            subject: ["Your account at ", " is ready"],
            heading: "Your account is ready",
            opening: [
                "An administrator of ",
                " created an account for you. To use it, open this link and choose a password.",
            ],
            paragraphs: &[],
            button: "Choose a password",
            note: "If you did not expect this, you can ignore this email. Nobody can sign in to the \
                   account until a password is chosen.",
            reason: [
                "You get this email because an administrator created an account with this address at ",
                ".",
            ],
        },
        Letter::FinishRegistration { .. } => &Words {
            subject: ["Finish your registration at ", ""],
            heading: "Finish your registration",
            opening: [
                "Someone wants to create an account at ",
                " with this email address. If it is you, open this link and choose a password.",
            ],
            paragraphs: &[],
            button: "Finish registration",
            note: "If it is not you, you can ignore this email. Without this link no account is created.",
            reason: [
                "You get this email because someone entered this address to register at ",
                ".",
            ],
        },
        Letter::VerifyAddress { .. } => &Words {
            subject: ["Verify your email address for ", ""],
            heading: "Verify your email address",
            opening: [
                "There is an account with this email address at ",
                ". If it is your account, open this link to verify the address.",
            ],
            paragraphs: &["The page will ask for your password."],
            button: "Verify address",
            note: "If it is not your account, you can ignore this email. The address stays unverified.",
            reason: [
                "You get this email because someone requested to verify this address at ",
                ".",
            ],
        },
        Letter::AddressTaken { .. } => &Words {
            subject: ["You already have an account at ", ""],
            heading: "You already have an account",
            opening: [
                "Someone tried to use this email address at ",
                ", but it already has an account. Nothing was changed.",
            ],
            paragraphs: &[
                "If it was you, sign in with your password. If you have forgotten it, choose a new one \
                 here.",
            ],
            button: "Choose a new password",
            note: "If it was not you, you can ignore this email. Your password stays the same.",
            reason: [
                "You get this email because someone entered this address at ",
                ".",
            ],
        },
        Letter::PasswordChanged { .. } => &Words {
            subject: ["Your ", " password was changed"],
            heading: "Your password was changed",
            opening: [
                "The password of your ",
                " account was changed. Every other device will be signed out within an hour at the latest.",
            ],
            paragraphs: &[
                "If it was you, you do not need to do anything.",
                "If it was not you, reset your password now.",
            ],
            button: "Reset password",
            note: "",
            reason: [
                "You get this email because this is the address of an account at ",
                ".",
            ],
        },
        Letter::ConfirmAddress { .. } => &Words {
            subject: ["Confirm your new email address for ", ""],
            heading: "Confirm your new email address",
            opening: [
                "Someone wants to use this email address for an account at ",
                ". If it is you, open this link to confirm the address.",
            ],
            paragraphs: &["Until then, the account keeps its current address."],
            button: "Confirm address",
            note: "If it is not you, you can ignore this email. Nothing will change.",
            reason: [
                "You get this email because someone entered this address as their new one at ",
                ".",
            ],
        },
        Letter::AddressChangeAsked { .. } => &Words {
            subject: ["A new email address for your ", " account"],
            heading: "A new email address was requested",
            opening: [
                "Someone wants to use a different email address for your ",
                " account. Nothing has changed yet: the new address must be confirmed first.",
            ],
            paragraphs: &[
                "If it is you, open the link in the email to the new address.",
                "If it is not you, someone knows your password. Reset it now: this also stops the \
                 change of address.",
            ],
            button: "Reset password",
            note: "",
            reason: [
                "You get this email because this is the address of an account at ",
                ".",
            ],
        },
        Letter::AddressChanged => &Words {
            subject: ["Your ", " email address was changed"],
            heading: "Your email address was changed",
            opening: [
                "Your ",
                " account now has a different email address. Emails about the account go there.",
            ],
            paragraphs: &["If it was you, you do not need to do anything."],
            button: "",
            note: "If it was not you, contact support now.",
            reason: [
                "You get this email because this was the address of an account at ",
                ".",
            ],
        },
        Letter::AccountDeleted => &Words {
            subject: ["Your ", " account was deleted"],
            heading: "Your account was deleted",
            opening: [
                "Your ",
                " account was deleted. Every device will be signed out within an hour at the latest. This \
                 cannot be undone.",
            ],
            paragraphs: &["If it was you, you do not need to do anything."],
            button: "",
            note: "If you did not expect this, contact support.",
            reason: [
                "You get this email because this was the address of an account at ",
                ".",
            ],
        },
        Letter::SessionEnded { .. } => &Words {
            subject: ["One of your ", " sessions was ended"],
            heading: "We ended one of your sessions",
            opening: [
                "A key that keeps you signed in at ",
                " was used a second time. Someone may have copied it, so we ended the session \
                 that it belongs to.",
            ],
            paragraphs: &[
                "To continue, sign in again.",
                "If you think that someone else used your account, reset your password. This ends all \
                 your sessions.",
            ],
            button: "Reset password",
            note: "",
            reason: [
                "You get this email because this is the address of an account at ",
                ".",
            ],
        },
    }
}
