//! Finds out which addresses belong to the same mailbox.

use crate::domain::account::EmailAddress;

/// The name of the mailbox to which an address belongs. It is used only to limit the mails to a
/// mailbox; mails are always sent to the address as it was given. The name is the canonical form of
/// the address without a sub-address (`+tag`). For Gmail the dots are removed too, and both of its
/// domains become `gmail.com`. Two accounts can have the same mailbox.
#[must_use]
pub fn mailbox(email: &EmailAddress) -> String {
    let canonical = email.canonical();
    let (local, domain) = canonical.split_once('@').unwrap_or((canonical, ""));
    let base = match local.split_once('+') {
        // If the local part begins with a plus sign, the text after the sign is not a tag.
        Some((base, _)) if !base.is_empty() => base,
        _ => local,
    };
    if matches!(domain, "gmail.com" | "googlemail.com") {
        return [&base.replace('.', ""), "@gmail.com"].concat();
    }
    [base, "@", domain].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_gmails_dots_do_not_change_the_mailbox() {
        let of = |text| mailbox(&EmailAddress::parse(text).unwrap());
        for (address, known) in [
            ("ada@example.com", "ada@example.com"),
            ("Ada+1@Example.com", "ada@example.com"),
            ("ada+a+b@example.com", "ada@example.com"),
            ("a.d.a@example.com", "a.d.a@example.com"),
            ("a.da+x@gmail.com", "ada@gmail.com"),
            ("A.D.A@googlemail.com", "ada@gmail.com"),
            ("+ada@example.com", "+ada@example.com"),
            ("ada+@example.com", "ada@example.com"),
            ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ] {
            assert_eq!(of(address), known);
        }
    }
}
