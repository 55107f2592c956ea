//! The mails in German.

use super::Letter;
use super::words::{Phrases, Words};

pub(super) const PHRASES: Phrases = Phrases {
    greeting: "Guten Tag,",
    expiry: ["Dieser Link funktioniert einmal und läuft in ", " ab."],
    units: [
        ["Minute", "Minuten"],
        ["Stunde", "Stunden"],
        ["Tag", "Tagen"],
    ],
    link_hint: "Falls die Schaltfläche nicht funktioniert, kopieren Sie diese Adresse in Ihren \
                Browser:",
    device: "Zuletzt benutzt mit",
    place: "Ungefährer Ort",
};

pub(super) fn words(letter: &Letter<'_>) -> &'static Words {
    match letter {
        Letter::ResetPassword { .. } => &Words {
            subject: ["Neues Passwort für ", ""],
            heading: "Neues Passwort wählen",
            opening: [
                "jemand hat ein neues Passwort für Ihr Konto bei ",
                " angefordert. Wenn Sie das waren, öffnen Sie diesen Link und wählen Sie eines.",
            ],
            paragraphs: &["Danach sind Sie auf allen Geräten abgemeldet."],
            button: "Neues Passwort wählen",
            note: "Wenn Sie das nicht waren, können Sie diese E-Mail ignorieren. Ihr Passwort bleibt \
                   unverändert.",
            reason: [
                "Sie erhalten diese E-Mail, weil jemand bei ",
                " ein neues Passwort für diese Adresse angefordert hat.",
            ],
        },
        Letter::Invitation { .. } => &Words {
            subject: ["Ihr Konto bei ", " ist bereit"],
            heading: "Ihr Konto ist bereit",
            opening: [
                "die Administration von ",
                " hat ein Konto für Sie angelegt. Um es zu nutzen, öffnen Sie diesen Link und \
                 wählen Sie ein Passwort.",
            ],
            paragraphs: &[],
            button: "Passwort wählen",
            note: "Wenn Sie das nicht erwartet haben, können Sie diese E-Mail ignorieren. Solange kein \
                   Passwort gewählt ist, kann sich niemand bei dem Konto anmelden.",
            reason: [
                "Sie erhalten diese E-Mail, weil bei ",
                " ein Konto mit dieser Adresse angelegt wurde.",
            ],
        },
        Letter::FinishRegistration { .. } => &Words {
            subject: ["Ihre Registrierung bei ", " abschließen"],
            heading: "Registrierung abschließen",
            opening: [
                "jemand möchte bei ",
                " ein Konto mit dieser E-Mail-Adresse anlegen. Wenn Sie das sind, öffnen Sie \
                 diesen Link und wählen Sie ein Passwort.",
            ],
            paragraphs: &[],
            button: "Registrierung abschließen",
            note: "Wenn Sie das nicht sind, können Sie diese E-Mail ignorieren. Ohne diesen Link \
                   entsteht kein Konto.",
            reason: [
                "Sie erhalten diese E-Mail, weil jemand diese Adresse zur Registrierung bei ",
                " angegeben hat.",
            ],
        },
        Letter::VerifyAddress { .. } => &Words {
            subject: ["E-Mail-Adresse für ", " bestätigen"],
            heading: "E-Mail-Adresse bestätigen",
            opening: [
                "bei ",
                " gibt es ein Konto mit dieser E-Mail-Adresse. Wenn es Ihr Konto ist, öffnen Sie \
                 diesen Link, um die Adresse zu bestätigen.",
            ],
            paragraphs: &["Die Seite fragt nach Ihrem Passwort."],
            button: "Adresse bestätigen",
            note: "Wenn es nicht Ihr Konto ist, können Sie diese E-Mail ignorieren. Die Adresse bleibt \
                   unbestätigt.",
            reason: [
                "Sie erhalten diese E-Mail, weil jemand bei ",
                " diese Adresse bestätigen möchte.",
            ],
        },
        Letter::AddressTaken { .. } => &Words {
            subject: ["Sie haben bereits ein Konto bei ", ""],
            heading: "Sie haben bereits ein Konto",
            opening: [
                "jemand wollte diese E-Mail-Adresse bei ",
                " verwenden, aber es gibt schon ein Konto mit dieser Adresse. Es wurde nichts geändert.",
            ],
            paragraphs: &[
                "Wenn Sie das waren, melden Sie sich mit Ihrem Passwort an. Falls Sie es vergessen \
                 haben, wählen Sie hier ein neues.",
            ],
            button: "Neues Passwort wählen",
            note: "Wenn Sie das nicht waren, können Sie diese E-Mail ignorieren. Ihr Passwort bleibt \
                   unverändert.",
            reason: [
                "Sie erhalten diese E-Mail, weil jemand diese Adresse bei ",
                " angegeben hat.",
            ],
        },
        Letter::PasswordChanged { .. } => &Words {
            subject: ["Ihr Passwort bei ", " wurde geändert"],
            heading: "Ihr Passwort wurde geändert",
            opening: [
                "das Passwort Ihres Kontos bei ",
                " wurde geändert. Alle anderen Geräte werden spätestens nach einer Stunde abgemeldet.",
            ],
            paragraphs: &[
                "Wenn Sie das waren, brauchen Sie nichts zu tun.",
                "Wenn Sie das nicht waren, setzen Sie Ihr Passwort jetzt zurück.",
            ],
            button: "Passwort zurücksetzen",
            note: "",
            reason: [
                "Sie erhalten diese E-Mail, weil dies die Adresse eines Kontos bei ",
                " ist.",
            ],
        },
        Letter::ConfirmAddress { .. } => &Words {
            subject: ["Neue E-Mail-Adresse für ", " bestätigen"],
            heading: "Neue E-Mail-Adresse bestätigen",
            opening: [
                "jemand möchte diese E-Mail-Adresse für ein Konto bei ",
                " verwenden. Wenn Sie das sind, öffnen Sie diesen Link, um sie zu bestätigen.",
            ],
            paragraphs: &["Bis dahin behält das Konto seine bisherige Adresse."],
            button: "Adresse bestätigen",
            note: "Wenn Sie das nicht sind, können Sie diese E-Mail ignorieren. Es ändert sich nichts.",
            reason: [
                "Sie erhalten diese E-Mail, weil jemand bei ",
                " diese Adresse als neue Adresse angegeben hat.",
            ],
        },
        Letter::AddressChangeAsked { .. } => &Words {
            subject: ["Neue E-Mail-Adresse für Ihr Konto bei ", ""],
            heading: "Neue E-Mail-Adresse angefordert",
            opening: [
                "jemand möchte für Ihr Konto bei ",
                " eine andere E-Mail-Adresse verwenden. Noch hat sich nichts geändert: Die neue \
                 Adresse muss erst bestätigt werden.",
            ],
            paragraphs: &[
                "Wenn Sie das sind, öffnen Sie den Link in der E-Mail an die neue Adresse.",
                "Wenn Sie das nicht sind, kennt jemand Ihr Passwort. Setzen Sie es jetzt zurück: \
                 Das verhindert auch die Änderung der Adresse.",
            ],
            button: "Passwort zurücksetzen",
            note: "",
            reason: [
                "Sie erhalten diese E-Mail, weil dies die Adresse eines Kontos bei ",
                " ist.",
            ],
        },
        Letter::AddressChanged => &Words {
            subject: ["Ihre E-Mail-Adresse bei ", " wurde geändert"],
            heading: "Ihre E-Mail-Adresse wurde geändert",
            opening: [
                "Ihr Konto bei ",
                " hat jetzt eine andere E-Mail-Adresse. Nachrichten zu dem Konto gehen dorthin.",
            ],
            paragraphs: &["Wenn Sie das waren, brauchen Sie nichts zu tun."],
            button: "",
            note: "Wenn Sie das nicht waren, wenden Sie sich jetzt an den Support.",
            reason: [
                "Sie erhalten diese E-Mail, weil dies die Adresse eines Kontos bei ",
                " war.",
            ],
        },
        Letter::AccountDeleted => &Words {
            subject: ["Ihr Konto bei ", " wurde gelöscht"],
            heading: "Ihr Konto wurde gelöscht",
            opening: [
                "Ihr Konto bei ",
                " wurde gelöscht. Alle Geräte werden spätestens nach einer Stunde abgemeldet. Das lässt \
                 sich nicht rückgängig machen.",
            ],
            paragraphs: &["Wenn Sie das waren, brauchen Sie nichts zu tun."],
            button: "",
            note: "Wenn Sie das nicht erwartet haben, wenden Sie sich an den Support.",
            reason: [
                "Sie erhalten diese E-Mail, weil dies die Adresse eines Kontos bei ",
                " war.",
            ],
        },
        Letter::SessionEnded { .. } => &Words {
            subject: ["Eine Ihrer Sitzungen bei ", " wurde beendet"],
            heading: "Eine Ihrer Sitzungen wurde beendet",
            opening: [
                "ein Schlüssel, der Sie bei ",
                " angemeldet hält, wurde ein zweites Mal benutzt. Möglicherweise hat ihn jemand \
                 kopiert. Deshalb haben wir die Sitzung beendet, zu der er gehört.",
            ],
            paragraphs: &[
                "Um fortzufahren, melden Sie sich neu an.",
                "Wenn Sie glauben, dass jemand anderes Ihr Konto benutzt hat, setzen Sie Ihr \
                 Passwort zurück. Das beendet alle Ihre Sitzungen.",
            ],
            button: "Passwort zurücksetzen",
            note: "",
            reason: [
                "Sie erhalten diese E-Mail, weil dies die Adresse eines Kontos bei ",
                " ist.",
            ],
        },
    }
}
